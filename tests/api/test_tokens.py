"""Tokens: what signs a program in, how far it reaches, and what ends it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from crm.db import at, atomic, db, utcnow
from crm.models import Token, User
from crm.services import tokens
from tests import people
from tests.api.programs import Program, token_of


def test_a_token_signs_its_person_in(manager, boris):
    answer = manager.get("/me")
    assert (answer.status_code, answer.json["email"], answer.json["role"]) == (200, "boris@example.com", "manager")
    assert answer.json["token"]["name"] == "test" and answer.json["token"]["scopes"] == []
    assert "Set-Cookie" not in answer.headers


def test_only_the_hash_is_kept(app, boris):
    secret = token_of(boris)
    assert secret.startswith("crm_") and len(secret) == 47
    kept = str(list(db.session.execute(text("SELECT * FROM tokens")))) + str(
        list(db.session.execute(text("SELECT * FROM audit_entries")))
    )
    assert secret[:12] in kept and secret[12:] not in kept


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer crm_nothing", "Basic {}", "Bearer {}x", "{}", "Bearer crm_\xe9", "Token {}"],
)
def test_whatever_is_no_valid_token_is_a_401_that_says_how_to_sign_in(app, boris, header):
    answer = Program(app, None).get("/me", Authorization=header.format(token_of(boris)))
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="api"')


def test_the_word_bearer_is_known_in_any_case(app, boris):
    assert Program(app).get("/me", Authorization=f"bearer {token_of(boris)}").status_code == 200


def test_a_token_in_the_address_signs_nobody_in(app, boris):
    secret = token_of(boris)
    for name in ("token", "access_token", "api_key"):
        assert Program(app).get(f"/me?{name}={secret}").status_code == 401
    assert Program(app, secret).get(f"/me?access_token={secret}").status_code == 422


def test_a_token_ends_when_it_is_revoked_expires_or_its_person_may_not_sign_in(app, boris):
    revoked, expiring = token_of(boris), token_of(boris, expires_at=utcnow() + timedelta(hours=1))
    pk = db.session.scalar(select(Token.id).where(Token.prefix == revoked[:12]))
    tokens.revoke(people.CLI, boris.id, pk)
    assert Program(app, revoked).get("/me").status_code == 401
    assert Program(app, expiring).get("/me").status_code == 200
    with at(utcnow() + timedelta(hours=2)):
        assert Program(app, expiring).get("/me").status_code == 401
    with atomic() as session:
        session.get(User, boris.id).active = False
    assert Program(app, expiring).get("/me").status_code == 401


def test_a_token_signs_nobody_in_on_a_page(app, alice):
    assert Program(app, token_of(alice)).get("/../../customers/").status_code in (302, 404)
    client = app.test_client(use_cookies=False)
    assert client.get("/customers/", headers={"Authorization": f"Bearer {token_of(alice)}"}).status_code == 302


def test_a_cookie_signs_nobody_in_for_programs(client_of, alice):
    browser = client_of(alice)
    for method, path in (("GET", "/me"), ("GET", "/customers"), ("POST", "/customers"), ("POST", "/tokens")):
        answer = browser.open(f"/api/v1{path}", method=method, json={} if method == "POST" else None)
        assert (path, answer.status_code) == (path, 401)


def test_the_token_counts_where_a_cookie_comes_too(app, client_of, alice, vera):
    browser, path = client_of(alice), "/api/v1/me"
    assert browser.get(path, headers={"Authorization": f"Bearer {token_of(vera)}"}).json["email"] == "vera@example.com"
    assert browser.get(path, headers={"Authorization": "Bearer crm_wrong"}).status_code == 401


def test_the_last_use_is_noted_once_a_minute(app, boris, count_statements):
    program, start = Program(app, token_of(boris)), utcnow()
    program.get("/me")
    with count_statements() as statements:
        program.get("/me")
    assert not any("UPDATE" in statement for statement in statements)
    with at(start + timedelta(minutes=2)):
        program.get("/me")
    token = db.session.scalar(select(Token))
    assert token.last_used_at >= start + timedelta(minutes=2) and token.last_used_from == "127.0.0.1"


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("read", (200, 403, 403)), ("write", (403, 422, 403)), ("money", (403, 403, 403)), ("admin", (403, 403, 422))],
)
def test_no_scope_includes_another(program_of, alice, scope, expected):
    program = program_of(alice, scope)
    calls = (program.get("/customers"), program.post("/customers"), program.post("/tokens"))
    assert tuple(answer.status_code for answer in calls) == expected
    refused = [answer for answer in calls if answer.status_code == 403]
    assert all("insufficient_scope" in answer.headers["WWW-Authenticate"] for answer in refused)
    assert program.get("/me").json["token"]["scopes"] == [scope]


def test_a_scope_gives_no_more_than_the_role(program_of, vera):
    assert program_of(vera, "write").post("/customers", {"name": "Anna"}).status_code == 403


def test_a_token_is_made_shown_once_and_revoked(app, manager):
    made = manager.post(
        "/tokens", {"name": "shop", "scopes": ["money", "read"], "expires_at": "2099-01-01T00:00:00+03:00"}
    )
    assert made.status_code == 201 and made.json["scopes"] == ["read", "money"]
    assert made.json["expires_at"] == "2098-12-31T21:00:00Z"
    listed = manager.get("/tokens?ordering=-id").json["items"]
    assert [token["name"] for token in listed] == ["shop", "test"] and not any("token" in token for token in listed)
    other = Program(app, made.json["token"])
    assert other.get("/tokens").status_code == 200
    assert manager.delete(f"/tokens/{made.json['id']}").status_code == 204
    assert other.get("/tokens").status_code == 401


def test_a_token_gives_no_more_than_it_has(program_of, alice):
    program = program_of(alice, "admin", "read")
    for scopes, status in (([], 422), (["money"], 422), (["read", "write"], 422), (["read"], 201)):
        answer = program.post("/tokens", {"name": "child", "scopes": scopes})
        assert (scopes, answer.status_code) == (scopes, status)


def test_nobody_sees_or_revokes_the_tokens_of_another(program_of, manager, alice, boris):
    pk = manager.get("/me").json["token"]["id"]
    assert program_of(alice).delete(f"/tokens/{pk}").status_code == 404
    assert manager.get("/me").status_code == 200
    assert len(program_of(alice).get("/tokens").json["items"]) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "a\u202e"}, "name"),
        ({"name": "a", "scopes": ["root"]}, "scopes.0"),
        ({"name": "a", "scopes": "read"}, "scopes"),
        ({"name": "a", "expires_at": "2000-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "a", "expires_at": "2099-01-01T00:00:00"}, "expires_at"),
        ({"name": "a", "expires_at": 5}, "expires_at"),
        ({"name": "a", "user_id": 1}, "user_id"),
    ],
)
def test_what_is_wrong_is_named(manager, body, field):
    answer = manager.post("/tokens", body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_the_command_prints_the_token_alone(app, boris):
    runner = app.test_cli_runner()
    result = runner.invoke(
        args=["tokens", "create", "Boris@Example.com", "--name", "cron", "--scope", "read", "--expires", "90d"]
    )
    assert result.exit_code == 0 and len(result.output.split()) == 1
    answer = Program(app, result.output.strip()).get("/me")
    assert answer.json["token"]["scopes"] == ["read"] and answer.json["token"]["expires_at"]
    for wrong in (["nobody@example.com", "--name", "a"], ["boris@example.com", "--name", "a", "--expires", "soon"]):
        assert runner.invoke(args=["tokens", "create", *wrong]).exit_code != 0
