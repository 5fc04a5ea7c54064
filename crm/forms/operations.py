"""What is asked for on the list of operations."""

from wtforms import SelectField, StringField

from crm.forms.form import Form
from crm.i18n import lazy_gettext as _l

_TYPED = {"autocomplete": "off", "maxlength": 200}


class OperationFilter(Form):
    """Which operations; what is left blank does not matter."""

    account = StringField(_l("Number of the account"), render_kw=_TYPED | {"inputmode": "numeric"})
    code = SelectField(_l("Technical account"), validate_choice=False)
    customer = StringField(_l("Customer"), render_kw=_TYPED, description=_l("A name, a phone, or the number."))
    kind = SelectField(_l("Type"), validate_choice=False)
    part = SelectField(_l("Part"), validate_choice=False)
    currency = SelectField(_l("Currency"), validate_choice=False)
    direction = SelectField(_l("Which way"), validate_choice=False)
    first = StringField(_l("From"), render_kw={"type": "date"})
    last = StringField(_l("To"), render_kw={"type": "date"})
