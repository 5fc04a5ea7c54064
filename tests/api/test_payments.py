"""Payments for programs: ordered, told, replayed, refused, reversed."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from crm.db import db
from crm.services import commission_rules, posting
from crm.services.commission_terms import RuleData
from tests import money, people
from tests.api.programs import Program, token_of


@pytest.fixture
def wallet(app):
    return money.wallet_of(people.add("Anna").id)


@pytest.fixture
def admin(program_of, alice):
    return program_of(alice)


def order(program, body, key="k-1", **headers):
    return program.post("/payments", body, Idempotency_Key=key, **headers)


def deposit(wallet, amount="100.00", **more):
    return {"kind": "deposit", "to_account": wallet, "amount": amount, **more}


def counted():
    db.session.rollback()
    return len(money.rows("payments"))


def test_a_payment_is_stored_told_and_posted(manager, boris, wallet):
    metadata = {"order": "A-17", "nr": 3, "new": True}
    made = order(manager, deposit(wallet, currency="RUB", description=" For  tea ", metadata=metadata, source="cash"))
    assert made.status_code == 202
    pk = made.json["id"]
    assert made.headers["Location"] == f"/api/v1/payments/{pk}" and uuid.UUID(pk).version == 7
    told = {
        "kind": "deposit", "status": "INITIATED", "to_account": wallet, "source": "cash", "amount": "100.00",
        "currency": "RUB", "commission": "0.00", "description": "For tea", "metadata": metadata, "operations": [],
        "created_by": boris.id, "completed_at": None, "failure_code": None,
    }  # fmt: skip
    assert made.json.items() >= told.items()
    posting.drain()
    done = manager.get(f"/payments/{pk}").json
    assert (done["status"], len(done["operations"])) == ("COMPLETED", 2) and done["completed_at"]
    assert manager.get(f"/accounts/{wallet}").json["balance"] == "100.00"


def test_every_kind_is_ordered_as_the_contract_says(admin, wallet):
    anna = people.add("Anna")
    rubles, other = money.wallet_of(anna.id, balance=100_000), money.wallet_of(anna.id)
    dollars = money.wallet_of(anna.id, "USD")
    admin.post("/rates", {"from_currency": "RUB", "to_currency": "USD", "rate": "0.01"})
    cash = money.technical("cash")
    orders = [
        {"kind": "deposit", "to_account": rubles, "amount": "1"},
        {"kind": "deposit", "from_account": cash, "to_account": rubles, "amount": "1.5"},
        {"kind": "withdrawal", "from_account": rubles, "amount": "1.00", "source": "e_wallet"},
        {"kind": "withdrawal", "from_account": rubles, "to_account": cash, "amount": "1.00"},
        {"kind": "spend", "from_account": rubles, "amount": "1.00"},
        {"kind": "transfer", "from_account": rubles, "to_account": other, "amount": "1.00"},
        {"kind": "adjustment", "to_account": rubles, "amount": "1.00", "description": "Lost and found"},
        {"kind": "adjustment", "from_account": rubles, "amount": "1.00", "description": "Found and lost"},
        {"kind": "conversion", "from_account": rubles, "to_account": dollars, "amount": "100.00"},
    ]
    made = [order(admin, body, f"k-{place}") for place, body in enumerate(orders)]
    assert [one.status_code for one in made] == [202] * len(orders), [one.text for one in made]
    assert [one.json["source"] for one in made] == [
        "bank_transfer", "cash", "e_wallet", "cash", "sales", None, "adjustment", "adjustment", None,
    ]  # fmt: skip
    posting.drain()
    assert admin.get(f"/accounts/{dollars}").json["balance"] == "1.00"
    assert {one["status"] for one in admin.get("/payments").json["items"]} == {"COMPLETED"}
    money.check_ledger()


def test_who_prefers_to_wait_is_answered_with_the_end(manager, wallet, boris):
    with ThreadPoolExecutor(1) as pool:
        app = manager.app

        def post():
            with app.app_context():
                while not posting.drain().completed:
                    db.session.rollback()

        posted = pool.submit(post)
        done = order(manager, deposit(wallet), Prefer="respond-async, wait=10")
        posted.result()
    assert (done.status_code, done.json["status"]) == (201, "COMPLETED")
    assert done.headers["Preference-Applied"] == "wait=10"
    late = order(manager, deposit(wallet), "k-2", Prefer="wait=1")  # nobody posts it
    assert (late.status_code, late.json["status"]) == (202, "INITIATED")
    for wrong in ("-1", "11", "x", "", "1.5"):
        refused = order(manager, deposit(wallet), "k-3", Prefer=f"wait={wrong}")
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["Prefer"])


def test_the_same_key_tells_of_the_payment_that_there_is(manager, wallet):
    first = order(manager, deposit(wallet))
    again = order(manager, deposit(wallet))
    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    assert again.headers["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
    other = order(manager, deposit(wallet, "200.00"))
    assert (other.status_code, counted()) == (409, 1)


def test_a_refusal_does_not_burn_the_key(manager, wallet):
    assert order(manager, deposit(wallet, "0")).status_code == 422
    assert order(manager, deposit(wallet)).status_code == 202
    nameless = manager.post("/payments", deposit(wallet))
    assert (nameless.status_code, counted()) == (400, 1)
    assert order(manager, deposit(wallet), "x" * 201).status_code == 422


def test_fifty_at_once_with_one_key_make_one_payment(app, boris, wallet):
    program = Program(app, token_of(boris))
    program.get("/me")

    def once(_number: int):
        with app.app_context():
            return order(program, deposit(wallet))

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(once, range(50)))
    assert [one.status_code for one in answers] == [202] * 50, {one.text for one in answers if one.status_code != 202}
    assert len({one.json["id"] for one in answers}) == 1 == counted()
    assert sum("Idempotent-Replayed" not in one.headers for one in answers) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"amount": 1}, "amount"),
        ({"amount": "1,5"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "99999999999999999"}, "amount"),
        ({"kind": "reversal"}, "kind"),
        ({"kind": "opening"}, "kind"),
        ({"currency": "USD"}, "currency"),
        ({"to_account": None}, "to_account"),
        ({"to_account": 10**9}, "to_account"),
        ({"to_account": 1}, "to_account"),
        ({"from_account": 10**9}, "from_account"),
        ({"source": "sales"}, "source"),
        ({"source": "pigeon"}, "source"),
        ({"source": "cash", "from_account": 2}, "source"),
        ({"kind": "transfer"}, "from_account"),
        ({"kind": "adjustment"}, "description"),
        ({"kind": "spend", "to_account": None}, "from_account"),
        ({"description": "x" * 501}, "description"),
        ({"metadata": {"a": 1.5}}, "metadata.a.str"),
        ({"metadata": {"a": "x" * 4000}}, "metadata"),
        ({"color": "red"}, "color"),
    ],
)
def test_what_cannot_be_ordered_is_said_at_its_field(admin, wallet, change, field):
    refused = order(admin, deposit(wallet) | change)
    assert refused.status_code == 422 and field in refused.json["errors"], refused.text
    assert counted() == 0


def test_adjustments_are_for_administrators(manager, program_of, alice, wallet):
    body = {"kind": "adjustment", "to_account": wallet, "amount": "1.00", "description": "Lost and found"}
    assert order(manager, body).status_code == 403
    assert manager.post("/payments/batch", {"payments": [body | {"idempotency_key": "a"}]}).status_code == 403
    assert order(program_of(alice, "money"), body).status_code == 202


def test_a_batch_is_accepted_whole_and_told_in_its_order(manager, wallet):
    payments = [deposit(wallet, f"{number}.00", idempotency_key=f"b-{number}") for number in range(1, 4)]
    made = manager.post("/payments/batch", {"payments": payments})
    assert made.status_code == 202
    assert [one["idempotency_key"] for one in made.json["payments"]] == ["b-1", "b-2", "b-3"]
    (batch,) = {one["batch_id"] for one in [made.json]}
    listed = manager.get(f"/payments?batch_id={batch}&ordering=amount").json["items"]
    assert [one["id"] for one in listed] == [one["id"] for one in made.json["payments"]]
    again = manager.post("/payments/batch", {"payments": payments})
    assert (again.json["batch_id"], again.json["payments"]) == (None, made.json["payments"])
    assert posting.drain().completed == 3


def test_a_batch_with_a_fault_is_refused_whole(manager, wallet):
    good = [deposit(wallet, idempotency_key=f"b-{number}") for number in range(4)]
    wrong = [good[0], good[1] | {"amount": "0"}, good[2] | {"to_account": 10**9}, good[3]]
    refused = manager.post("/payments/batch", {"payments": wrong})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["payments.1.amount", "payments.2.to_account"])
    twice = manager.post("/payments/batch", {"payments": [good[0], good[1] | {"idempotency_key": "b-0"}]})
    assert list(twice.json["errors"]) == ["payments.1.idempotency_key"]
    order(manager, deposit(wallet, "7.00"), "b-2")
    used = manager.post("/payments/batch", {"payments": good})
    assert (used.status_code, used.json["indexes"], counted()) == (409, [2], 1)
    for body in ({"payments": []}, {}, {"payments": [good[0]] * 10_001}):
        assert manager.post("/payments/batch", body).status_code == 422


def test_a_payment_is_reversed_in_parts(admin, wallet):
    done = order(admin, deposit(wallet)).json
    posting.drain()
    path = f"/payments/{done['id']}/reverse"
    part = admin.post(path, {"amount": "40.00"}, Idempotency_Key="r-1")
    assert (part.status_code, part.json["kind"], part.json["reversal_of"]) == (202, "reversal", done["id"])
    posting.drain()
    assert admin.get(f"/payments/{done['id']}").json["reversed_amount"] == "40.00"
    beyond = admin.post(path, {"amount": "60.01"}, Idempotency_Key="r-2")
    assert (beyond.status_code, list(beyond.json["errors"])) == (422, ["amount"])
    assert admin.post(path, {}, Idempotency_Key="r-2").json["amount"] == "60.00"
    assert admin.post(path, {}).status_code == 400
    assert admin.post(f"/payments/{uuid.uuid4()}/reverse", {}, Idempotency_Key="r-3").status_code == 404


def test_a_customer_moves_the_own_money_alone(customer_program, own, wallet):
    mine = money.wallet_of(own.id, balance=10_000)
    commission_rules.add(people.CLI, RuleData("transfer", percent="2"))
    send = {"kind": "transfer", "from_account": mine, "to_account": wallet, "amount": "10.00"}
    made = order(customer_program, send)
    assert made.status_code == 202
    posting.drain()
    told = customer_program.get(f"/payments/{made.json['id']}").json
    assert {line["account"] for line in told["operations"]} == {mine} and told["commission"] == "0.20"
    stolen = order(customer_program, send | {"from_account": wallet, "to_account": mine}, "k-2")
    assert (stolen.status_code, list(stolen.json["errors"])) == (422, ["from_account"])
    assert order(customer_program, deposit(mine), "k-3").status_code == 403


def test_a_customer_sees_payments_of_the_own_wallets_alone(customer_program, manager, own, wallet):
    mine = money.wallet_of(own.id)
    order(manager, deposit(wallet, metadata={"secret": "x"}))
    ours = order(manager, deposit(mine, metadata={"secret": "x"}), "k-2").json["id"]
    assert [one["id"] for one in customer_program.get("/payments").json["items"]] == [ours]
    assert customer_program.get(f"/payments/{ours}").json["metadata"] == {}


def test_a_page_costs_the_same_statements_whatever_its_size(manager, wallet, count_statements):
    manager.post(
        "/payments/batch", {"payments": [deposit(wallet, idempotency_key=f"b-{number}") for number in range(60)]}
    )
    posting.drain()
    counted = []
    for limit in (1, 50):
        with count_statements() as statements:
            assert len(manager.get(f"/payments?limit={limit}&ordering=-amount").json["items"]) == limit
        counted.append(len(statements))
    assert counted[0] == counted[1] <= 6, json.dumps(counted)
