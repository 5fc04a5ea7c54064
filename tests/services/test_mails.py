"""Laws of mail: after the commit, at least once, the same letter each time, and no secret in a log or a row."""

import logging
import re
import smtplib
import stat
import threading
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from crm import jobs, mail, queue
from crm.db import atomic, db, utcnow
from crm.models import Mail, Role, User
from crm.services import mails
from tests.conftest import PASSWORD_HASH
from tests.postbox import Postbox, kept, postbox, text_of

ANNA = "anna@example.com"


@pytest.fixture
def anna(app) -> User:
    """Somebody who has signed up and not confirmed the e-mail yet."""
    user = User(email=ANNA, name="Anna <b>", password_hash=PASSWORD_HASH, role=Role.CUSTOMER.value)
    with atomic() as session:
        session.add(user)
    return user


@pytest.fixture
def box(app, monkeypatch):
    with postbox() as there:
        monkeypatch.setitem(app.config, "MAIL_SERVER", there.server)
        yield there


def wish(kind: str = "confirm", recipient: str = ANNA, locale: str = "en") -> None:
    with atomic():
        mails.wish(kind, recipient, locale)


def only() -> Mail:
    return db.session.scalars(select(Mail).execution_options(populate_existing=True)).one()


def make_due() -> None:
    with atomic() as session:
        session.scalars(select(Mail)).one().next_attempt_at = utcnow()


def test_a_letter_is_sent_after_the_commit_by_a_job(app, anna, box: Postbox, redis):
    with atomic():
        mails.wish("confirm", ANNA, "en")
        assert queue.queue().job_ids == []
    (job,) = queue.queue().jobs
    assert job.func_name == mails.JOB and box.letters == []
    jobs.send_mails()
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"], letter["Auto-Submitted"]) == (
        ANNA,
        "Confirm your e-mail",
        "auto-generated",
    )
    link = re.search(r"http://127\.0\.0\.1:8000/confirm/[\w.-]+/\r?\n", text_of(letter))[0]
    assert link.strip().encode() in letter.as_bytes()
    assert only().sent_at and only().next_attempt_at is None
    assert mails.deliver() == 0 and len(box.letters) == 1


def test_what_was_rolled_back_sends_nothing(app, anna, redis):
    with pytest.raises(ZeroDivisionError), atomic():
        mails.wish("confirm", ANNA, "en")
        raise ZeroDivisionError
    assert queue.queue().job_ids == [] and mails.deliver() == 0


def test_a_letter_is_in_the_language_it_was_asked_for_in(app, anna, box: Postbox):
    wish(locale="ru")
    mails.deliver()
    assert box.letters[0]["Subject"] == "Подтвердите почту" and box.letters[0]["Content-Language"] == "ru"
    assert "Здравствуйте, Anna <b>!" in text_of(box.letters[0])


def test_a_name_is_no_markup(app, anna, box: Postbox):
    wish()
    mails.deliver()
    page = box.letters[0].get_body(("html",)).get_content()
    assert "Anna &lt;b&gt;" in page and "<b>" not in page


