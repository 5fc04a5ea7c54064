"""Mail that goes out: wished for in a transaction, sent after it by a worker, tried again until it is gone."""

import logging
from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, func, select

from crm import mail as post
from crm.db import atomic, db, locked, on_commit, retrying, utcnow
from crm.models import Mail, User
from crm.queue import ring
from crm.services import letters

log = logging.getLogger(__name__)
JOB = "crm.jobs.send_mails"
HOURLY = 5  # letters of one kind to one address: nobody's mailbox is flooded through us
# Seconds until the next attempt, after one, two … that failed. The first is a lease too: who dies while sending leaves
# the letter to the next one.
WAITS = (120, 120, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
KEPT = timedelta(days=30)


def wish(kind: str, recipient: str, locale: str) -> None:
    """Have a letter sent after the present transaction; `recipient` is a normalized e-mail.

    Whether anybody has that e-mail is found out when it is sent: who asks learns nothing from how long this takes.
    """
    lately = select(func.count(Mail.id)).where(
        Mail.recipient == recipient, Mail.created_at > utcnow() - timedelta(hours=1), Mail.kind == kind
    )
    if (db.session.scalar(lately) or 0) >= HOURLY:
        return
    db.session.add(Mail(kind=kind, recipient=recipient, locale=locale))
    on_commit(lambda: ring(JOB))


def call_worker() -> None:
    """Ring for a worker if a letter is due."""
    due = select(Mail.id).where(Mail.next_attempt_at <= utcnow()).limit(1)
    if db.session.scalar(due) is not None:
        ring(JOB)


def deliver(limit: int | None = None) -> int:
    """Send the letters that are due, `limit` of them at most; how many were in hand.

    Each goes out at least once, with the same Message-ID at every attempt, so that a repetition is shown once.
    """
    count = 0
    while limit is None or count < limit:
        mail = _claim()
        if mail is None:
            break
        _deliver(mail)
        count += 1
    return count


@retrying
def forget() -> int:
    """Remove the letters of more than thirty days ago that no longer wait; how many."""
    old = Mail.created_at < utcnow() - KEPT, Mail.next_attempt_at.is_(None)
    if db.session.scalar(select(Mail.id).where(*old).limit(1)) is None:
        return 0
    with atomic() as session:
        return int(session.execute(delete(Mail).where(*old)).rowcount)  # type: ignore[attr-defined]


@retrying
def _claim() -> Mail | None:
    now = utcnow()
    due = select(Mail).where(Mail.next_attempt_at <= now).order_by(Mail.next_attempt_at, Mail.id).limit(1)
    with atomic() as session:
        mail = session.scalar(due.with_for_update(skip_locked=True).execution_options(populate_existing=True))
        if mail is not None:
            mail.next_attempt_at = now + timedelta(seconds=WAITS[min(mail.attempts, len(WAITS) - 1)])
            mail.attempts += 1
    return mail


def _deliver(mail: Mail) -> None:
    user = db.session.scalar(select(User).where(User.email == mail.recipient).execution_options(populate_existing=True))
    message = letters.compose(mail, user)
    db.session.expunge(mail)
    db.session.rollback()  # the mail server may take its time: the database does not wait with us
    if message is None:
        _finish(mail.id, sent=False)
        return
    server, name = current_app.config["MAIL_SERVER"], f"{mail.created_at:%Y%m%d-%H%M%S}-{mail.id:06}-{mail.kind}"
    try:
        if server:
            post.send(server, message)
        else:
            path = post.keep(current_app.config["CRM_INSTANCE"] / "mail", name, message)
            log.warning("MAIL_URL is not set: letter %d (%s) was not sent, it is kept as %s", mail.id, mail.kind, path)
    except post.Undeliverable as error:
        log.error("Letter %d (%s) can never be sent: %s", mail.id, mail.kind, error)
        _finish(mail.id, sent=False, problem=str(error)[:200])
    except OSError as error:
        _put_off(mail, f"{type(error).__name__} {getattr(error, 'smtp_code', '') or error.errno or ''}".strip())
    else:
        _finish(mail.id, sent=True)


def _put_off(mail: Mail, problem: str) -> None:
    if mail.attempts >= len(WAITS):
        log.error("Letter %d (%s) was tried %d times in vain: %s", mail.id, mail.kind, mail.attempts, problem)
        _finish(mail.id, sent=False, problem=problem)
        return
    log.warning("Letter %d (%s) could not be sent and is tried again later: %s", mail.id, mail.kind, problem)


@retrying
def _finish(pk: int, sent: bool, problem: str = "") -> None:
    with atomic():
        mail = locked(Mail, pk)
        mail.next_attempt_at, mail.problem = None, problem
        mail.sent_at = utcnow() if sent else None
