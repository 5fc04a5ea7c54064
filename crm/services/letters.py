"""What stands in a letter, in the language of who gets it: as text, and as HTML for who wants it."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

import idna
from flask import current_app

from crm.i18n import force_locale
from crm.i18n import gettext as _
from crm.models import Mail, Role, User
from crm.services import links


@dataclass(frozen=True)
class Letter:
    """Subject, what is to be known, one thing to do with its address, and what to know after that."""

    subject: str
    before: Sequence[str]
    action: str
    link: str
    after: Sequence[str]


def compose(mail: Mail, user: User | None) -> EmailMessage | None:
    """The letter to the user whose e-mail it is, with a fresh link; None where there is nothing to write any more."""
    if user is None or not user.active or not _is_wanted(mail.kind, user):
        return None
    with force_locale(mail.locale):
        return _message(mail, _WORDS[mail.kind](user))


def _is_wanted(kind: str, user: User) -> bool:
    if kind in ("confirm", "invite"):
        return user.role == Role.CUSTOMER and not user.is_confirmed
    return True


def _confirm(user: User) -> Letter:
    return Letter(
        _("Confirm your e-mail"),
        [_("Hello, %(name)s!", name=user.display_name), _("Somebody, you we hope, has signed up with this e-mail.")],
        _("Confirm the e-mail"),
        address(f"confirm/{links.make('confirm', user)}/"),
        [
            _("The link works for two days; you will be asked for the password that you have chosen."),
            _("If it was not you, do nothing: without the confirmation nothing happens."),
        ],
    )


def _known(user: User) -> Letter:
    return Letter(
        _("You have an account already"),
        [
            _("Hello, %(name)s!", name=user.display_name),
            _("Somebody, you we hope, wanted to sign up with this e-mail. It has an account already: just sign in."),
        ],
        _("Sign in"),
        address("login"),
        [
            _("If you do not know the password any more, choose a new one: %(link)s", link=address("reset/")),
            _("If it was not you, do nothing: nothing was changed."),
        ],
    )


def _reset(user: User) -> Letter:
    return Letter(
        _("A new password"),
        [
            _("Hello, %(name)s!", name=user.display_name),
            _("Somebody, you we hope, has asked for a new password for this e-mail."),
        ],
        _("Choose a new password"),
        address(f"reset/{links.make('reset', user)}/"),
        [
            _("The link works for an hour, and once."),
            _("If it was not you, do nothing: the present password stays as it is."),
        ],
    )


def _invite(user: User) -> Letter:
    return Letter(
        _("Your wallet is open to you"),
        [
            _("Hello, %(name)s!", name=user.display_name),
            _("You can see your balance, your operations and statements, and send money yourself now."),
        ],
        _("Choose a password"),
        address(f"welcome/{links.make('invite', user)}/"),
        [_("The link works for seven days, and once."), _("You sign in with this e-mail and the password.")],
    )


_WORDS = {"confirm": _confirm, "known": _known, "reset": _reset, "invite": _invite}


def address(path: str) -> str:
    """The address of a page for who is elsewhere."""
    return f"{current_app.config['CRM_BASE_URL']}/{path}"


def _message(mail: Mail, letter: Letter) -> EmailMessage:
    config, message = current_app.config, EmailMessage()
    host = urlsplit(config["CRM_BASE_URL"]).hostname
    message["Subject"], message["From"], message["To"] = letter.subject, config["CRM_MAIL_FROM"], _ascii(mail.recipient)
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.key.hex}@{host}>"  # the same each time it is tried: sent twice, it is shown once
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    text = [*letter.before, f"{letter.action}:\n{letter.link}", *letter.after]
    message.set_content("\n\n".join(text) + "\n", cte="8bit")  # the link stays in one piece, for who reads the source
    page = current_app.jinja_env.get_template("mail/letter.html").render(letter=letter, locale=mail.locale)
    message.add_alternative(page, subtype="html")
    message["Content-Language"] = mail.locale
    return message


def _ascii(recipient: str) -> str:
    """The address with its domain as the wire has it (RFC 5891): not every mail server takes it otherwise."""
    local, _at, domain = recipient.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"