def test_without_a_server_letters_are_kept_for_their_owner_and_the_log_tells_no_secret(app, anna, caplog):
    caplog.set_level(logging.INFO)
    wish()
    mails.deliver()
    (path,) = (app.config["CRM_INSTANCE"] / "mail").iterdir()
    (letter,) = kept(path.parent)
    link = re.search(r"confirm/([\w.-]+)/", text_of(letter))[1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.name in caplog.text and link not in caplog.text and ANNA not in caplog.text


def test_what_is_put_off_is_tried_again_as_the_same_letter(app, anna, box: Postbox, caplog):
    box.replies = ["451 later, anna@example.com"]
    wish()
    mails.deliver()
    assert box.letters == [] and only().next_attempt_at > utcnow() and ANNA not in caplog.text
    assert mails.deliver() == 0  # not at once
    make_due()
    mails.deliver()
    make_due()  # as if the worker had died before it could note that it was sent
    mails.deliver()
    assert len(box.letters) == 2 and len({letter["Message-ID"] for letter in box.letters}) == 1


def test_a_server_that_is_away_loses_nothing(app, anna, box: Postbox, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_SERVER", mail.Server("smtp", "127.0.0.1", 1))
    wish()
    mails.deliver()
    assert only().next_attempt_at > utcnow() and only().attempts == 1
    monkeypatch.setitem(app.config, "MAIL_SERVER", box.server)
    make_due()
    jobs.sweep()
    assert mails.JOB in [job.func_name for job in queue.queue().jobs]
    jobs.send_mails()
    assert len(box.letters) == 1


def test_what_is_refused_for_good_is_not_tried_again(app, anna, box: Postbox):
    box.replies = ["550 no such mailbox"]
    wish()
    mails.deliver()
    assert (only().next_attempt_at, only().sent_at, only().problem) == (None, None, "refused with 550")


def test_after_many_attempts_a_letter_is_given_up(app, anna, box: Postbox):
    wish()
    box.replies = ["451 later"] * len(mails.WAITS)
    for _attempt in mails.WAITS:
        make_due()
        mails.deliver()
    assert only().next_attempt_at is None and only().sent_at is None and only().problem


def test_without_redis_the_sweep_sends(app, anna, box: Postbox, monkeypatch, redis):
    monkeypatch.setattr(mails, "ring", lambda _job: None)  # nobody heard it
    wish()
    monkeypatch.undo()
    monkeypatch.setitem(app.config, "MAIL_SERVER", box.server)
    jobs.sweep()
    assert mails.JOB in [job.func_name for job in queue.queue().jobs]


def test_two_workers_send_a_letter_once(app, anna, box: Postbox):
    wish()
    barrier = threading.Barrier(2)

    def work() -> None:
        with app.app_context():
            barrier.wait()
            mails.deliver()

    threads = [threading.Thread(target=work) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(box.letters) == 1


def test_nobodys_mailbox_is_flooded(app, anna, box: Postbox):
    for _time in range(mails.HOURLY + 3):
        wish("reset")
    wish("confirm")
    mails.deliver()
    assert len(box.letters) == mails.HOURLY + 1


@pytest.mark.parametrize("kind", ["confirm", "known", "reset", "invite"])
def test_nobody_is_written_to_who_is_not_here(app, box: Postbox, kind):
    wish(kind, "nobody@example.com")
    mails.deliver()
    assert box.letters == [] and only().next_attempt_at is None


def test_who_confirmed_meanwhile_is_not_asked_again(app, anna, box: Postbox):
    wish()
    with atomic() as session:
        session.get(User, anna.id).email_confirmed_at = utcnow()
    mails.deliver()
    assert box.letters == []


def test_the_domain_goes_over_the_wire_in_ascii(app, box: Postbox):
    with atomic() as session:
        session.add(User(email="anna@почта.рф", password_hash=PASSWORD_HASH, role=Role.CUSTOMER.value))
    wish(recipient="anna@почта.рф")
    mails.deliver()
    assert box.letters[0]["To"] == "anna@xn--80a1acny.xn--p1ai"


def test_no_secret_stands_in_the_queue(app, anna, box: Postbox):
    wish()
    mails.deliver()
    token = re.search(r"confirm/([\w.-]+)/", text_of(box.letters[0]))[1]
    with db.engine.connect() as connection:
        assert token not in repr(connection.execute(select(Mail.__table__)).all())


def test_old_letters_are_forgotten_and_waiting_ones_are_not(app, anna):
    wish()
    with atomic() as session:
        session.scalars(select(Mail)).one().created_at = utcnow() - timedelta(days=31)
    assert mails.forget() == 0
    mails.deliver()
    assert mails.forget() == 1 and mails.forget() == 0


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
def test_a_server_is_signed_in_to(app, anna, monkeypatch):
    with postbox("crm@example.com", "se:cr@t") as there:
        monkeypatch.setitem(app.config, "MAIL_SERVER", there.server)
        wish()
        mails.deliver()
        assert len(there.letters) == 1
        wrong = mail.Server("smtp", "127.0.0.1", there.server.port, "crm@example.com", "wrong")
        monkeypatch.setitem(app.config, "MAIL_SERVER", wrong)
        wish("reset")
        mails.deliver()
        assert len(there.letters) == 1


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost:1025", mail.Server("smtp", "localhost", 1025)),
        ("smtps://mail.example.com", mail.Server("smtps", "mail.example.com", 465)),
        ("smtp+starttls://a%40b.ru:p%3Aw@mx", mail.Server("smtp+starttls", "mx", 587, "a@b.ru", "p:w")),
        ("smtp://[::1]:25/", mail.Server("smtp", "::1", 25)),
    ],
)
def test_the_address_of_a_server_is_read(url, server):
    assert mail.server_of(url) == server


def test_a_server_without_starttls_gets_no_letter_that_wants_it(app, anna, box: Postbox):
    server, letter = mail.Server("smtp+starttls", "127.0.0.1", box.server.port), EmailMessage()
    letter["From"], letter["To"] = "a@example.com", "b@example.com"
    with pytest.raises((OSError, mail.Undeliverable, smtplib.SMTPException)):
        mail.send(server, letter)
    assert box.letters == []
