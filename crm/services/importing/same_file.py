"""Whether a file has been imported before: a reason to warn, but to refuse only where a program says that it is one."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from crm.db import db
from crm.models import Import, ImportKey
from crm.services.audit import Actor


def uploaded_before(pk: int) -> Import | None:
    """The newest earlier import of the very same file (by its SHA-256) that has stored something and was not undone;
    `filename`, `created_by` and `created_at` say what, who and when.
    """
    this = aliased(Import)
    same = (this.id == pk, Import.sha256 == this.sha256, Import.sha256 != "", Import.id < pk)
    stored = (Import.status.not_in(("draft", "checking", "checked", "undone")), Import.created + Import.updated > 0)
    newest = select(Import).join(this, Import.id < this.id).where(*same, *stored).order_by(Import.id.desc()).limit(1)
    return db.session.scalar(newest)


def sent_before(actor: Actor, key: str) -> Import | None:
    """The import of the file that the actor has sent with this key."""
    mine = (ImportKey.user_id == actor.user_id, ImportKey.key == key)
    return db.session.scalar(select(Import).join(ImportKey, ImportKey.import_id == Import.id).where(*mine))
