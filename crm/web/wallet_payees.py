"""Whom a transfer may go to: wallets in the currency that is paid, found by their owners."""

from flask import Response, make_response, render_template, request

from crm.errors import Invalid
from crm.forms.wallet import ConvertForm, MovementForm, TransferForm
from crm.i18n import gettext as _
from crm.models import Permission
from crm.services import accounts, customers, search
from crm.services.accounts import OwnedWallet
from crm.text import squeeze
from crm.web.guards import requires
from crm.web.wallet_order import offered, payer_of, row_id

LIMIT = 8  # customers that are looked at


@requires(Permission.WRITE)
def wallet_payees(pk: int) -> Response:
    """The wallets to choose among, while the owner's name or phone is typed."""
    customer, form = customers.get(pk), TransferForm(request.args, meta={"csrf": False})
    payees = payees_of(pk, offered(pk, form))
    return make_response(render_template("wallet/_payees.html", customer=customer, form=form, payees=payees))


def payee_of(form: TransferForm | ConvertForm) -> int:
    """The id of the wallet that was chosen; whether there is such a wallet the service says."""
    given = (form.to_account.data or "").strip()
    if not given:
        raise Invalid({"to_account": [_("Choose the wallet that gets the money.")]})
    pk = row_id(given)
    if pk is None:
        raise Invalid({"to_account": [_("There is no such wallet.")]})
    return pk


def payees_of(customer_id: int, form: MovementForm) -> list[OwnedWallet]:
    """What the form offers: wallets of whom is looked for (or the customer's other ones), and the chosen one."""
    payer = payer_of(form)
    if payer is None or not isinstance(form, TransferForm):
        return []
    query, chosen = squeeze(form.payee.data or ""), row_id(form.to_account.data or "")
    criteria = search.Criteria(q=query[: search.QUERY_LIMIT])
    owners = [hit.id for hit in search.find(criteria, LIMIT, tags=False).items] if query else [customer_id]
    found = accounts.with_owners(payer.currency, owners, [chosen] if chosen else [])
    return [wallet for wallet in found if wallet.id != payer.id]


def payee_name(form: MovementForm, currency: str) -> str:
    """Whose the chosen wallet is, '' for none."""
    chosen = row_id(form.to_account.data or "") if isinstance(form, TransferForm) else None
    found = accounts.with_owners(currency, account_ids=[chosen]) if chosen else []
    return found[0].owner if found else ""
