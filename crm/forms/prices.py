"""What is asked for when a commission rule or an exchange rate is added."""

from collections.abc import Sequence

from wtforms import BooleanField, FileField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from crm.forms.form import Form
from crm.forms.wallet import SOURCE_NAMES
from crm.i18n import lazy_gettext as _l
from crm.models.ledger import PaymentKind

PAYMENT_NAMES = {
    PaymentKind.DEPOSIT: _l("Deposits"),
    PaymentKind.WITHDRAWAL: _l("Withdrawals"),
    PaymentKind.SPEND: _l("Purchases"),
    PaymentKind.TRANSFER: _l("Transfers between customers"),
}
_NUMBER = {"autocomplete": "off", "inputmode": "decimal", "maxlength": 60}
_SINCE = {"type": "datetime-local"}


class CommissionRuleForm(Form):
    """Which payments, what is taken, and from when on."""

    payment_kind = SelectField(
        _l("Payments"), choices=[SelectChoice(kind.value, name) for kind, name in PAYMENT_NAMES.items()],
        validate_choice=False,
    )  # fmt: skip
    currency = SelectField(_l("Currency"), validate_choice=False)
    source = SelectField(
        _l("By what way"),
        choices=[SelectChoice("", _l("Any")), *(SelectChoice(code.value, name) for code, name in SOURCE_NAMES.items())],
        validate_choice=False,
        description=_l("Of deposits and withdrawals alone."),
    )
    percent = StringField(_l("Percent"), render_kw=_NUMBER)
    fixed = StringField(_l("Fixed part"), render_kw=_NUMBER)
    min = StringField(_l("At least"), render_kw=_NUMBER)
    max = StringField(_l("At most"), render_kw=_NUMBER)
    valid_from = StringField(_l("Valid from"), render_kw=_SINCE, description=_l("Blank: from now on."))

    def offer(self, currencies: Sequence[str]) -> None:
        """Let the currencies in use be chosen among, or all of them."""
        self.currency.choices = [SelectChoice("", _l("Any")), *(SelectChoice(code, code) for code in currencies)]


class RateForm(Form):
    """A pair, its rate, and from when on."""

    from_currency = SelectField(_l("Currency that is paid"), validate_choice=False)
    to_currency = SelectField(_l("Currency that is got"), validate_choice=False)
    rate = StringField(
        _l("Rate"), render_kw=_NUMBER, description=_l("How much of the second one unit of the first buys.")
    )
    spread = StringField(
        _l("Spread in percent"), render_kw=_NUMBER, description=_l("Of what is paid, kept as commission.")
    )
    valid_from = StringField(_l("Valid from"), render_kw=_SINCE, description=_l("Blank: from now on."))
    inverse = BooleanField(_l("Add the rate the other way, too"))

    def offer(self, currencies: Sequence[str], own: str) -> None:
        """Let the currencies in use be chosen among; the product's own is what is got, unless something was sent."""
        if not self.to_currency.raw_data:
            self.to_currency.data = own
            self.from_currency.data = next((code for code in currencies if code != own), own)
        self.from_currency.choices = self.to_currency.choices = [SelectChoice(code, code) for code in currencies]


class RateFileForm(Form):
    """A file of rates."""

    file = FileField(_l("File"), render_kw={"accept": ".csv,.tsv,.txt,.xlsx"})
