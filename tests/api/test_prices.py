"""What it costs to move money, for programs: rates and rules added, listed, refused."""

from datetime import timedelta

import pytest

from crm.db import utcnow

RATE = {"from_currency": "RUB", "to_currency": "USD", "rate": "0.0108", "spread": "1.5"}
RULE = {"payment_kind": "transfer", "currency": "RUB", "percent": "1.5", "min": "30.00", "max": "100"}


@pytest.fixture
def admin(program_of, alice):
    return program_of(alice)


def test_a_rate_is_added_and_listed(admin, alice):
    made = admin.post("/rates", RATE)
    assert made.status_code == 201
    assert made.json.items() >= (RATE | {"created_by": alice.id}).items()
    assert admin.get("/rates?from_currency=RUB&rate__lt=0.02&spread=1.5").json["items"] == [made.json]
    assert admin.get("/rates?rate__gt=0.0108").json["items"] == []


def test_a_rate_may_begin_later(admin):
    begins = (utcnow() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert admin.post("/rates", RATE | {"valid_from": begins}).json["valid_from"] == begins


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rate": "0"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"rate": "1000000000000"}, "rate"),
        ({"rate": 0.5}, "rate"),
        ({"rate": "1,5"}, "rate"),
        ({"spread": "100"}, "spread"),
        ({"to_currency": "RUB"}, "to_currency"),
        ({"from_currency": "XXX"}, "from_currency"),
        ({"valid_from": "2026-01-01"}, "valid_from"),
        ({"valid_from": "2026-01-01T09:00:00"}, "valid_from"),
        ({"color": "red"}, "color"),
    ],
)
def test_a_rate_that_cannot_be_is_refused_at_its_field(admin, change, field):
    refused = admin.post("/rates", RATE | change)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    assert admin.get("/rates").json["items"] == []


def test_a_rule_is_added_and_listed(admin):
    made = admin.post("/commission-rules", RULE)
    assert made.status_code == 201
    wanted = RULE | {"max": "100.00", "fixed": "0.00", "source": None, "ended_at": None}
    assert made.json.items() >= wanted.items()
    assert admin.get("/commission-rules?min=30&payment_kind=transfer").json["items"] == [made.json]
    general = admin.post("/commission-rules", {"payment_kind": "spend", "percent": "2"}).json
    assert (general["currency"], general["min"], general["max"]) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"percent": "101"}, "percent"),
        ({"min": "200"}, "max"),
        ({"min": "1.001"}, "min"),
        ({"currency": None}, "min"),
        ({"payment_kind": "reversal"}, "payment_kind"),
        ({"source": "cash"}, "source"),
        ({"source": "pigeon"}, "source"),
        ({"valid_from": "2020-01-01T00:00:00Z"}, "valid_from"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_its_field(admin, change, field):
    refused = admin.post("/commission-rules", RULE | change)
    assert refused.status_code == 422 and field in refused.json["errors"]
    assert admin.get("/commission-rules").json["items"] == []


def test_currencies_are_listed_with_their_decimals(customer_program):
    found = customer_program.get("/currencies").json["items"]
    assert {"code": "RUB", "exponent": 2} in found
