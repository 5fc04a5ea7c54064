"""Accounts for programs: opened, read, changed, and what a customer sees of them."""

from datetime import timedelta

import pytest

from crm.db import at, utcnow
from tests import money, people


@pytest.fixture
def anna(app):
    return people.add("Anna")


def test_a_wallet_is_opened_and_told_with_what_it_holds(manager, anna):
    made = manager.post("/accounts", {"customer_id": anna.id, "currency": "RUB", "name": " Savings "})
    assert made.status_code == 201 and manager.get(made.headers["Location"]).json == made.json
    pk = made.json["id"]
    assert made.json | {"created_at": ""} == {
        "id": pk, "customer_id": anna.id, "kind": "customer", "code": None, "currency": "RUB", "name": "Savings",
        "status": "open", "balance": "0.00", "held": "0.00", "available": "0.00", "overdraft_limit": "0.00",
        "created_at": "", "last_at": None,
    }  # fmt: skip
    money.SERVICE.deposit(pk, 125_050)
    told = manager.get(f"/accounts/{pk}").json
    assert (told["balance"], told["available"]) == ("1250.50", "1250.50") and told["last_at"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"currency": "RUB"}, "customer_id"),
        ({"customer_id": 1, "currency": "XXX"}, "currency"),
        ({"customer_id": "1", "currency": "RUB"}, "customer_id"),
        ({"customer_id": 1, "currency": "RUB", "balance": "1"}, "balance"),
        ({"customer_id": 1, "currency": "RUB", "name": "x" * 101}, "name"),
    ],
)
def test_what_cannot_be_opened_is_said_at_its_field(manager, anna, body, field):
    refused = manager.post("/accounts", body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    assert manager.get("/accounts?kind=customer").json["items"] == []


def test_a_wallet_of_nobody_is_not_opened(manager):
    assert manager.post("/accounts", {"customer_id": 77, "currency": "RUB"}).status_code == 404


def test_a_balance_is_told_of_any_moment(manager, anna):
    pk = money.wallet_of(anna.id)
    first = utcnow() + timedelta(hours=1)
    for hours in (1, 2):
        with at(first.replace(microsecond=0) + timedelta(hours=hours)):
            money.SERVICE.deposit(pk, 100)
    moments = [(first + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (0, 1.5, 3)]
    found = [manager.get(f"/accounts/{pk}?at={moment}").json["balance"] for moment in moments]
    assert found == ["0.00", "1.00", "2.00"]
    for wrong in ("2026-01-01", "2026-01-01T09:00:00", "now", ""):
        assert list(manager.get(f"/accounts/{pk}?at={wrong}").json["errors"]) == ["at"]


def test_technical_accounts_tell_what_went_through_them(manager, anna):
    money.SERVICE.deposit(money.wallet_of(anna.id), 700, "cash")
    (cash,) = manager.get("/accounts?code=cash&currency=RUB").json["items"]
    assert (cash["kind"], cash["customer_id"], cash["balance"], cash["available"]) == ("technical", None, "-7.00", None)
    assert list(manager.get(f"/accounts/{cash['id']}?at=2026-01-01T09:00:00Z").json["errors"]) == ["at"]


def test_status_and_overdraft_are_for_administrators(program_of, alice, boris, anna):
    path = f"/accounts/{money.wallet_of(anna.id)}"
    manager, admin, narrow = program_of(boris), program_of(alice), program_of(alice, "write")
    assert manager.patch(path, {"name": "Savings"}).json["name"] == "Savings"
    for terms in ({"status": "frozen"}, {"overdraft_limit": "5.00"}):
        assert manager.patch(path, {"name": "Other"} | terms).status_code == 403
        assert narrow.patch(path, terms).status_code == 403
        assert manager.get(path).json["name"] == "Savings"
    told = admin.patch(path, {"status": "frozen", "overdraft_limit": "5.00"}).json
    assert (told["status"], told["overdraft_limit"], told["available"]) == ("frozen", "5.00", "5.00")


def test_a_change_is_made_whole_or_not_at_all(program_of, alice, anna):
    pk = money.wallet_of(anna.id)
    money.SERVICE.deposit(pk, 100)
    admin = program_of(alice)
    refused = admin.patch(f"/accounts/{pk}", {"name": "Old", "status": "closed"})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["status"])
    assert admin.get(f"/accounts/{pk}").json["name"] == ""
    for limit in ("1,00", "-1", "1.001", 5, "1e3", "NaN", ""):
        assert list(admin.patch(f"/accounts/{pk}", {"overdraft_limit": limit}).json["errors"]) == ["overdraft_limit"]
    assert admin.patch("/accounts/1", {"name": "Cash"}).status_code == 404  # technical


def test_a_customer_sees_the_own_wallets_alone(customer_program, own, anna):
    mine, other = money.wallet_of(own.id), money.wallet_of(anna.id)
    assert [one["id"] for one in customer_program.get("/accounts").json["items"]] == [mine]
    assert customer_program.get(f"/accounts/{mine}").json["customer_id"] == own.id
    assert [customer_program.get(f"/accounts/{pk}").status_code for pk in (other, 1, 10**6)] == [404, 404, 404]
    assert customer_program.get(f"/accounts?customer_id={anna.id}").json["items"] == []
