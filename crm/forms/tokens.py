"""A new token for programs."""

from datetime import datetime, timedelta

from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from crm.db import utcnow
from crm.forms.form import Form
from crm.i18n import lazy_gettext as _l
from crm.models import Scope

SCOPE_NAMES = {
    Scope.READ: _l("Read: see what you see"),
    Scope.WRITE: _l("Write: customers, contacts, imports without balances"),
    Scope.MONEY: _l("Money: payments, reversals, imports with balances"),
    Scope.ADMIN: _l("Administration: tokens, users, rates, rules, limits"),
}
SPANS = [
    SelectChoice("30", _l("30 days")),
    SelectChoice("90", _l("90 days")),
    SelectChoice("365", _l("A year")),
    SelectChoice("", _l("It does not expire")),
]


class TokenForm(Form):
    """What the token is for, how far it reaches, and how long."""

    name = StringField(
        _l("Name"),
        render_kw={"autocomplete": "off", "maxlength": 100},
        description=_l("The program that will use it."),
    )
    expires = SelectField(_l("Expires after"), choices=SPANS, default="90", validate_choice=False)
    scopes = SelectMultipleField(
        _l("Narrowed to"),
        choices=[SelectChoice(scope.value, name) for scope, name in SCOPE_NAMES.items()],
        description=_l("Without any of these it may do all that you may."),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )

    def expires_at(self) -> datetime | None:
        """The moment that was chosen; a span that is not offered is the shortest."""
        chosen = self.expires.data
        if chosen == "":
            return None
        days = int(chosen) if chosen in ("90", "365") else 30
        return utcnow() + timedelta(days=days)
