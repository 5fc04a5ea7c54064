"""A customer's transfer on its way from what is typed to what is agreed to."""

import uuid
from dataclasses import dataclass

from flask import Response, request, url_for
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from crm.errors import DomainError, Invalid
from crm.forms.portal import SendForm
from crm.i18n import gettext as _
from crm.services import accounts, portal, quotes
from crm.services.accounts import Wallet
from crm.services.amounts import typed_amount
from crm.services.movements import KEY_LIMIT
from crm.services.portal import Payee
from crm.services.quotes import Quote
from crm.web.htmx import answer, attach, go, notify
from crm.web.money_text import money, signed_money
from crm.web.wallet_order import Order, label, row_id
from crm.web.wallet_words import balance_after, cost, missing


@dataclass(frozen=True)
class Wish:
    """A transfer that could be made: from which wallet, to whom, how much of what, and what that costs."""

    wallet: Wallet
    payee: Payee
    amount: int
    quote: Quote

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What it will do, in words: a name and a value for each thing."""
        currency = self.wallet.currency
        return [
            (_("Who gets it"), self.payee.name),
            (_("You pay"), money(self.amount, currency)),
            (_("Commission in it"), money(self.quote.commission, currency)),
            (_("Arrives"), money(self.quote.arrives, currency)),
            (_("Your balance after"), money(self.wallet.balance - self.amount, currency)),
        ]


@dataclass(frozen=True)
class Foreseen:
    """What is said while the amount is typed: `problem` where it is none, `missing` where it is more than there is."""

    cost: str = ""
    missing: str = ""
    problem: str = ""

    @classmethod
    def of(cls, form: SendForm) -> "Foreseen":
        """What the form as it is now would cost."""
        if not (form.amount.data or "").strip():
            return cls()
        try:
            wallet = _wallet(form)
            amount = _amount(form, wallet)
            quote = quotes.quote_transfer(amount, wallet.currency)
        except Invalid as error:
            return cls(problem=error.message)
        lacking = missing(Order(-amount, wallet.currency, wallet))
        said = [signed_money(-amount, wallet.currency), cost(quote)]
        if not lacking:
            said.append(balance_after(wallet.balance - amount, wallet.currency))
        return cls(" · ".join(filter(None, said)), lacking)


def offered(customer_id: int, form: SendForm) -> SendForm:
    """The form with the customer's open wallets."""
    form.wallets = [one for one in accounts.of_customer(customer_id) if one.status == "open"]
    form.account.choices = [SelectChoice(str(one.id), label(one)) for one in form.wallets]
    return form


def asked(form: SendForm, typed: bool = False) -> Response:
    """The form: blank, with the wallet of the address chosen, or as it was typed before."""
    if not typed:
        form.account.data = request.args.get("account") or form.account.data
        form.payee.render_kw = (form.payee.render_kw or {}) | {"autofocus": True}
    return answer("portal/transfer.html", "portal/_transfer_form.html", form=form, preview=Foreseen.of(form))


def checked(customer_id: int, form: SendForm) -> Wish:
    """What the form asks for, if it could be done now; `Invalid` by field."""
    wallet = _wallet(form)
    contact = (form.payee.data or "").strip()
    if not contact:
        raise Invalid({"payee": [_("Say who gets the money.")]})
    amount = _amount(form, wallet)
    quote = quotes.quote_transfer(amount, wallet.currency)
    # What was agreed to is the service's to refuse: sent twice, the money for it is gone, and all is well.
    if not form.to_account.data and (lacking := missing(Order(-amount, wallet.currency, wallet))):
        raise Invalid({"amount": [lacking]})
    return Wish(wallet, portal.find_payee(customer_id, wallet.currency, contact), amount, quote)


def agreed(form: SendForm, wish: Wish) -> bool:
    """Whether just this was shown before: the same wallet gets it, under a key of its own."""
    key = form.idempotency_key.data or ""
    if not form.to_account.data or not key:
        return False
    if row_id(form.to_account.data) != wish.payee.account_id:
        raise Invalid({"payee": [_("Who gets the money has changed meanwhile. Check it once more.")]})
    if len(key) > KEY_LIMIT or not key.isprintable():
        raise Invalid({"": [_("This form is incomplete. Reload the page and try again.")]})
    return True


def foreseen(form: SendForm, wish: Wish) -> Response:
    """The transfer to be agreed to, with a key: sent twice, it is made once."""
    form.to_account.data, form.idempotency_key.data = str(wish.payee.account_id), str(uuid.uuid4())
    return answer("portal/check.html", "portal/_check_form.html", form=form, wish=wish)


def sent(form: SendForm, wish: Wish) -> Response:
    """Make the transfer, and say so where the money was."""
    receipt = portal.transfer(
        current_user, request.remote_addr or "", wish.wallet.id, wish.payee, wish.amount,
        form.description.data or "", form.idempotency_key.data or "",
    )  # fmt: skip
    said = _("%(amount)s sent to %(name)s", amount=money(wish.amount, wish.wallet.currency), name=wish.payee.name)
    notify(_("This was done already: %(what)s", what=said) if receipt.replayed else said)
    return go(url_for("portal.index", account=wish.wallet.id))


def refused(form: SendForm, error: DomainError) -> Response:
    """The form as it was typed, with what is wrong; what is agreed to next is a transfer of its own."""
    if isinstance(error, Invalid) and "to_account" in error.fields:
        error.fields["payee"] = error.fields.pop("to_account")
    attach(form, error)
    form.to_account.data = form.idempotency_key.data = ""
    context = {"form": form, "preview": Foreseen()}
    return answer("portal/transfer.html", "portal/_transfer_form.html", error.status, **context)


def _wallet(form: SendForm) -> Wallet:
    wanted = row_id(form.account.data or "")
    found = next((one for one in form.wallets if one.id == wanted), None)
    if found is None:
        raise Invalid({"account": [_("There is no such wallet.")]})
    return found


def _amount(form: SendForm, wallet: Wallet) -> int:
    try:
        return typed_amount(form.amount.data or "", wallet.currency)
    except ValueError as error:
        raise Invalid({"amount": [str(error)]}) from error
