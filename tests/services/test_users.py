"""Laws of the people who sign in."""

import threading

import pytest

from crm.db import db
from crm.errors import Invalid, NotFound
from crm.models import AuditEntry, Role, User
from crm.services import passwords, users
from crm.services.audit import Actor
from tests.conftest import PASSWORD

CLI = Actor(None, "cli")
GOOD = "a long enough one"


def fields_refused(function, *args, **kwargs) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refusal:
        function(*args, **kwargs)
    db.session.rollback()
    return refusal.value.fields


def trail(pk: int) -> list[tuple[str, dict]]:
    entries = db.session.query(AuditEntry).filter_by(entity="user", entity_id=str(pk)).order_by(AuditEntry.id)
    return [(entry.action, entry.changes) for entry in entries]


def test_who_is_created_can_sign_in(app, alice):
    user = users.create(Actor(alice.id, "10.0.0.1"), "Ivan@Example.com", "  Ivan  ", "manager", GOOD)
    assert users.authenticate("ivan@example.COM ", GOOD).id == user.id
    assert (user.email, user.name, user.role) == ("ivan@example.com", "Ivan", "manager")
    created = {"email": [None, "ivan@example.com"], "name": [None, "Ivan"], "role": [None, "manager"]}
    assert trail(user.id) == [("user.created", created)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "ivan"),
        ("email", "ivan@example"),
        ("email", "a@b.ru\x00"),
        ("email", "x" * 260 + "@example.com"),
        ("email", "и" * 300 + "@example.com"),
        ("name", "x" * 201),
        ("name", "a\x00b"),
        ("role", ""),
        ("role", "owner"),
        ("role", "Admin"),
        ("password", ""),
        ("password", "nine char"),
        ("password", "x" * 201),
        ("password", "Ivan@example.com"),
    ],
)
def test_a_bad_field_is_refused_by_name_and_nothing_is_written(app, field, value):
    given = {"email": "ivan@example.com", "name": "Ivan", "role": "viewer", "password": GOOD} | {field: value}
    assert list(fields_refused(users.create, CLI, **given)) == [field]
    assert db.session.query(User).count() == db.session.query(AuditEntry).count() == 0


def test_all_that_is_wrong_is_said_at_once(app):
    assert set(fields_refused(users.create, CLI, "?", "\x01", "?", "?")) == {"email", "name", "role", "password"}


def test_an_email_belongs_to_one_person_however_it_is_written(app, boris):
    assert list(fields_refused(users.create, CLI, "BORIS@example.com", "", "viewer", GOOD)) == ["email"]
    assert db.session.query(User).count() == 1


def test_a_password_is_kept_as_a_hash_only(app):
    user = users.create(CLI, "ivan@example.com", "", "viewer", GOOD)
    users.update(CLI, user.id, password=GOOD + "!")
    assert user.password_hash.startswith("$argon2id$")
    assert GOOD not in repr([user.password_hash, trail(user.id)])


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("boris@example.com", "wrong"),
        ("boris@example.com", ""),
        ("boris@example.com", "\ud800" * 20),
        ("boris@example.com", PASSWORD + "\x00"),
        ("nobody@example.com", PASSWORD),
        ("boris\x00@example.com", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("", ""),
    ],
)
def test_wrong_credentials_are_nobody(app, boris, email, password):
    assert users.authenticate(email, password) is None


def test_the_inactive_cannot_sign_in_and_their_sessions_end(app, alice, boris):
    session = boris.get_id()
    assert users.by_session(session) == boris
    users.update(Actor(alice.id, "ip"), boris.id, active=False)
    assert users.authenticate("boris@example.com", PASSWORD) is None
    assert users.by_session(session) is None


def test_an_unknown_email_costs_one_verification_as_a_known_one_does(app, boris, monkeypatch):
    verified = []
    hasher = type(passwords._hasher())
    verify = hasher.verify
    monkeypatch.setattr(hasher, "verify", lambda self, *args: verified.append(args) or verify(self, *args))
    for email in ("boris@example.com", "nobody@example.com", "not an e-mail"):
        users.authenticate(email, "wrong password")
    assert len(verified) == 3
    parameters = {password_hash.rsplit("$", 2)[0] for password_hash, _password in verified}
    assert len(parameters) == 1


