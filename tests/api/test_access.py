"""Who may call what: one table of call × who calls, walked against the URL map."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask, url_for
from sqlalchemy import select

from crm.db import at, atomic, db, utcnow
from crm.models import Token
from crm.services import proofs
from tests import money, people, uploads
from tests.api.programs import Program, token_of

STAFF = ("viewer", "manager", "admin")
# What stands below is the status for each of these, in this order; those in `NOBODY` get a 401 for every call.
WHO = (*STAFF, "customer", "read", "write", "money", "admin scope")
NOBODY = ("anonymous", "expired", "revoked", "session")
READ = (200, 200, 200, 404, 200, 403, 403, 403)  # Carla is of the role, but no customer yet
WRITE = (403, 200, 200, 404, 403, 200, 403, 403)
ADMIN = (403, 403, 200, 404, 403, 403, 403, 200)
OWN_READ = (200, 200, 200, 200, 200, 403, 403, 403)
OWN_ADMIN = (200, 200, 200, 200, 403, 403, 403, 200)
MONEY = (403, 200, 200, 200, 403, 403, 200, 403)
ANYBODY = (200, 200, 200, 200, 200, 200, 200, 200)


def sent(status: int, row: tuple[int, ...]) -> tuple[int, ...]:
    """The row with another status for those who are let in: what an empty object is answered with."""
    return tuple(status if one == 200 else one for one in row)


IMPORT = (403, 200, 200, 404, 403, 200, 200, 403)
TABLE = {
    ("import_list", "GET"): READ,
    ("import_create", "POST"): sent(415, IMPORT),
    ("import_get", "GET"): READ,
    ("import_rows", "GET"): READ,
    ("import_start", "POST"): (403, 409, 409, 404, 403, 409, 403, 403),  # it goes on by itself; no balance is in it
    ("import_cancel", "POST"): sent(202, IMPORT),
    ("import_undo", "POST"): (403, 409, 409, 404, 403, 409, 403, 403),  # nothing is in yet, and no balance would be
    ("import_errors", "GET"): READ,
    ("openapi", "GET"): ANYBODY,
    ("docs", "GET"): ANYBODY,
    ("me", "GET"): ANYBODY,
    ("auth_signup", "POST"): sent(422, ANYBODY),
    ("auth_resend", "POST"): sent(422, ANYBODY),
    ("auth_confirm", "POST"): sent(422, ANYBODY),
    ("auth_login", "POST"): sent(422, ANYBODY),
    ("auth_reset", "POST"): sent(422, ANYBODY),
    ("auth_reset_confirm", "POST"): sent(422, ANYBODY),
    ("token_list", "GET"): OWN_READ,
    ("token_create", "POST"): sent(422, OWN_ADMIN),
    ("token_delete", "DELETE"): sent(404, OWN_ADMIN),  # it is nobody's of these
    ("customer_list", "GET"): OWN_READ,
    ("customer_create", "POST"): sent(422, WRITE),
    ("customer_get", "GET"): READ,
    ("customer_update", "PATCH"): sent(428, WRITE),
    ("customer_delete", "DELETE"): sent(204, WRITE),
    ("channel_create", "POST"): sent(422, WRITE),
    ("channel_delete", "DELETE"): sent(204, WRITE),
    ("account_list", "GET"): OWN_READ,
    ("account_create", "POST"): sent(422, WRITE),
    ("account_get", "GET"): READ,  # it is another customer's
    ("account_update", "PATCH"): WRITE,
    ("account_operations", "GET"): READ,
    ("account_statement", "GET"): sent(422, OWN_READ),
    ("technical_report", "GET"): sent(422, READ),
    ("operation_list", "GET"): OWN_READ,
    ("proof_list", "GET"): READ,
    ("proof_create", "POST"): sent(202, ADMIN),
    ("proof_get", "GET"): READ,
    ("currency_list", "GET"): OWN_READ,
    ("rate_list", "GET"): OWN_READ,
    ("rate_create", "POST"): sent(422, ADMIN),
    ("rule_list", "GET"): OWN_READ,
    ("rule_create", "POST"): sent(422, ADMIN),
    ("export_create", "POST"): sent(422, READ),
    ("export_get", "GET"): sent(404, READ),  # it is nobody's of these
    ("export_cancel", "POST"): sent(404, READ),
    ("export_file", "GET"): sent(404, READ),
    ("payment_list", "GET"): OWN_READ,
    ("payment_create", "POST"): sent(422, MONEY),
    ("payment_batch", "POST"): sent(422, MONEY),
    ("payment_reverse", "POST"): sent(400, (403, 403, 200, 404, 403, 403, 200, 403)),
    ("payment_get", "GET"): READ,
    ("payment_follow", "GET"): sent(501, READ),  # the tests' client has no socket
    ("payments_follow", "GET"): sent(501, READ),
    ("auth_logout", "POST"): sent(204, ANYBODY),  # the last one, for it ends what it is called with
}
WITH_A_COOKIE = {"payment_get", "payment_follow", "payments_follow"}  # pages ask them too
SOCKETS = {"payment_follow", "payments_follow"}
TOKEN_LATER = {"payment_follow"}  # whoever comes without one is heard first
PUBLIC = {
    "openapi",
    "docs",
    "auth_signup",
    "auth_resend",
    "auth_confirm",
    "auth_login",
    "auth_reset",
    "auth_reset_confirm",
}


@pytest.fixture
def programs(app: Flask, alice, boris, vera, carla) -> dict[str, Program]:
    """One of each that may be let in; the narrowed tokens are the administrator's."""
    secrets = {
        "viewer": token_of(vera), "manager": token_of(boris), "admin": token_of(alice), "customer": token_of(carla),
        "read": token_of(alice, "read"), "write": token_of(alice, "write"), "money": token_of(alice, "money"),
        "admin scope": token_of(alice, "admin"),
    }  # fmt: skip
    return {who: Program(app, secret) for who, secret in secrets.items()}


