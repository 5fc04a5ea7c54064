"""Laws of signing up: nothing is worth anything until it is confirmed, and nobody gets another's money."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from crm import jobs, queue
from crm.db import atomic, db
from crm.errors import Invalid
from crm.models import Account, Customer, Mail, Payment, User
from crm.services import accounts, customers, links, mails, passwords, sign_ins, signup, users, welcome
from crm.services.audit import Actor
from tests import money, people
from tests.conftest import PASSWORD
from tests.postbox import post, text_of, token_of

ANNA = "anna@example.com"
STRANGER = Actor(None, "192.0.2.1")


def sign_up(email: str = ANNA, name: str = "Anna", password: str = PASSWORD) -> None:
    signup.sign_up(STRANGER, name, email, password, "en")


def user(email: str = ANNA) -> User:
    return db.session.scalars(select(User).where(User.email == email).execution_options(populate_existing=True)).one()


@pytest.fixture
def letters(app):
    return lambda: post(app.config["CRM_INSTANCE"])


@pytest.fixture
def token(letters) -> str:
    sign_up()
    return token_of(letters()[-1], "confirm")


def customers_there() -> int:
    return db.session.scalar(select(func.count(Customer.id)))


def test_who_signs_up_is_nobodys_customer_until_the_e_mail_is_confirmed(app, letters):
    sign_up(email=" Anna@Example.com ", name="  Anna   Ivanova ")
    assert (user().email, user().name, user().role) == (ANNA, "Anna Ivanova", "customer")
    assert user().customer_id is None and not user().is_confirmed and customers_there() == 0
    assert welcome.welcome_all() == 0
    assert [letter["To"] for letter in letters()] == [ANNA]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 201}, "password"),
        ({"password": ANNA}, "password"),
    ],
)
def test_what_cannot_be_taken_is_told_at_its_field(app, wrong, field):
    with pytest.raises(Invalid) as refusal:
        sign_up(**wrong)
    assert list(refusal.value.fields) == [field]
    assert db.session.scalar(select(func.count(User.id))) == 0


def test_a_confirmed_e_mail_makes_a_customer_and_wallets_follow(app, token, redis):
    confirmed = signup.confirm(STRANGER, token, PASSWORD)
    customer = customers.get(confirmed.customer_id)
    assert (customer.name, [channel.normalized for channel in customer.channels]) == ("Anna", [ANNA])
    assert welcome.JOB in [job.func_name for job in queue.queue().jobs]
    jobs.welcome_customers()
    db.session.rollback()
    assert [wallet.currency for wallet in accounts.of_customer(customer.id)] == ["RUB"]
    assert db.session.scalar(select(func.count(Payment.id))) == 0  # no bonus by default


def test_the_sweep_welcomes_whom_the_job_has_missed(app, token, redis):
    signup.confirm(STRANGER, token)
    redis.flushdb()
    jobs.sweep()
    assert welcome.JOB in [job.func_name for job in queue.queue().jobs]


def test_wallets_and_bonus_come_once_however_often_they_are_asked_for(app, token, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_SIGNUP_CURRENCIES", ("RUB", "EUR"))
    monkeypatch.setitem(app.config, "CRM_WELCOME_BONUS", (10_000, "RUB"))
    pk = signup.confirm(STRANGER, token).customer_id
    for _time in range(2):
        welcome.welcome_all()
        with atomic() as session:  # as if its mark had been lost
            session.get(User, user().id).welcomed_at = None
    found = accounts.of_customer(pk)
    assert [(wallet.currency, wallet.balance) for wallet in found] == [("RUB", 10_000), ("EUR", 0)]
    money.check_ledger()


def test_a_currency_that_is_not_in_use_stops_nothing_else(app, token, monkeypatch, caplog):
    monkeypatch.setitem(app.config, "CRM_SIGNUP_CURRENCIES", ("JPY", "EUR"))
    monkeypatch.setitem(app.config, "CRM_WELCOME_BONUS", (500, "JPY"))
    pk = signup.confirm(STRANGER, token).customer_id
    welcome.welcome_all()
    assert [wallet.currency for wallet in accounts.of_customer(pk)] == ["EUR"] and "JPY" in caplog.text
    assert welcome.welcome_all() == 0


def test_a_token_is_good_once(app, token):
    signup.confirm(STRANGER, token)
    with pytest.raises(Invalid, match="does not work"):
        signup.confirm(STRANGER, token)
    assert customers_there() == 1


def test_two_who_confirm_at_once_make_one_customer(app, token):
    barrier, made = threading.Barrier(2), []

    def act() -> None:
        with app.app_context():
            barrier.wait()
            try:
                made.append(signup.confirm(STRANGER, token).customer_id)
            except Invalid:
                made.append(None)

    threads = [threading.Thread(target=act) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in made if one]) == 1 and customers_there() == 1


def test_a_token_expires(app, token, monkeypatch):
    monkeypatch.setitem(links.LIFETIMES, "confirm", timedelta(seconds=-1))
    with pytest.raises(Invalid) as why:
        signup.confirm(STRANGER, token)
    assert "expired" in why.value.fields["token"][0] and not user().is_confirmed


def test_a_token_that_was_tampered_with_is_worthless(app, token):
    payload, time, signature = token.split(".")
    forged = [f"{payload}.{time}.{signature[:-2]}AA", f"{payload[:-2]}AA.{time}.{signature}", "", "x", "..", "й" * 600]
    for wrong in forged:
        with pytest.raises(Invalid) as why:
            signup.confirm(STRANGER, wrong)
        assert list(why.value.fields) == ["token"]
    with pytest.raises(Invalid):  # nor is it good for something else
        signup.choose_password(STRANGER, "reset", token, "another password")


def test_the_link_alone_does_not_let_in_who_does_not_know_the_password(app, token):
    with pytest.raises(Invalid) as why:
        signup.confirm(STRANGER, token, "a guess of the mailbox's owner")
    assert list(why.value.fields) == ["password"] and not user().is_confirmed


def test_an_existing_customer_is_linked_only_once_the_e_mail_is_confirmed(app, letters):
    anna = people.add("Анна Иванова", email=ANNA)
    money.wallet_of(anna.id, balance=500)
    sign_up()
    assert user().customer_id is None
    confirmed = signup.confirm(STRANGER, token_of(letters()[-1], "confirm"))
    assert confirmed.customer_id == anna.id and customers_there() == 1


def test_of_two_customers_with_the_e_mail_neither_is_taken(app, token):
    known = [people.add(name, email=ANNA, allow_duplicate=True).id for name in ("Anna", "Ivan")]
    assert signup.confirm(STRANGER, token).customer_id not in known


def test_a_customer_somebody_signs_in_as_is_not_taken_by_another(app, letters):
    family = people.add("Family", email=ANNA)
    with atomic() as session:
        mother = User(email="mother@example.com", role="customer", password_hash="x", customer_id=family.id)
        session.add(mother)
    sign_up()
    assert signup.confirm(STRANGER, token_of(letters()[-1], "confirm")).customer_id != family.id


def test_an_archived_customer_is_not_taken(app, token):
    gone = people.add("Anna", email=ANNA)
    customers.set_archived(people.CLI, gone.id, True)
    assert signup.confirm(STRANGER, token).customer_id != gone.id


def test_a_known_e_mail_is_told_by_mail_alone_and_nothing_changes(app, token, letters):
    signup.confirm(STRANGER, token)
    before = user().password_hash
    sign_up(name="Mallory", password="another password")
    assert (user().password_hash, user().name) == (before, "Anna")
    assert letters()[-1]["Subject"] == "You have an account already" and "confirm/" not in text_of(letters()[-1])


def test_the_e_mail_of_somebody_who_works_here_is_known_too(app, boris, letters):
    sign_up(email=boris.email)
    assert user(boris.email).role == "manager" and letters()[-1]["Subject"] == "You have an account already"


def test_of_two_sign_ups_the_last_one_counts_until_one_is_confirmed(app, token, letters):
    sign_up(name="Anna II", password="another password")
    with pytest.raises(Invalid):
        signup.confirm(STRANGER, token)
    assert signup.confirm(STRANGER, token_of(letters()[-1], "confirm"), "another password").name == "Anna II"


def test_two_sign_ups_at_once_make_one_user(app):
    barrier = threading.Barrier(3)

    def act() -> None:
        with app.app_context():
            barrier.wait()
            sign_up()

    threads = [threading.Thread(target=act) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert user().email == ANNA and db.session.scalar(select(func.count(Mail.id))) == 3


def test_another_letter_is_sent_to_who_asks_and_waits(app, token, letters):
    signup.resend("ANNA@example.com", "en")
    signup.resend("nobody@example.com", "en")
    assert [letter["To"] for letter in letters()] == [ANNA, ANNA]
    signup.confirm(STRANGER, token)
    signup.resend(ANNA, "en")
    assert len(letters()) == 2


def test_another_password_ends_the_sessions_and_the_link(app, boris, letters):
    session = boris.get_id()
    signup.ask_reset(boris.email, "en")
    token = token_of(letters()[-1], "reset")
    with pytest.raises(Invalid, match="at least"):
        signup.choose_password(STRANGER, "reset", token, "short")
    signup.choose_password(STRANGER, "reset", token, "another password")
    assert users.by_session(session) is None
    assert passwords.verify(user(boris.email).password_hash, "another password")
    with pytest.raises(Invalid, match="does not work"):
        signup.choose_password(STRANGER, "reset", token, "a third password")


def test_a_link_for_a_new_password_confirms_the_e_mail_too(app, token, letters):
    signup.ask_reset(ANNA, "en")
    signup.choose_password(STRANGER, "reset", token_of(letters()[-1], "reset"), "another password")
    assert user().is_confirmed and user().customer_id
    with pytest.raises(Invalid):
        signup.confirm(STRANGER, token)


def test_who_may_not_sign_in_any_more_gets_no_new_password(app, boris, letters):
    users.update(people.CLI, boris.id, active=False)
    signup.ask_reset(boris.email, "en")
    assert letters() == []


def test_staff_invite_a_customer_who_chooses_a_password(app, boris, letters):
    anna = people.add("Анна Иванова", email=ANNA)
    sign_ins.invite(Actor(boris.id, "test"), anna.id, ANNA, "en")
    assert user().customer_id == anna.id and not user().is_confirmed and welcome.welcome_all() == 0
    token = token_of(letters()[-1], "welcome")
    signup.choose_password(STRANGER, "invite", token, "another password")
    assert user().is_confirmed and welcome.welcome_all() == 1
    with pytest.raises(Invalid):
        sign_ins.invite(Actor(boris.id, "test"), anna.id, ANNA, "en")


def test_a_stranger_who_signs_up_as_the_invited_changes_nothing(app, boris, letters):
    anna = people.add("Анна Иванова", email=ANNA)
    sign_ins.invite(Actor(boris.id, "test"), anna.id, ANNA, "en")
    token = token_of(letters()[-1], "welcome")
    sign_up(name="Mallory", password="mallory's password")
    assert [letter["Subject"] for letter in letters()] == ["Your wallet is open to you"] * 2
    assert signup.choose_password(STRANGER, "invite", token, "another password").name == "Анна Иванова"


def test_nobody_is_invited_by_an_address_that_is_not_the_customers(app, boris, alice):
    anna = people.add("Анна Иванова", email=ANNA)
    other = people.add("Boris", email=boris.email)
    for customer, email in [(anna, "mallory@example.com"), (anna, ""), (other, boris.email)]:
        with pytest.raises(Invalid) as why:
            sign_ins.invite(Actor(alice.id, "test"), customer.id, email, "en")
        assert list(why.value.fields) == ["email"]


def test_a_customer_whom_an_administrator_adds_has_a_customer_behind_them(app):
    made = users.create(people.CLI, ANNA, "Anna", "customer", PASSWORD)
    assert made.is_confirmed and customers.get(made.customer_id).name == "Anna"
    assert users.list_users() == []  # that is of those who work here
    users.update(people.CLI, made.id, role="viewer")
    assert user().customer_id is None and user().role == "viewer"
    users.update(people.CLI, made.id, role="customer")
    assert user().customer_id is not None


def test_a_customer_who_signs_in_is_archived_and_not_deleted(app):
    made = users.create(people.CLI, ANNA, "Anna", "customer", PASSWORD)
    assert customers.delete(people.CLI, made.customer_id) is False
    assert customers.get(made.customer_id).status == "archived"


def test_no_wallet_is_opened_and_no_secret_is_kept_while_nothing_is_confirmed(app, token):
    with db.engine.connect() as connection:
        rows = repr([connection.execute(select(table)).all() for table in (User.__table__, Mail.__table__)])
    assert token not in rows and PASSWORD not in rows
    assert db.session.scalar(select(func.count(Account.id)).where(Account.customer_id.is_not(None))) == 0


def test_a_mailbox_gets_few_letters_however_often_somebody_asks(app, letters):
    for _time in range(mails.HOURLY + 2):
        sign_up()
    assert len(letters()) == mails.HOURLY
