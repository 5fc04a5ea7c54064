"""What the movement that is being typed would cost."""

from crm.forms.wallet import ConvertForm, MovementForm, TransferForm
from crm.models.ledger import PaymentKind, TechnicalCode
from crm.services.movements import Movement
from crm.services.quotes import Quote, quote, quote_first
from crm.web.wallet_order import Order, row_id

_KINDS = {
    "deposit": PaymentKind.DEPOSIT,
    "withdraw": PaymentKind.WITHDRAWAL,
    "spend": PaymentKind.SPEND,
    "transfer": PaymentKind.TRANSFER,
    "convert": PaymentKind.CONVERSION,
}


def quoted(form: MovementForm, order: Order) -> Quote | None:
    """What it would cost, None where it costs nothing ever or is not all chosen yet. Raises what it would raise."""
    kind = _KINDS.get(form.action)
    if kind is None:
        return None
    amount, source = abs(order.amount), form.source.data if "source" in form else None
    if order.wallet is None:
        return quote_first(amount, order.currency, source or "")
    wallet = order.wallet.id
    if isinstance(form, TransferForm | ConvertForm):
        payee = row_id(form.to_account.data or "")
        return None if payee is None else quote(Movement(kind, amount, wallet, payee))
    if kind == PaymentKind.DEPOSIT:
        return quote(Movement(kind, amount, None, wallet, source))
    return quote(Movement(kind, amount, wallet, None, TechnicalCode.SALES if kind == PaymentKind.SPEND else source))
