"""A payment as programs read it."""

import pytest

from crm.db import atomic
from crm.ledger import accounts, engine
from tests import money, people
from tests.api.followers import pk_of, post, waiting


@pytest.fixture
def viewer(client_of, vera):
    return client_of(vera)


def test_a_payment_that_waits_has_no_operations(app, viewer):
    draft = waiting(money.wallet(), 12_345)
    answer = viewer.get(f"/api/v1/payments/{pk_of(draft)}")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    created = answer.json.pop("created_at")
    assert created.endswith("Z") and created[10] == "T"
    assert answer.json | {"created_at": ""} == {
        "id": pk_of(draft), "kind": "deposit", "status": "INITIATED", "from_account": draft.from_account,
        "to_account": draft.to_account, "source": None, "amount": "123.45", "currency": "RUB", "commission": "0.00",
        "to_amount": "123.45", "to_currency": "RUB", "rate": None, "description": "", "failure_code": None,
        "failure_message": None, "created_at": "", "completed_at": None, "created_by": None, "reversal_of": None,
        "reversed_amount": "0.00", "metadata": {}, "operations": [], "held_amount": None, "held_at": None,
        "hold_expires_at": None,
    }  # fmt: skip


def test_a_completed_payment_shows_its_operations_which_sum_to_zero(viewer):
    payer, payee = money.wallet(balance=10_000), money.wallet()
    draft = money.draft(payer, payee, 10_000, commission=200)
    money.post([draft])
    told = viewer.get(f"/api/v1/payments/{pk_of(draft)}").json
    assert (told["status"], told["amount"], told["commission"], told["to_amount"]) == (
        "COMPLETED", "100.00", "2.00", "98.00",
    )  # fmt: skip
    assert [(line["account"], line["kind"], line["signed_amount"], line["balance_after"]) for line in sorted(
        told["operations"], key=lambda line: (line["kind"], line["account"])
    )] == sorted([
        (draft.commission_account, "commission", "2.00", None), (payer, "commission", "-2.00", "0.00"),
        (payer, "transfer", "-98.00", "2.00"), (payee, "transfer", "98.00", "98.00"),
    ], key=lambda line: (line[1], line[0]))  # fmt: skip
    assert told["completed_at"] == told["operations"][0]["created_at"]


def test_a_currency_has_its_own_decimals(app, viewer):
    for code in ("JPY", "KWD"):
        with atomic():
            accounts.add_currency(code)
        draft = money.draft(money.technical("cash", code), money.wallet(code), 12_345, kind="deposit", currency=code)
        with atomic():
            engine.store([draft])
        told = viewer.get(f"/api/v1/payments/{pk_of(draft)}").json
        assert (told["amount"], told["reversed_amount"]) == {"JPY": ("12345", "0"), "KWD": ("12.345", "0.000")}[code]


def test_a_failed_payment_says_why(viewer):
    draft = waiting(money.wallet(), 100, kind="withdrawal")
    post(draft)
    told = viewer.get(f"/api/v1/payments/{pk_of(draft)}").json
    assert (told["status"], told["failure_code"], told["operations"]) == ("FAILED", "insufficient_funds", [])
    assert told["failure_message"] == "There is not enough money in the wallet." and told["completed_at"]


@pytest.mark.parametrize("pk", ["01a213d1-5274-728a-999e-32b360ccb5cf", "1", "x", "0" * 32])
def test_what_is_not_there_is_a_problem_in_json(viewer, pk):
    answer = viewer.get(f"/api/v1/payments/{pk}")
    assert (answer.status_code, answer.mimetype, answer.json["status"]) == (404, "application/problem+json", 404)
    assert answer.json["title"] == "Not Found" and answer.json["detail"]


def test_errors_are_problems_whatever_went_wrong(client, client_of, carla, viewer):
    draft = waiting(money.wallet())
    path = f"/api/v1/payments/{pk_of(draft)}"
    for browser, status in ((client, 401), (client_of(carla), 404)):
        answer = browser.get(path)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert people.add("Анна", allow_duplicate=True).name not in answer.text
    assert viewer.post(path).status_code == 405
    assert viewer.post(path).mimetype == "application/problem+json"
    assert viewer.get(f"{path}/ws").status_code == 400  # no WebSocket
