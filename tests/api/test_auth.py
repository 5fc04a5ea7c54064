"""Signing up and in by program: from nobody to a token, step by step, and none of the steps left out."""

import pytest

from crm.db import atomic
from crm.models import User
from crm.services import welcome
from tests import money, people
from tests.api.programs import Program
from tests.conftest import PASSWORD
from tests.postbox import post, token_of

ANNA = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD}
LOGIN = {"email": "anna@example.com", "password": PASSWORD}


@pytest.fixture
def letters(app):
    return lambda: post(app.config["CRM_INSTANCE"])


@pytest.fixture
def anna(stranger: Program, letters) -> Program:
    """A program of Anna's, who has signed up, confirmed her e-mail and signed in."""
    stranger.post("/auth/signup", ANNA)
    stranger.post("/auth/confirm", {"token": token_of(letters()[-1], "confirm")})
    return Program(stranger.app, stranger.post("/auth/login", LOGIN).json["token"])


def test_from_nobody_to_a_token(stranger: Program, letters):
    answer = stranger.post("/auth/signup", ANNA)
    assert answer.status_code == 202 and list(answer.json) == ["detail"]
    refused = stranger.post("/auth/login", LOGIN)
    assert refused.status_code == 403 and "Confirm your e-mail" in refused.json["detail"]
    confirmed = stranger.post("/auth/confirm", {"token": token_of(letters()[-1], "confirm")})
    assert (confirmed.status_code, confirmed.json["email"]) == (200, "anna@example.com")
    signed_in = stranger.post("/auth/login", LOGIN | {"name": "phone", "scopes": ["read"]})
    assert (signed_in.status_code, signed_in.json["name"], signed_in.json["scopes"]) == (200, "phone", ["read"])
    me = Program(stranger.app, signed_in.json["token"]).get("/me").json
    assert (me["role"], me["customer_id"]) == ("customer", confirmed.json["customer_id"])
    welcome.welcome_all()
    assert [row[2] for row in money.rows("accounts") if confirmed.json["customer_id"] in row]


def test_to_sign_out_ends_the_token(anna: Program):
    assert anna.get("/me").status_code == 200
    assert anna.post("/auth/logout").status_code == 204
    assert anna.get("/me").status_code == 401


def test_a_token_of_a_login_expires(anna: Program):
    assert anna.get("/me").json["token"]["expires_at"]


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"email": "nobody@example.com"}, {"email": "x"}])
def test_who_does_not_know_the_password_gets_no_token(anna: Program, stranger: Program, wrong):
    answer = stranger.post("/auth/login", LOGIN | wrong)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json["detail"] == "The e-mail or the password is wrong."


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("signup", ANNA | {"email": "x"}, "email"),
        ("signup", ANNA | {"password": "short"}, "password"),
        ("signup", ANNA | {"name": " "}, "name"),
        ("signup", ANNA | {"role": "admin"}, "role"),
        ("signup", {"name": "Anna", "email": 1, "password": PASSWORD}, "email"),
        ("confirm", {"token": "x"}, "token"),
        ("confirm", {"token": "x" * 100_000}, "token"),
        ("login", LOGIN | {"scopes": ["everything"]}, "scopes.0"),
        ("login", {"email": "anna@example.com"}, "password"),
        ("reset", {"email": "x"}, "email"),
        ("resend", {"email": ""}, "email"),
        ("reset/confirm", {"token": "й", "password": PASSWORD}, "token"),
    ],
)
def test_what_is_wrong_is_told_by_field(stranger: Program, path, body, field):
    answer = stranger.post(f"/auth/{path}", body)
    assert answer.status_code == 422 and list(answer.json["errors"]) == [field]


def test_answers_do_not_tell_who_is_known(stranger: Program, boris):
    for path, more in (("signup", {"name": "A", "password": PASSWORD}), ("reset", {}), ("resend", {})):
        known, unknown = (
            stranger.post(f"/auth/{path}", more | {"email": email}) for email in (boris.email, "nobody@example.com")
        )
        assert (known.status_code, known.json) == (unknown.status_code, unknown.json)


def test_another_password(anna: Program, stranger: Program, letters):
    assert stranger.post("/auth/reset", {"email": "anna@example.com"}).status_code == 202
    token = token_of(letters()[-1], "reset")
    body = {"token": token, "password": "another password"}
    assert stranger.post("/auth/reset/confirm", body | {"password": "short"}).status_code == 422
    assert stranger.post("/auth/reset/confirm", body).status_code == 200
    assert stranger.post("/auth/reset/confirm", body).status_code == 422
    assert stranger.post("/auth/login", LOGIN).status_code == 401
    assert stranger.post("/auth/login", LOGIN | {"password": "another password"}).status_code == 200


def test_the_letter_is_sent_once_more(stranger: Program, letters):
    stranger.post("/auth/signup", ANNA)
    stranger.post("/auth/resend", {"email": "anna@example.com"})
    assert [letter["Subject"] for letter in letters()] == ["Confirm your e-mail"] * 2


def test_a_token_is_worth_nothing_while_the_e_mail_is_not_confirmed(anna: Program):
    with atomic() as session:
        session.query(User).filter_by(email="anna@example.com").one().email_confirmed_at = None
    assert anna.get("/me").status_code == 401


def test_where_signing_up_is_switched_off_the_call_is_not_there(app, stranger: Program, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_SIGNUP", False)
    assert stranger.post("/auth/signup", ANNA).status_code == 404


def test_staff_sign_in_too(stranger: Program, boris):
    token = stranger.post("/auth/login", {"email": boris.email, "password": PASSWORD}).json["token"]
    assert Program(stranger.app, token).get("/customers").status_code == 200


def test_a_customer_without_a_customer_sees_nobody_and_moves_nothing(program_of, carla):
    anna = people.add("Anna")
    wallet = money.wallet_of(anna.id, balance=500)
    program = program_of(carla)
    assert carla.customer_id is None and program.get("/me").json["customer_id"] is None
    for path in ("/customers", "/accounts", "/operations?commission=true", "/payments"):
        assert (path, program.get(path).json["items"]) == (path, [])
    for path in (f"/customers/{anna.id}", f"/accounts/{wallet}", f"/accounts/{wallet}/operations"):
        assert program.get(path).status_code == 404
    order = {"kind": "spend", "from_account": wallet, "amount": "1.00"}
    assert program.post("/payments", order, Idempotency_Key="a key").status_code in (403, 404, 422)
    assert money.SERVICE.balance(wallet) == 500
