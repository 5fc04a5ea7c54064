"""Operations for programs: lines of payments, with commission where it is wanted."""

import pytest

from crm.services import commission_rules
from crm.services.commission_terms import RuleData
from tests import money, people


@pytest.fixture
def payee(app):
    return money.wallet_of(people.add("Anna").id)


@pytest.fixture
def payer(own, payee):
    """Carla's wallet, after a deposit of 100.00 and a transfer of 50.00 that cost her 2 %."""
    pk = money.wallet_of(own.id, balance=10_000)
    commission_rules.add(people.CLI, RuleData("transfer", percent="2"))
    money.SERVICE.transfer(pk, payee, 5_000, "For tea")
    return pk


def test_a_line_is_told_with_its_payment(manager, payer):
    (line,) = manager.get(f"/accounts/{payer}/operations?kind=commission").json["items"]
    assert (line["signed_amount"], line["currency"], line["balance_after"], line["sequence"]) == (
        "-1.00", "RUB", "50.00", 3,
    )  # fmt: skip
    assert (line["account"], line["payment_kind"], line["description"]) == (payer, "transfer", "For tea")
    (technical,) = manager.get("/operations?kind=commission&signed_amount__gt=0").json["items"]
    assert (technical["balance_after"], technical["sequence"], technical["customer_id"]) == (None, None, None)


def test_a_customer_sees_commission_on_request_alone(customer_program, payer):
    plain = customer_program.get("/operations").json["items"]
    assert [(one["signed_amount"], one["balance_after"]) for one in plain] == [
        ("100.00", "100.00"),
        ("-49.00", "50.00"),
    ]
    whole = customer_program.get("/operations?commission=true").json["items"]
    assert [(one["signed_amount"], one["balance_after"]) for one in whole] == [
        ("100.00", "100.00"), ("-49.00", "51.00"), ("-1.00", "50.00"),
    ]  # fmt: skip
    assert {one["account"] for one in whole} == {payer}


def test_staff_see_every_line_unless_they_say_otherwise(manager, payer):
    every = manager.get("/operations").json["items"]
    assert len(every) == 6 and len(manager.get("/operations?commission=false").json["items"]) == 4
    assert list(manager.get("/operations?commission=yes").json["errors"]) == ["commission"]
