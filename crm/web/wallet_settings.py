"""A wallet itself: opened, named, frozen, closed, and how far it may be overdrawn."""

from flask import Response, current_app, request

from crm.errors import Invalid, NotFound
from crm.forms.wallet import SettingsForm, WalletForm
from crm.i18n import gettext as _
from crm.models import Customer, Permission
from crm.money import to_text
from crm.services import accounts, currencies, customers
from crm.services.accounts import Wallet
from crm.services.amounts import typed_limit
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach
from crm.web.wallet_answers import changed
from crm.web.wallet_order import row_id


@requires(Permission.WRITE)
def wallet_open(pk: int) -> Response:
    """One more wallet; the same form sent twice opens one."""
    customer, form = customers.get(pk), WalletForm()
    form.currency.choices = currencies.codes()
    if request.method == "GET":
        return _blank(customer, form)
    asked = form.currency.data or "", form.name.data or "", row_id(form.after.data or "")
    try:
        account_id = accounts.open_wallet(actor(), pk, *asked)
    except Invalid as error:
        attach(form, error)
        return _open_form(customer, form, accounts.of_customer(pk), 422)
    return changed(customer, account_id, _("The wallet was opened."), "open")


@requires(Permission.WRITE)
def wallet_settings(pk: int, account_id: int) -> Response:
    """What the wallet is called, and how it stands; sent, it has another name."""
    customer, wallet = customers.get(pk), _wallet(pk, account_id)
    form = _settings(wallet)
    if request.method == "GET":
        return _settings_form(customer, wallet, form)
    try:
        accounts.rename(actor(), account_id, _given(form, "name"))
    except Invalid as error:
        return _refused(customer, wallet, form, error)
    return changed(customer, account_id, _("The name was saved."), "settings")


@requires(Permission.ADMIN)
def wallet_status(pk: int, account_id: int) -> Response:
    """Freeze the wallet, close it, or put it in use again."""
    customer, wallet = customers.get(pk), _wallet(pk, account_id)
    form = _settings(wallet)
    try:
        wanted = _given(form, "status")
        accounts.set_status(actor(), account_id, wanted)
    except Invalid as error:
        return _refused(customer, wallet, form, error)
    said = {"frozen": _("The wallet is frozen now."), "closed": _("The wallet is closed now.")}
    return changed(customer, account_id, said.get(wanted) or _("The wallet is in use again."), "settings")


@requires(Permission.ADMIN)
def wallet_overdraft(pk: int, account_id: int) -> Response:
    """How far the balance may go below zero."""
    customer, wallet = customers.get(pk), _wallet(pk, account_id)
    form = _settings(wallet)
    try:
        accounts.set_overdraft(actor(), account_id, _limit(form, wallet.currency))
    except Invalid as error:
        return _refused(customer, wallet, form, error)
    return changed(customer, account_id, _("The overdraft limit was saved."), "settings")


def _wallet(pk: int, account_id: int) -> Wallet:
    try:
        return accounts.wallet(pk, account_id)
    except Invalid as error:
        raise NotFound(error.message) from error


def _settings(wallet: Wallet) -> SettingsForm:
    """The form as it was sent; what was not sent is as it is stored."""
    stored = {"name": wallet.name, "overdraft_limit": to_text(wallet.overdraft_limit, wallet.currency)}
    return SettingsForm(data=stored | {"status": wallet.status})


def _given(form: SettingsForm, name: str) -> str:
    if not form[name].raw_data:
        raise Invalid({"": [_("This form is incomplete. Reload the page and try again.")]})
    return form[name].data or ""


def _limit(form: SettingsForm, currency: str) -> int:
    try:
        return typed_limit(_given(form, "overdraft_limit"), currency)
    except ValueError as error:
        raise Invalid({"overdraft_limit": [str(error)]}) from error


def _refused(customer: Customer, wallet: Wallet, form: SettingsForm, error: Invalid) -> Response:
    attach(form, error)
    return _settings_form(customer, wallet, form, 422)


def _settings_form(customer: Customer, wallet: Wallet, form: SettingsForm, status: int = 200) -> Response:
    context = {"customer": customer, "wallet": wallet, "form": form}
    return answer("wallet/settings.html", "wallet/_settings.html", status, **context)


def _blank(customer: Customer, form: WalletForm) -> Response:
    """The blank form, in the currency of the wallet that is looked at: one more beside it is what is wanted most."""
    wallets, looked_at = accounts.of_customer(customer.id), row_id(request.args.get("account", ""))
    own = current_app.config["CRM_DEFAULT_CURRENCY"]
    form.currency.data = next((wallet.currency for wallet in wallets if wallet.id == looked_at), own)
    return _open_form(customer, form, wallets)


def _open_form(customer: Customer, form: WalletForm, wallets: list[Wallet], status: int = 200) -> Response:
    form.after.data = str(max((wallet.id for wallet in wallets), default=0))
    return answer("wallet/open.html", "wallet/_open_form.html", status, customer=customer, form=form)
