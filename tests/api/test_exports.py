"""Lists as files for programs: ordered with the list's filters, followed, fetched by their owner."""

import json

import pytest

from crm.services import exports
from tests import money, people


@pytest.fixture
def crowd(app):
    people.add("Anna", city="Tver", tags=["vip"])
    people.add("Boris", city="Orel")


def test_a_list_is_ordered_made_and_fetched(manager, crowd):
    made = manager.post("/exports", {"list": "customers", "format": "jsonl", "filters": {"tag": "vip"}})
    assert (made.status_code, made.json["status"], made.json["filters"]) == (202, "queued", {"tag": "vip"})
    path = made.headers["Location"]
    assert manager.get(f"{path}/file").status_code == 404  # not yet
    exports.run(made.json["id"], lambda: None)
    told = manager.get(path).json
    assert (told["status"], told["written_rows"]) == ("done", 1) and told["expires_at"]
    file = manager.get(f"{path}/file")
    assert [json.loads(line)["name"] for line in file.text.splitlines()] == ["Anna"]


def test_a_statement_is_a_list_too(manager):
    wallet = money.wallet_of(people.add("Anna").id, balance=100)
    filters = {"account": wallet, "first": "2020-01-01", "last": "2099-12-31"}
    made = manager.post("/exports", {"list": "statement", "filters": filters})
    assert made.status_code == 202, made.text


def test_amounts_are_decimals_in_what_is_told_too(manager):
    filters = {"balance_from": "-5.00", "balance_to": "100.00", "currency": "RUB"}
    assert manager.post("/exports", {"list": "customers", "filters": filters}).json["filters"] == filters


def test_it_is_stopped(manager, crowd):
    path = manager.post("/exports", {"list": "customers"}).headers["Location"]
    assert manager.post(f"{path}/cancel").json["status"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "list"),
        ({"list": "users"}, "list"),
        ({"list": "customers", "format": "pdf"}, "format"),
        ({"list": "customers", "filters": {"colour": "red"}}, "filters.colour"),
        ({"list": "customers", "filters": {"sort": "name"}}, "filters.sort"),
        ({"list": "customers", "filters": {"status": "gone"}}, "filters.status"),
        ({"list": "customers", "filters": {"currency": "xxx", "balance_from": "1"}}, "filters.currency"),
        ({"list": "payments", "filters": {"kind": "gift"}}, "filters.kind"),
        ({"list": "operations", "filters": {"direction": "up"}}, "filters.direction"),
        ({"list": "customers", "filters": {"debt": "yes"}}, "filters.debt"),
        ({"list": "customers", "filters": {"created_from": "x"}}, "filters.created_from"),
        ({"list": "customers", "filters": {"balance_from": "1,2,3"}}, "filters.balance_from"),
        ({"list": "payments", "filters": {"batch": "x"}}, "filters.batch"),
        ({"list": "payments", "filters": {"customer": "x"}}, "filters.customer"),
        ({"list": "payments", "filters": {"account": 10**30}}, "filters.account"),
        ({"list": "operations", "filters": {"account": -(10**30)}}, "filters.account"),
        ({"list": "statement"}, "filters.account"),
    ],
)
def test_what_cannot_be_ordered_is_named(manager, body, field):
    refused = manager.post("/exports", body)
    assert refused.status_code == 422 and field in refused.json["errors"], refused.text
