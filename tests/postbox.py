"""A mail server as tests need it: a real one, that keeps what it gets and refuses what it is told to."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from crm.mail import Server
from crm.services import mails


class Postbox:
    """What came in; `replies` are answered one by one in place of an acceptance."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.replies: list[str] = []
        self.server = Server("smtp", "127.0.0.1", 0)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        if self.replies:
            return self.replies.pop(0)
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def postbox(user: str = "", password: str = "") -> Iterator[Postbox]:
    """A mail server on a port of its own; with a user, for who signs in as that alone."""
    box = Postbox()

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=right, handled=False)

    asks = {"auth_required": True, "auth_require_tls": False, "authenticator": authenticate} if user else {}
    controller = _AnyPort(box, hostname="127.0.0.1", port=0, **asks)
    controller.start()
    try:
        box.server = Server("smtp", "127.0.0.1", controller.port, user, password)
        yield box
    finally:
        controller.stop()


def text_of(letter: EmailMessage) -> str:
    """The plain text of the letter."""
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def kept(folder: Path) -> list[EmailMessage]:
    """The letters that were kept in the folder, in order of their names."""
    return [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("*.eml"))]


def post(folder: Path) -> list[EmailMessage]:
    """All letters that have gone out into the instance folder, those that wait sent first."""
    mails.deliver()
    return kept(folder / "mail")


def token_of(letter: EmailMessage, word: str) -> str:
    """The secret of the link `/word/<token>/` in the letter."""
    found = re.search(rf"/{word}/([\w.-]+)/", text_of(letter))
    assert found is not None, text_of(letter)
    return found[1]
