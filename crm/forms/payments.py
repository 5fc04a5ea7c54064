"""What is asked for on the list of payments, and when one is reversed."""

from wtforms import HiddenField, SelectField, StringField

from crm.forms.form import Form
from crm.i18n import lazy_gettext as _l

_TYPED = {"autocomplete": "off", "maxlength": 200}
_AMOUNT = {"autocomplete": "off", "inputmode": "decimal", "maxlength": 60}


class PaymentFilter(Form):
    """Which payments; what is left blank does not matter."""

    q = StringField(_l("Description"), render_kw=_TYPED | {"type": "search"})
    status = SelectField(_l("Status"), validate_choice=False)
    kind = SelectField(_l("Type"), validate_choice=False)
    source = SelectField(_l("By what way"), validate_choice=False)
    customer = StringField(_l("Customer"), render_kw=_TYPED, description=_l("A name, a phone, or the number."))
    account = StringField(_l("Number of the account"), render_kw=_TYPED | {"inputmode": "numeric"})
    currency = SelectField(_l("Currency"), validate_choice=False)
    amount_from = StringField(_l("Amount from"), render_kw=_AMOUNT)
    amount_to = StringField(_l("Amount to"), render_kw=_AMOUNT)
    created_from = StringField(_l("From"), render_kw={"type": "date"})
    created_to = StringField(_l("To"), render_kw={"type": "date"})
    who = SelectField(_l("Who"), validate_choice=False)
    batch = HiddenField()


class CaptureForm(Form):
    """How much of what is held is moved."""

    amount = StringField(_l("Amount"), render_kw=_AMOUNT)


class ReleaseForm(Form):
    """Why what is held is let go."""

    description = StringField(_l("Reason"), render_kw=_TYPED | {"maxlength": 500})


class ReverseForm(Form):
    """How much of a payment is given back, and why."""

    amount = StringField(_l("Amount"), render_kw=_AMOUNT)
    description = StringField(_l("Reason"), render_kw=_TYPED | {"maxlength": 500})
    idempotency_key = HiddenField()
