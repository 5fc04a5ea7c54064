"""What a customer types who sends money, or whom staff invite."""

from collections.abc import Sequence

from wtforms import HiddenField, SelectField, StringField

from crm.forms.form import Form
from crm.i18n import lazy_gettext as _l
from crm.services.accounts import Wallet


class SendForm(Form):
    """A transfer to another customer; `to_account` is the wallet that was shown before it was agreed to."""

    account = SelectField(_l("From the wallet"), validate_choice=False)
    payee = StringField(
        _l("To whom"),
        render_kw={"autocomplete": "off", "maxlength": 300, "required": True},
        description=_l("The e-mail or the phone of who gets the money."),
    )
    amount = StringField(
        _l("Amount"), render_kw={"autocomplete": "off", "inputmode": "decimal", "maxlength": 60, "required": True}
    )
    description = StringField(_l("Description"), render_kw={"autocomplete": "off", "maxlength": 500})
    to_account = HiddenField()
    idempotency_key = HiddenField()
    wallets: Sequence[Wallet] = ()  # of the customer, open


class InviteForm(Form):
    """Which of the customer's e-mails they are to sign in with."""

    email = SelectField(_l("E-mail"), validate_choice=False)
