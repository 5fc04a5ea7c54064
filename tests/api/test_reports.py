"""Reports and statements for programs: the figures of the pages, over days that are both included."""

from datetime import timedelta

import pytest

from crm.db import utcnow
from tests import money, people


@pytest.fixture
def wallet(app):
    pk = money.wallet_of(people.add("Anna").id)
    money.SERVICE.deposit(pk, 10_000, "cash")
    money.SERVICE.withdraw(pk, 2_500, "e_wallet")
    return pk


def period(days: int = 0) -> str:
    today = utcnow().date()
    return f"from={today - timedelta(days=1)}&to={today + timedelta(days=1 + days)}"


def test_technical_accounts_are_told_by_code_and_currency(manager, wallet):
    report = manager.get(f"/reports/technical?{period()}").json
    found = {(one["code"], one["currency"]): one for one in report["items"]}
    told = {name: found["cash", "RUB"][name] for name in ("count", "in", "out", "net")}
    assert told == {"count": 1, "in": "0.00", "out": "100.00", "net": "-100.00"}
    assert found["e_wallet", "RUB"]["in"] == "25.00" and found["e_wallet", "USD"]["count"] == 0


def test_a_statement_tells_what_was_there_and_leads_to_the_lines(manager, wallet):
    told = manager.get(f"/accounts/{wallet}/statement?{period()}").json
    sums = {name: told[name] for name in ("opening", "incoming", "outgoing", "closing", "count")}
    assert sums == {"opening": "0.00", "incoming": "100.00", "outgoing": "25.00", "closing": "75.00", "count": 2}
    lines = manager.get(told["operations"]).json["items"]
    assert [one["signed_amount"] for one in lines] == ["100.00", "-25.00"]
    assert manager.get(f"/accounts/1/statement?{period()}").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "from"), ("from=2026-01-01", "to"), ("from=x&to=2026-01-01", "from"), ("from=2026-02-01&to=2026-01-01", "to"),
     ("from=2026-01-01&to=2026-01-02T09:00:00Z", "to"), ("from=2026-01-01&to=2026-01-02&at=1", "at")],
)  # fmt: skip
def test_a_period_that_is_none_is_named(manager, wallet, query, field):
    for path in ("/reports/technical", f"/accounts/{wallet}/statement"):
        refused = manager.get(f"{path}?{query}")
        assert refused.status_code == 422 and field in refused.json["errors"]


def test_a_customer_has_the_own_statement_alone(customer_program, own, wallet):
    mine = money.wallet_of(own.id)
    assert customer_program.get(f"/accounts/{mine}/statement?{period()}").json["closing"] == "0.00"
    assert customer_program.get(f"/accounts/{wallet}/statement?{period()}").status_code == 404
