"""Signing up, confirming an e-mail, and choosing another password with a link out of a mail."""

from wtforms import EmailField, PasswordField, StringField

from crm.forms.form import Form
from crm.i18n import lazy_gettext as _l

_EMAIL = {"autocomplete": "username", "required": True, "maxlength": 254}
_NEW = {"autocomplete": "new-password", "required": True}


class SignUpForm(Form):
    """Who somebody is, and the password that they choose."""

    name = StringField(_l("Name"), render_kw={"autocomplete": "name", "maxlength": 200, "required": True})
    email = EmailField(_l("E-mail"), render_kw=_EMAIL)
    password = PasswordField(_l("Password"), render_kw=_NEW, description=_l("At least 10 characters."))


class EmailForm(Form):
    """Where a letter is to go."""

    email = EmailField(_l("E-mail"), render_kw=_EMAIL | {"autofocus": True})


class ConfirmForm(Form):
    """The password that was chosen, as a sign that it was the same person."""

    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password", "required": True})


class NewPasswordForm(Form):
    """A new password, by who has a link."""

    password = PasswordField(
        _l("New password"), render_kw=_NEW | {"autofocus": True}, description=_l("At least 10 characters.")
    )
