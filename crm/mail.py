"""Letters on their way out: to a mail server, or into a folder where none is set. Pure of Flask and the database."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import unquote, urlsplit

ANSWER_SECONDS = 20  # a job waits no longer for a mail server
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class Undeliverable(Exception):
    """The mail server will never take this letter (RFC 5321, 5yz): sending it again is of no use."""


@dataclass(frozen=True)
class Server:
    """A mail server and how it is spoken to; `scheme` is a key of `PORTS`."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""


def server_of(url: str) -> Server:
    """What the address says, `smtps://user:password@host:port`. Raises ValueError; it never tells the password.

    >>> server_of("smtp+starttls://crm%40example.com:secret@mail.example.com").port
    587
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("not the address of a mail server")
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    if not port:
        raise ValueError("no port")
    return Server(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))


def send(server: Server, message: EmailMessage) -> None:
    """Hand the letter to the mail server. Raises `Undeliverable`, and `OSError` for what may go well another time
    (smtplib's errors are OSErrors).
    """
    try:
        with _connected(server) as connection:
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        raise _judged(min(codes, default=500)) from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        raise _judged(error.smtp_code) from error
    except (smtplib.SMTPNotSupportedError, ValueError) as error:  # an address beyond ASCII that the server cannot take
        raise Undeliverable(type(error).__name__) from error


def keep(folder: Path, name: str, message: EmailMessage) -> Path:
    """Write the letter into the folder, for its owner's eyes alone; a letter that is kept twice is there once."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.eml"
    with NamedTemporaryFile(dir=folder, delete=False) as file:  # 0600
        try:
            file.write(message.as_bytes(policy=SMTP))
            file.flush()
            Path(file.name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(file.name).unlink()
            raise
    return path


def _judged(code: int) -> Exception:
    """An error that tells the code alone: what the server says has the address in it."""
    return Undeliverable(f"refused with {code}") if code >= 500 else ConnectionError(f"put off with {code}")


def _connected(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=ANSWER_SECONDS, context=context)
    connection = smtplib.SMTP(server.host, server.port, timeout=ANSWER_SECONDS)
    if server.scheme == "smtp+starttls":
        try:
            connection.starttls(context=context)
        except BaseException:
            connection.close()
            raise
    return connection