def test_signing_in_is_noted_with_the_address(app, boris):
    users.note_sign_in(Actor(boris.id, "10.0.0.7"))
    entry = db.session.query(AuditEntry).one()
    assert (entry.action, entry.origin, entry.actor_id) == ("user.signed_in", "10.0.0.7", boris.id)
    assert boris.last_login_at is not None


def test_a_hash_with_old_parameters_is_renewed_at_sign_in(app, boris, monkeypatch):
    old, session = boris.password_hash, boris.get_id()
    monkeypatch.setitem(app.config, "ARGON2_COST", (2, 16, 1))
    assert users.authenticate("boris@example.com", PASSWORD) is boris
    assert boris.password_hash != old and "m=16,t=2,p=1" in boris.password_hash
    assert users.by_session(session) is boris
    assert users.authenticate("boris@example.com", PASSWORD) is boris


def test_without_a_setting_the_cost_is_the_low_memory_profile_of_rfc_9106(app, monkeypatch):
    monkeypatch.delitem(app.config, "ARGON2_COST")
    assert passwords.hash_password(GOOD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_new_password_ends_all_sessions_and_the_old_password(app, alice, boris):
    session = boris.get_id()
    users.set_password(Actor(alice.id, "ip"), boris.id, GOOD)
    assert users.by_session(session) is None
    assert users.authenticate("boris@example.com", PASSWORD) is None
    assert users.authenticate("boris@example.com", GOOD) == boris
    assert trail(boris.id) == [("user.password_changed", {})]


def test_changing_the_own_password_asks_for_the_present_one(app, boris):
    actor = Actor(boris.id, "ip")
    assert list(fields_refused(users.change_own_password, actor, boris.id, "wrong", GOOD)) == ["current"]
    assert list(fields_refused(users.change_own_password, actor, boris.id, PASSWORD, "short")) == ["new"]
    assert users.authenticate("boris@example.com", PASSWORD)
    changed = users.change_own_password(actor, boris.id, PASSWORD, GOOD)
    assert users.authenticate("boris@example.com", GOOD) == changed
    assert trail(boris.id) == [("user.password_changed", {})]


@pytest.mark.parametrize(
    "session", ["", "1", "1.", ".", "1.wrong", "x.y", "²." + "k" * 22, "9" * 30 + ".k", "999.k", "-1.k"]
)
def test_a_session_that_nobody_was_given_is_nobody(app, boris, session):
    assert users.by_session(session) is None


def test_an_update_changes_what_is_given_and_records_what_differs(app, alice, boris):
    users.update(Actor(alice.id, "ip"), boris.id, name="Boris B.", role="manager")
    assert (boris.name, boris.role, boris.active) == ("Boris B.", "manager", True)
    assert trail(boris.id) == [("user.updated", {"name": ["Boris", "Boris B."]})]


def test_an_update_refuses_a_bad_field_and_writes_nothing_of_the_rest(app, alice, boris):
    given = {"name": "New", "role": "owner", "password": "short"}
    assert set(fields_refused(users.update, CLI, boris.id, **given)) == {"role", "password"}
    assert boris.name == "Boris" and trail(boris.id) == []


def test_nobody_is_not_found(app):
    for call in (
        lambda: users.get(5),
        lambda: users.update(CLI, 5, name="x"),
        lambda: users.set_password(CLI, 5, GOOD),
    ):
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize(("field", "value"), [("role", "manager"), ("active", False)])
def test_the_last_active_administrator_stays(app, alice, boris, field, value):
    inactive = users.create(CLI, "second@example.com", "", "admin", GOOD)
    users.update(CLI, inactive.id, active=False)
    assert list(fields_refused(users.update, CLI, alice.id, **{field: value})) == [field]
    assert alice.role == Role.ADMIN and alice.active
    users.update(CLI, inactive.id, active=True)
    users.update(CLI, alice.id, **{field: value})
    assert getattr(alice, field) == value


def test_of_two_administrators_who_demote_each_other_at_once_one_stays(app, alice):
    other = users.create(CLI, "second@example.com", "", "admin", GOOD)
    start, refusals = threading.Barrier(2), []

    def demote(pk: int) -> None:
        with app.app_context():
            start.wait()
            try:
                users.update(CLI, pk, role="viewer")
            except Invalid as refusal:
                refusals.append(refusal)

    threads = [threading.Thread(target=demote, args=(pk,)) for pk in (alice.id, other.id)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.expire_all()
    assert len(refusals) == 1
    assert sorted(user.role for user in users.list_users()) == ["admin", "viewer"]


def test_a_profile_keeps_name_language_and_theme(app, vera):
    users.update_profile(Actor(vera.id, "ip"), vera.id, "Vera V.", "ru", "dark")
    assert (vera.name, vera.locale, vera.theme) == ("Vera V.", "ru", "dark")
    users.update_profile(Actor(vera.id, "ip"), vera.id, "Vera V.", "", "dark")
    assert vera.locale is None
    assert [changes for _action, changes in trail(vera.id)][-1] == {"locale": ["ru", None]}


def test_a_profile_refuses_unknown_languages_and_themes(app, vera):
    refused = fields_refused(users.update_profile, Actor(vera.id, "ip"), vera.id, "\x02", "xx", "pink")
    assert set(refused) == {"name", "locale", "theme"}
    assert (vera.locale, vera.theme) == (None, "auto")


def test_the_first_administrator_is_made_once(app):
    user, password = users.first_admin("", None)
    assert (user.email, user.role) == ("admin@example.com", "admin")
    assert users.authenticate("admin@example.com", password) == user
    assert users.first_admin("other@example.com", GOOD) is None
    assert users.list_users() == [user]


def cli(app, *words: str, stdin: str = ""):
    from crm.cli.users import users as group

    return app.test_cli_runner().invoke(group, words, input=stdin)


def test_the_command_creates_a_user(app):
    result = cli(app, "create", "Ivan@example.com", "--role", "admin", "--password-stdin", stdin=f"{GOOD}\n")
    assert (result.exit_code, result.output) == (0, "ivan@example.com can sign in now, as admin.\n")
    assert users.authenticate("ivan@example.com", GOOD).role == "admin"


@pytest.mark.parametrize(
    ("words", "stdin"), [(["ivan", "--role", "admin"], GOOD), (["a@b.ru", "--role", "admin"], "short")]
)
def test_the_command_says_what_is_wrong_in_one_sentence(app, words, stdin):
    result = cli(app, "create", *words, "--password-stdin", stdin=stdin)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ") and result.output.count("\n") == 1
    assert users.list_users() == []


def test_the_command_for_the_first_administrator_prints_a_password_that_works(app):
    result = cli(app, "first")
    email, password = (line.rsplit(" ", 1)[1] for line in result.output.splitlines())
    assert result.exit_code == 0
    assert users.authenticate(email, password)
    again = cli(app, "first")
    assert (again.exit_code, again.output) == (0, "")


def test_a_password_that_was_given_for_the_first_administrator_is_not_printed(app, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_ADMIN_EMAIL", "owner@example.com")
    monkeypatch.setitem(app.config, "CRM_ADMIN_PASSWORD", GOOD)
    result = cli(app, "first")
    assert result.exit_code == 0 and "owner@example.com" in result.output and GOOD not in result.output
    assert users.authenticate("owner@example.com", GOOD)


def test_a_bad_first_administrator_stops_with_a_sentence(app, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_ADMIN_PASSWORD", "short")
    result = cli(app, "first")
    assert result.exit_code == 1
    assert result.output == "Error: The first administrator: Use at least 10 characters.\n"


def test_a_database_that_was_never_migrated_is_told_in_a_sentence(bare):
    result = cli(bare, "first")
    assert result.exit_code == 1
    assert result.output.startswith("Error: The database cannot be used (") and result.output.count("\n") == 1
