"""What a form about money is answered with: itself, itself with what is wrong, or the wallets as they are now."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, make_response, render_template, request

from crm.errors import DomainError, Invalid
from crm.forms.wallet import ConvertForm, MovementForm
from crm.i18n import gettext as _
from crm.models import Customer
from crm.services import quotes
from crm.web.htmx import answer, attach, go, is_partial, notify
from crm.web.wallet_order import Moved, Order, renew_key, reserved_until
from crm.web.wallet_panel import Panel, panel_of
from crm.web.wallet_payees import payee_name, payees_of
from crm.web.wallet_quotes import quoted
from crm.web.wallet_words import available_after, balance_after, cost, missing, reserved, sentence


@dataclass(frozen=True)
class Preview:
    """What a movement will do: the sentence, what it costs, and the balance after; `missing` is what stands in its way,
    `problem` why it is none yet.
    """

    sentence: str = ""
    cost: str = ""
    balance: str = ""
    missing: str = ""
    problem: str = ""


def asked(customer: Customer, form: MovementForm) -> Response:
    """The blank form; the wallet may be chosen in the address already."""
    given = request.args.get("account", "")
    if given in [choice.value for choice in form.account.choices]:
        form.account.data = given
    if isinstance(form, ConvertForm):
        form.suggest()
    form.amount.render_kw = form.amount.render_kw | {
        "autofocus": True
    }  # a refused form has the focus where it is wrong
    return _form(customer, form)


def refused(customer: Customer, form: MovementForm, error: DomainError) -> Response:
    """The form as it was sent, with what is wrong beside the fields, and with a new key: the old one may be used."""
    attach(form, error)
    return _form(customer, form, error.status)


def done(customer: Customer, form: MovementForm, order: Order, moved: Moved) -> Response:
    """The wallets after the movement, and the movement in words."""
    panel, until = panel_of(customer, {"account": str(moved.account_id)}), reserved_until(form)
    what = sentence(form, customer.name, order, payee_name(form, order.currency))
    said = [reserved(until, what) if until else what, cost(quotes.of_payment(moved.receipt.payment_id))]
    if panel.chosen:
        said.append(_left(until, panel.chosen.balance, panel.chosen.available, order.currency))
    told = " · ".join(filter(None, said))
    return _shown(
        panel, _("This was done already: %(what)s", what=told) if moved.receipt.replayed else told, form.action
    )


def changed(customer: Customer, account_id: int, message: str, action: str) -> Response:
    """The wallets with the one that was opened or changed, which is the chosen one."""
    return _shown(panel_of(customer, {"account": str(account_id)}), message, action)


def foreseen(form: MovementForm, customer: str, order: Order) -> Preview:
    """What carrying out the order will do, by the prices in force."""
    until, said = reserved_until(form), sentence(form, customer, order, payee_name(form, order.currency))
    said = reserved(until, said) if until else said
    try:
        quote = quoted(form, order)
    except Invalid as error:
        return Preview(said, missing=error.message)
    comes = quote.arrives if quote and order.amount > 0 else order.amount
    before = (order.wallet.balance, order.wallet.available) if order.wallet else (0, 0)
    after = _left(until, before[0] + comes, before[1] + comes, order.currency)
    return Preview(said, cost(quote) if quote else "", after, missing(order))


def _left(until: datetime | None, balance: int, available: int, currency: str) -> str:
    """What is left; a reservation leaves the balance as it is."""
    return available_after(available, currency) if until else balance_after(balance, currency)


def _form(customer: Customer, form: MovementForm, status: int = 200) -> Response:
    renew_key(form)
    context = {"customer": customer, "form": form, "payees": payees_of(customer.id, form), "preview": Preview()}
    return answer("wallet/movement.html", "wallet/_movement_form.html", status, **context)


def _shown(panel: Panel, message: str, action: str) -> Response:
    if not is_partial():
        notify(message)
        return go(panel.url())
    response = make_response(render_template("wallet/_wallet.html", panel=panel, done=action))
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = f"#wallet-{panel.customer.id}", "outerHTML"
    response.headers["HX-Replace-Url"] = panel.url()
    notify(message, response=response)
    return response
