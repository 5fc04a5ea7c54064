"""Holds for programs: reserved, captured whole or in part, voided, refused."""

from datetime import timedelta

import pytest

from crm.db import db, utcnow
from crm.services import holds, posting
from tests import money, people


@pytest.fixture
def wallet(app):
    return money.wallet_of(people.add("Anna").id, balance=100_00)


def held(program, wallet, amount="60.00", key="h-1", **more):
    """The id of a payment that is held."""
    body = {"kind": "spend", "from_account": wallet, "amount": amount, "hold": True, **more}
    made = program.post("/payments", body, Idempotency_Key=key)
    assert made.status_code == 202, made.text
    posting.drain()
    return made.json["id"]


def funds(program, wallet):
    told = program.get(f"/accounts/{wallet}").json
    return told["balance"], told["held"], told["available"]


def test_money_is_reserved_and_a_part_of_it_captured(manager, wallet):
    pk = held(manager, wallet)
    told = manager.get(f"/payments/{pk}").json
    assert (told["status"], told["held_amount"], told["completed_at"]) == ("HELD", "60.00", None)
    assert told["held_at"] and told["hold_expires_at"] and told["operations"] == []
    assert funds(manager, wallet) == ("100.00", "60.00", "40.00")
    done = manager.post(f"/payments/{pk}/capture", {"amount": "25.50"})
    assert (done.status_code, done.json["status"], done.json["amount"]) == (200, "COMPLETED", "25.50")
    assert done.json["held_amount"] == "60.00" and len(done.json["operations"]) == 2
    assert funds(manager, wallet) == ("74.50", "0.00", "74.50")
    money.check_ledger()


def test_a_hold_is_voided_and_nothing_moves(manager, wallet):
    pk = held(manager, wallet)
    done = manager.post(f"/payments/{pk}/void", {"description": "The order was called off"})
    assert (done.status_code, done.json["status"], done.json["operations"]) == (200, "VOIDED", [])
    assert funds(manager, wallet) == ("100.00", "0.00", "100.00")


def test_what_cannot_be_captured_is_refused_by_name_and_nothing_is_written(manager, wallet):
    pk = held(manager, wallet)
    beyond = manager.post(f"/payments/{pk}/capture", {"amount": "60.01"})
    assert (beyond.status_code, beyond.json["code"], list(beyond.json["errors"])) == (422, "exceeds_hold", ["amount"])
    for wrong in ("0", "1.001", "x"):
        refused = manager.post(f"/payments/{pk}/capture", {"amount": wrong})
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["amount"])
    assert funds(manager, wallet) == ("100.00", "60.00", "40.00")
    manager.post(f"/payments/{pk}/capture", {})
    for what in ("capture", "void"):
        again = manager.post(f"/payments/{pk}/{what}", {})
        assert (again.status_code, again.json["code"]) == (409, "already_captured")
    assert funds(manager, wallet) == ("40.00", "0.00", "40.00")


def test_a_hold_that_is_over_is_told_apart(manager, wallet):
    soon = (utcnow() + timedelta(seconds=1)).isoformat()
    pk = held(manager, wallet, expires_at=soon)
    told = manager.get(f"/payments/{pk}").json["hold_expires_at"]
    assert told.startswith(soon[:19])
    deadline = utcnow() + timedelta(seconds=5)
    while holds.expire_due() == 0:
        assert utcnow() < deadline
    db.session.rollback()
    assert manager.get(f"/payments/{pk}").json["status"] == "EXPIRED"
    late = manager.post(f"/payments/{pk}/capture", {})
    assert (late.status_code, late.json["code"]) == (409, "hold_expired")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "deposit", "from_account": None, "to_account": "wallet"}, "hold"),
        ({"hold": False, "expires_at": "2999-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2026-12-01T00:00:00"}, "expires_at"),
        ({"hold": "yes"}, "hold"),
    ],
)
def test_what_cannot_be_held_is_refused_at_its_field(manager, wallet, more, field):
    body = {"kind": "spend", "from_account": wallet, "amount": "60.00", "hold": True} | more
    given = {name: wallet if value == "wallet" else value for name, value in body.items()}
    refused = manager.post("/payments", given, Idempotency_Key="h-1")
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    assert money.rows("holds") == []


def test_holds_are_found_by_what_they_are(manager, wallet):
    pk = held(manager, wallet)
    held(manager, wallet, "70.00", "h-2")  # there is not so much
    found = manager.get("/payments?held_amount__gt=0&status=HELD").json["items"]
    assert [one["id"] for one in found] == [pk]
