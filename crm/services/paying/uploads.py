"""Spreadsheets of payments between upload and acceptance: kept for a day, for whoever sent them."""

import hashlib
import json
import re
import secrets
import shutil
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import select

from crm.db import db
from crm.errors import Invalid, NotFound
from crm.i18n import gettext as _
from crm.models import Payment
from crm.services import payments
from crm.services.audit import Actor
from crm.services.importing.lease import uploads
from crm.services.paying import sheets
from crm.services.paying.sheets import Sheet
from crm.tabular import stored
from crm.text import file_name

_KEPT = 24 * 3600  # seconds
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Upload:
    """A file that waits to be accepted: its name as it was sent, and the SHA-256 of it."""

    token: str
    filename: str
    digest: str
    user_id: int | None
    notes: list[str]

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return _folder() / self.token


def keep(actor: Actor, stream: IO[bytes], filename: str) -> str:
    """Store the file and give its token. Raises `Invalid` (`file`) for what is no spreadsheet of payments, and then
    keeps nothing.
    """
    _forget_old()
    token = secrets.token_hex(16)
    path = _folder() / token
    try:
        with path.open("xb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        layout = sheets.examined(path)
        about = {"filename": file_name(filename), "digest": digest, "user_id": actor.user_id, "notes": layout.notes}
        path.with_suffix(".json").write_text(json.dumps(about))
    except BaseException:
        stored.remove(path)
        raise
    return token


def get(actor: Actor, token: str) -> Upload:
    """The upload, for whoever sent it: keys are each caller's own, so that only they can confirm it twice and pay
    once. Raises `NotFound`.
    """
    gone = NotFound(_("This file is kept no longer. Upload it again: what was paid is not paid twice."))
    if not _TOKEN.fullmatch(token):
        raise gone
    try:
        about = json.loads((_folder() / token).with_suffix(".json").read_text())
    except FileNotFoundError:
        raise gone from None
    upload = Upload(token, **about)
    if upload.user_id != actor.user_id:
        raise gone
    return upload


def check(actor: Actor, upload: Upload, may_adjust: bool) -> Sheet:
    """What the file would pay now, or what is wrong with it."""
    layout = sheets.examined(upload.path)
    return sheets.check(actor, upload.path, layout, upload.digest, may_adjust)


def accept(actor: Actor, upload: Upload, may_adjust: bool) -> str | None:
    """Accept all payments of the file, to be posted in the background; the batch's id. Sent again it pays nothing and
    gives the same batch (None where the payments were accepted one by one). Raises `Invalid` where anything is wrong
    with it.
    """
    sheet = check(actor, upload, may_adjust)
    if not sheet.is_clean:
        raise Invalid({"": [_("Nothing was accepted: the file has problems now.")]})
    accepted = payments.accept_batch(actor, sheet.movements, upload.filename)
    if accepted.batch_id is None:
        return _batch_of(accepted.payments[0].payment_id)
    return accepted.batch_id


def _batch_of(payment_id: str) -> str | None:
    found = db.session.scalar(select(Payment.batch_id).where(Payment.id == uuid.UUID(payment_id)))
    return found.hex if found else None


def _folder() -> Path:
    folder = uploads() / "payments"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _forget_old() -> None:
    for path in _folder().iterdir():
        with suppress(FileNotFoundError):  # somebody else's upload has just done it
            if path.stat().st_mtime < time.time() - _KEPT:
                path.unlink()