@pytest.fixture
def address(app: Flask) -> Callable[[str], str]:
    """`address(endpoint)` leads to a row that is there; to another one each time where the call deletes it."""
    payment = money.SERVICE.deposit(money.wallet_of(people.add("Anna").id), 100).payment_id
    upload = uploads.accept("name\nAnna\n").id
    proof = proofs.request(people.CLI, "full").id

    def make(endpoint: str) -> str:
        customer = people.add("Anna", telegram="anna_i", allow_duplicate=True)
        pks = {
            "customer": customer.id,
            "channel": customer.channels[0].id,
            "payment": uuid.UUID(payment),
            "token": 2**40,
            "import": upload,
            "export": 2**40,
            "proof": proof,
        }
        pks["channel_create"] = customer.id
        pks["account"] = money.wallet_of(customer.id)
        pk = pks.get(endpoint, pks.get(endpoint.partition("_")[0]))
        rule = next(app.url_map.iter_rules(f"api.{endpoint}"))
        with app.test_request_context():
            return urlsplit(url_for(f"api.{endpoint}", **({"pk": pk} if rule.arguments else {}))).path

    return make


def ask(program: Program, endpoint: str, method: str, path: str) -> int:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"} if endpoint in SOCKETS else {}
    return program.call(method, path, {} if method in ("POST", "PATCH") else None, **headers).status_code


def test_every_call_is_in_the_table(app):
    calls = {
        (rule.endpoint.removeprefix("api."), method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith("api.")
    }
    assert calls == set(TABLE)


def test_each_gets_what_the_table_says(programs, address):
    got = {call: tuple(ask(programs[who], *call, address(call[0])) for who in WHO) for call in TABLE}
    assert got == TABLE


def test_nobody_is_let_in_without_a_token_that_is_good(app, alice, client_of, address):
    secrets = {"expired": token_of(alice, expires_at=utcnow() + timedelta(hours=1)), "revoked": token_of(alice)}
    with atomic():
        revoked = db.session.scalar(select(Token).where(Token.prefix == secrets["revoked"][:12]))
        revoked.revoked_at = utcnow()
    browser = client_of(alice)
    with at(utcnow() + timedelta(hours=2)):
        for endpoint, method in TABLE.keys() - {call for call in TABLE if call[0] in PUBLIC}:
            path = address(endpoint)
            for who in ("anonymous", "expired", "revoked"):
                status = 501 if endpoint in TOKEN_LATER and who == "anonymous" else 401
                got = ask(Program(app, secrets.get(who)), endpoint, method, path)
                assert (endpoint, who, got) == (endpoint, who, status)
            if endpoint not in WITH_A_COOKIE:
                answer = browser.open(path, method=method, json={} if method in ("POST", "PATCH") else None)
                assert (endpoint, answer.status_code) == (endpoint, 401)


def test_pages_ask_for_payments_with_their_cookie_but_not_from_elsewhere(client_of, vera, carla, address):
    browser, upgrade = client_of(vera), {"Connection": "Upgrade", "Upgrade": "websocket"}
    assert browser.get(address("payment_get")).status_code == 200
    assert client_of(carla).get(address("payment_get")).status_code == 404
    for endpoint in SOCKETS:
        assert browser.get(address(endpoint), headers=upgrade).status_code == 501
        foreign = browser.get(address(endpoint), headers=upgrade | {"Origin": "https://elsewhere.example"})
        assert foreign.status_code == 403
