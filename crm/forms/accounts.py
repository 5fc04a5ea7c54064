"""What is asked for on the page of technical accounts."""

from wtforms import StringField

from crm.forms.form import Form
from crm.i18n import lazy_gettext as _l


class PeriodForm(Form):
    """Which days, both included."""

    first = StringField(_l("From"), render_kw={"type": "date"})
    last = StringField(_l("To"), render_kw={"type": "date"})


class CurrencyForm(Form):
    """A currency to be taken into use."""

    currency = StringField(
        _l("Add a currency"), render_kw={"autocomplete": "off", "maxlength": 3}, description=_l("A code such as KZT.")
    )
