"""Who may call what: one table of call × who calls, walked against the URL map."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask, url_for

from crm.db import at, atomic, utcnow
from crm.models import Role, User
from crm.services import exports, proofs, tokens
from crm.services.audit import Actor
from crm.services.exporting.orders import Order
from crm.services.search import Criteria
from tests import money, people, uploads
from tests.api.programs import Program, token_of
from tests.client import Browser
from tests.conftest import person

# What stands below is the status for each of these, in this order. The cookie is Alice's, and so are the narrowed
# tokens; "customer" is Carla, whose things are asked for, and "another" is a customer too.
WHO = (
    *("anonymous", "expired", "revoked", "cookie"),
    *("viewer", "manager", "admin", "customer", "another"),
    *("read", "write", "money", "admin scope"),
)
Row = tuple[int, ...]


def row(staff: Row, customers: Row, scopes: Row, nobody: Row = (401, 401, 401, 401)) -> Row:
    """The statuses in the order of `WHO`."""
    return *nobody, *staff, *customers, *scopes


def sent(status: int, row: Row) -> Row:
    """The row with another status for those who are let in: what an empty object is answered with."""
    return tuple(status if one == 200 else one for one in row)


BY_READ, BY_WRITE, BY_MONEY, BY_ADMIN = (tuple(200 if one == scope else 403 for one in range(4)) for scope in range(4))
READ = row((200, 200, 200), (404, 404), BY_READ)
WRITE = row((403, 200, 200), (404, 404), BY_WRITE)
ADMIN = row((403, 403, 200), (404, 404), BY_ADMIN)
OWN = row((200, 200, 200), (200, 404), BY_READ)  # Carla's, and nothing of anybody else
OWN_LIST = row((200, 200, 200), (200, 200), BY_READ)
OWN_ADMIN = row((200, 200, 200), (200, 200), BY_ADMIN)
MONEY = row((403, 200, 200), (200, 200), BY_MONEY)
IMPORT = row((403, 200, 200), (404, 404), (403, 200, 200, 403))
IMPORT_AGAIN = row((403, 409, 409), (404, 404), (403, 409, 403, 403))  # no balance is in it
EXPORT = row((404, 200, 200), (404, 404), BY_READ)  # it is Boris's, and administrators'
TOKEN = row((404, 404, 404), (200, 404), (403, 403, 403, 404))  # it is Carla's alone
ANYBODY = row((200, 200, 200), (200, 200), (200, 200, 200, 200))
PUBLIC = row((200, 200, 200), (200, 200), (200, 200, 200, 200), (200, 200, 200, 200))
# Pages ask these too, with their cookie; the tests' client has no socket, and one may send its token later.
PAYMENT = row((200, 200, 200), (200, 404), BY_READ, (401, 401, 401, 200))
FOLLOW = sent(501, row((200, 200, 200), (200, 404), BY_READ, (200, 401, 401, 200)))
FOLLOW_ALL = sent(501, row((200, 200, 200), (404, 404), BY_READ, (401, 401, 401, 200)))
TABLE = {
    ("import_list", "GET"): READ,
    ("import_create", "POST"): sent(415, IMPORT),
    ("import_get", "GET"): READ,
    ("import_rows", "GET"): READ,
    ("import_start", "POST"): IMPORT_AGAIN,
    ("import_cancel", "POST"): sent(202, IMPORT),
    ("import_undo", "POST"): IMPORT_AGAIN,
    ("import_undo_preview", "GET"): sent(409, IMPORT),
    ("import_errors", "GET"): READ,
    ("openapi", "GET"): PUBLIC,
    ("docs", "GET"): PUBLIC,
    ("me", "GET"): ANYBODY,
    ("auth_signup", "POST"): sent(422, PUBLIC),
    ("auth_resend", "POST"): sent(422, PUBLIC),
    ("auth_confirm", "POST"): sent(422, PUBLIC),
    ("auth_login", "POST"): sent(422, PUBLIC),
    ("auth_reset", "POST"): sent(422, PUBLIC),
    ("auth_reset_confirm", "POST"): sent(422, PUBLIC),
    ("token_list", "GET"): OWN_LIST,
    ("token_create", "POST"): sent(422, OWN_ADMIN),
    ("token_delete", "DELETE"): sent(204, TOKEN),
    ("customer_list", "GET"): OWN_LIST,
    ("customer_create", "POST"): sent(422, WRITE),
    ("customer_get", "GET"): OWN,
    ("customer_update", "PATCH"): sent(428, WRITE),
    ("customer_delete", "DELETE"): sent(204, WRITE),
    ("channel_create", "POST"): sent(422, WRITE),
    ("channel_delete", "DELETE"): sent(204, WRITE),
    ("account_list", "GET"): OWN_LIST,
    ("account_create", "POST"): sent(422, WRITE),
    ("account_get", "GET"): OWN,
    ("account_update", "PATCH"): WRITE,
    ("account_operations", "GET"): OWN,
    ("account_statement", "GET"): sent(422, OWN_LIST),
    ("technical_report", "GET"): sent(422, READ),
    ("operation_list", "GET"): OWN_LIST,
    ("proof_list", "GET"): READ,
    ("proof_create", "POST"): sent(202, ADMIN),
    ("proof_get", "GET"): READ,
    ("currency_list", "GET"): OWN_LIST,
    ("rate_list", "GET"): OWN_LIST,
    ("rate_create", "POST"): sent(422, ADMIN),
    ("rule_list", "GET"): OWN_LIST,
    ("rule_create", "POST"): sent(422, ADMIN),
    ("export_create", "POST"): sent(422, READ),
    ("export_get", "GET"): EXPORT,
    ("export_file", "GET"): EXPORT,
    ("export_cancel", "POST"): sent(202, EXPORT),
    ("payment_list", "GET"): OWN_LIST,
    ("payment_create", "POST"): sent(422, MONEY),
    ("payment_batch", "POST"): sent(422, MONEY),
    ("payment_reverse", "POST"): sent(400, row((403, 403, 200), (404, 404), BY_MONEY)),
    ("payment_capture", "POST"): sent(409, row((403, 200, 200), (404, 404), BY_MONEY)),  # nothing is held for it
    ("payment_void", "POST"): sent(409, row((403, 200, 200), (404, 404), BY_MONEY)),
    ("payment_get", "GET"): PAYMENT,
    ("payment_follow", "GET"): FOLLOW,
    ("payments_follow", "GET"): FOLLOW_ALL,
    ("auth_logout", "POST"): sent(204, ANYBODY),  # the last one, for it ends what it is called with
}
SOCKETS = {"payment_follow", "payments_follow"}
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket"}
Ask = Callable[[str, str, str], int]  # method, path, who → status


@pytest.fixture
def cast(app: Flask, alice: User, boris: User, vera: User, carla: User) -> dict[str, User]:
    """The people by their roles; Carla and Dora are customers with a confirmed e-mail."""
    dora = person("Dora", Role.CUSTOMER)
    for user in (carla, dora):
        with atomic() as session:
            session.merge(user).customer_id = people.add(user.name, telegram=user.name, allow_duplicate=True).id
    return {"admin": alice, "manager": boris, "viewer": vera, "customer": carla, "another": dora}


@pytest.fixture
def ask(app: Flask, cast: dict[str, User], client_of: Callable[[User], Browser]) -> Ask:
    """`ask(method, path, "viewer")` is the status that she gets."""
    alice, browser = cast["admin"], client_of(cast["admin"])
    secrets: dict[str, str | None] = {role: token_of(user) for role, user in cast.items()}
    secrets |= {f"{scope} scope" if scope == "admin" else scope: token_of(alice, scope)
                for scope in ("read", "write", "money", "admin")}  # fmt: skip
    secrets |= {"anonymous": None, "revoked": token_of(alice)}
    tokens.revoke(people.CLI, alice.id, tokens.of_user(alice.id)[0].id)
    with at(utcnow() - timedelta(hours=2)):
        secrets["expired"] = token_of(alice, expires_at=utcnow() + timedelta(hours=1))

    def call(method: str, path: str, who: str) -> int:
        headers, body = UPGRADE if path.endswith("/ws") else {}, {} if method in ("POST", "PATCH") else None
        if who == "cookie":
            return browser.open(path, method=method, json=body, headers=headers).status_code
        return Program(app, secrets[who]).call(method, path, body, **headers).status_code

    return call


@pytest.fixture
def address(app: Flask, cast: dict[str, User]) -> Callable[[str], str]:
    """`address(endpoint)` leads to a row that is there, of Carla's where it can be hers; to another one each time where
    the call deletes it.
    """
    carla = cast["customer"]
    wallet = money.wallet_of(carla.customer_id)
    export = exports.accept(Actor(cast["manager"].id, "test"), Order("customers", Criteria())).id
    exports.run(export)
    pks = {
        "customer": carla.customer_id,
        "channel_create": carla.customer_id,
        "account": wallet,
        "payment": uuid.UUID(money.SERVICE.deposit(wallet, 100).payment_id),
        "import": uploads.accept("name\nAnna\n").id,
        "export": export,
        "proof": proofs.request(people.CLI, "full").id,
    }
    fresh = {
        "customer_delete": lambda: people.add("Anna").id,
        "channel_delete": lambda: people.add("Anna", telegram="anna_i", allow_duplicate=True).channels[0].id,
        "token_delete": lambda: tokens.create(people.CLI, carla.id, "old")[0].id,
    }

    def make(endpoint: str) -> str:
        rule = next(app.url_map.iter_rules(f"api.{endpoint}"))
        pk: object = fresh[endpoint]() if endpoint in fresh else pks.get(endpoint, pks.get(endpoint.partition("_")[0]))
        with app.test_request_context():
            return urlsplit(url_for(f"api.{endpoint}", **({"pk": pk} if rule.arguments else {}))).path

    return make


def test_every_call_is_in_the_table(app):
    calls = {
        (rule.endpoint.removeprefix("api."), method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith("api.")
    }
    assert calls == set(TABLE)


def test_each_gets_what_the_table_says(ask, address):
    got = {}
    for endpoint, method in TABLE:
        path = address(endpoint)
        got[endpoint, method] = tuple(
            ask(method, address(endpoint) if method == "DELETE" else path, who) for who in WHO
        )
    assert got == TABLE


def test_a_page_from_elsewhere_follows_nothing_with_somebodys_cookie(client_of, vera, address):
    foreign = UPGRADE | {"Origin": "https://elsewhere.example"}
    for endpoint in SOCKETS:
        assert client_of(vera).get(address(endpoint), headers=foreign).status_code == 403
