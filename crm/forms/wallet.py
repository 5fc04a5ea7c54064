"""What is asked for when a customer's money is moved, a wallet is opened, or a statement is wanted."""

from collections.abc import Sequence

from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from crm.forms.form import Form
from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.i18n import ngettext
from crm.models.ledger import TechnicalCode
from crm.services.accounts import Wallet

SOURCE_NAMES = {
    TechnicalCode.BANK_TRANSFER: _l("Bank transfer"),
    TechnicalCode.CASH: _l("Cash"),
    TechnicalCode.CARD: _l("Card"),
    TechnicalCode.E_WALLET: _l("E-wallet"),
    TechnicalCode.CRYPTO: _l("Cryptocurrency"),
}
_SOURCES = [SelectChoice(code.value, name) for code, name in SOURCE_NAMES.items()]
_TEXT = {"autocomplete": "off", "maxlength": 500}
RESERVED_DAYS = (1, 3, 7, 14, 30, 60)


class MovementForm(Form):
    """What every movement of money asks for: the wallet, or the currency of one, and how much."""

    action = ""  # as in addresses and endpoints
    icon = ""
    title = ""
    opens = False  # a wallet, where the customer has none in the currency

    account = SelectField(_l("Wallet"), validate_choice=False)
    currency = SelectField(_l("Currency"), validate_choice=False)
    amount = StringField(_l("Amount"), render_kw={"autocomplete": "off", "inputmode": "decimal", "maxlength": 60})
    description = StringField(_l("Description"), render_kw=_TEXT)
    idempotency_key = HiddenField()
    wallets: Sequence[Wallet] = ()

    def offer(self, wallets: list[Wallet], labels: list[str], currencies: list[str]) -> None:
        """Let the customer's wallets that are open be chosen among, and the currencies in use."""
        self.wallets = wallets
        labelled = zip(wallets, labels, strict=True)
        self.account.choices = [SelectChoice(str(one.id), text) for one, text in labelled if one.status == "open"]
        self.currency.choices = [SelectChoice(code, code) for code in currencies]


class DepositForm(MovementForm):
    """Money that comes in, and by what way."""

    action, icon, title, opens = "deposit", "arrow-down-left", _l("Deposit"), True
    source = SelectField(_l("How it comes"), choices=_SOURCES, default="bank_transfer", validate_choice=False)


def _reserve_for(days: int) -> str:
    return ngettext("Reserve for %(num)s day", "Reserve for %(num)s days", days)


class OutgoingForm(MovementForm):
    """Money that leaves the wallet at once, or is reserved first: `reserve` is for how many days, blank for not."""

    reserve = SelectField(_l("When"), validate_choice=False)

    def offer(self, wallets: list[Wallet], labels: list[str], currencies: list[str]) -> None:
        """And how long it may be reserved."""
        super().offer(wallets, labels, currencies)
        later = [SelectChoice(str(days), _reserve_for(days)) for days in RESERVED_DAYS]
        self.reserve.choices = [SelectChoice("", _("At once")), *later]


class WithdrawForm(OutgoingForm):
    """Money that is paid out, and by what way."""

    action, icon, title = "withdraw", "arrow-up-right", _l("Withdraw")
    source = SelectField(_l("How it goes"), choices=_SOURCES, default="bank_transfer", validate_choice=False)


class SpendForm(OutgoingForm):
    """Money for what the customer buys."""

    action, icon, title = "spend", "shopping-cart", _l("Spend")
    description = StringField(_l("What for"), render_kw=_TEXT)


class AdjustForm(MovementForm):
    """A mistake that is mended. An amount with a minus is taken, whatever the direction."""

    action, icon, title, opens = "adjust", "sliders-horizontal", _l("Adjust"), True
    direction = SelectField(
        _l("Direction"),
        choices=[SelectChoice("add", _l("Add to the wallet")), SelectChoice("take", _l("Take from the wallet"))],
        default="add",
        validate_choice=False,
    )
    description = StringField(_l("Reason"), render_kw=_TEXT, description=_l("It is kept together with your name."))


class TransferForm(OutgoingForm):
    """Money for another wallet: `to_account` is its number, `payee` what its owner is looked for by."""

    action, icon, title = "transfer", "arrow-left-right", _l("Transfer")
    to_account = StringField(_l("Number of the wallet"), render_kw={"autocomplete": "off", "inputmode": "numeric"})
    payee = StringField(_l("To whom"), render_kw={"autocomplete": "off", "maxlength": 200, "type": "search"})


class ConvertForm(MovementForm):
    """Money for another wallet of the same customer, in another currency."""

    action, icon, title = "convert", "repeat", _l("Convert")
    account = SelectField(_l("From the wallet"), validate_choice=False)
    to_account = SelectField(_l("To the wallet"), validate_choice=False)

    def offer(self, wallets: list[Wallet], labels: list[str], currencies: list[str]) -> None:
        """The same wallets may get the money; those in the currency that is paid are refused by the service."""
        super().offer(wallets, labels, currencies)
        self.to_account.choices = list(self.account.choices)

    @property
    def payers(self) -> list[Wallet]:
        """The wallets that money can be taken from."""
        return [wallet for wallet in self.wallets if wallet.status == "open"]

    @property
    def possible(self) -> bool:
        """Whether there are wallets in two currencies."""
        return len({wallet.currency for wallet in self.payers}) > 1

    def suggest(self) -> None:
        """Choose the first wallet in another currency than that of the one that pays."""
        payer = next((one for one in self.payers if str(one.id) == self.account.data), next(iter(self.payers), None))
        others = (str(one.id) for one in self.payers if payer and one.currency != payer.currency)
        self.to_account.data = next(others, None)


class WalletForm(Form):
    """A new wallet."""

    currency = SelectField(_l("Currency"), validate_choice=False)
    name = StringField(
        _l("Name"),
        render_kw={"autocomplete": "off", "maxlength": 100},
        description=_l("It tells wallets in one currency apart; it may be blank."),
    )
    after = HiddenField()  # the newest wallet that there was when the form was shown


class SettingsForm(Form):
    """What may be changed of a wallet, each by a form of its own."""

    name = StringField(_l("Name"), render_kw={"autocomplete": "off", "maxlength": 100})
    overdraft_limit = StringField(
        _l("Overdraft limit"),
        render_kw={"autocomplete": "off", "inputmode": "decimal", "maxlength": 60},
        description=_l("How far the balance may go below zero; 0 for not at all."),
    )
    status = StringField(_l("Status"))


class StatementForm(Form):
    """Which wallet, and which days."""

    account = SelectField(_l("Wallet"), validate_choice=False)
    first = StringField(_l("From"), render_kw={"type": "date"})
    last = StringField(_l("To"), render_kw={"type": "date"})


FORMS = {form.action: form for form in (DepositForm, WithdrawForm, SpendForm, AdjustForm, TransferForm, ConvertForm)}
