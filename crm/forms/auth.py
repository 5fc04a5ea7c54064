"""Signing in, the own profile, and the users an administrator looks after."""

from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from crm.forms.form import Form
from crm.i18n import LANGUAGES
from crm.i18n import lazy_gettext as _l
from crm.models.user import ROLE_NAMES

THEME_NAMES = [
    SelectChoice("auto", _l("As the system")),
    SelectChoice("light", _l("Light")),
    SelectChoice("dark", _l("Dark")),
]
LOCALE_NAMES = [SelectChoice("", _l("As the browser")), *(SelectChoice(*language) for language in LANGUAGES.items())]
ROLES = [SelectChoice(role.value, name) for role, name in ROLE_NAMES.items()]


class LoginForm(Form):
    """E-mail and password."""

    email = EmailField(_l("E-mail"), render_kw={"autocomplete": "username", "autofocus": True, "required": True})
    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password", "required": True})
    next = HiddenField()


class PreferencesForm(Form):
    """Language and theme, for who is not signed in too."""

    locale = SelectField(_l("Language"), choices=LOCALE_NAMES)
    theme = SelectField(_l("Theme"), choices=THEME_NAMES)
    next = HiddenField()


class ProfileForm(Form):
    """What a person may change about themselves."""

    name = StringField(_l("Name"), render_kw={"autocomplete": "name", "maxlength": 200})
    locale = SelectField(_l("Language"), choices=LOCALE_NAMES, validate_choice=False)
    theme = SelectField(_l("Theme"), choices=THEME_NAMES, validate_choice=False)


class PasswordForm(Form):
    """A new password, the present one to prove who asks."""

    current = PasswordField(_l("Present password"), render_kw={"autocomplete": "current-password"})
    new = PasswordField(
        _l("New password"), render_kw={"autocomplete": "new-password"}, description=_l("At least 10 characters.")
    )


class NewUserForm(Form):
    """A new person who may sign in."""

    email = EmailField(_l("E-mail"), render_kw={"autocomplete": "off"})
    name = StringField(_l("Name"), render_kw={"autocomplete": "off", "maxlength": 200})
    role = SelectField(_l("Role"), choices=ROLES, default="manager", validate_choice=False)
    password = PasswordField(
        _l("Password"), render_kw={"autocomplete": "new-password"}, description=_l("At least 10 characters.")
    )


class UserForm(Form):
    """What an administrator may change about a person; a blank password stays as it is."""

    name = StringField(_l("Name"), render_kw={"autocomplete": "off", "maxlength": 200})
    role = SelectField(_l("Role"), choices=ROLES, validate_choice=False)
    active = BooleanField(_l("May sign in"))
    password = PasswordField(
        _l("New password"),
        render_kw={"autocomplete": "new-password"},
        description=_l("Leave it blank to keep the present one."),
    )
