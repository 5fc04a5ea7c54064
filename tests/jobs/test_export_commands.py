"""Lists as files from the command line: whole, with the names that programs know, and in the audit trail."""

import csv
import io
import json

import pytest
from sqlalchemy import select

from crm.db import db
from crm.models import AuditEntry
from crm.services import customers
from crm.services.audit import Actor
from tests import money, people

CLI = Actor(None, "test")


def test_customers_go_out_with_all_that_belongs_to_them(app, tmp_path):
    money.wallet(name="Анна", balance=5_00)
    file = tmp_path / "customers.csv"
    done = app.test_cli_runner().invoke(args=["customers", "export", "--output", str(file)])
    assert done.exit_code == 0, done.output
    (row,) = csv.DictReader(io.StringIO(file.read_text("utf-8-sig")))
    assert (row["name"], row["balance_RUB"]) == ("Анна", "5.00")
    assert [path.name for path in tmp_path.iterdir()] == ["customers.csv"]
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.origin, entry.changes["rows"]) == ("customers.exported", "cli", [None, 1])


def test_payments_and_operations_go_out_too(app):
    wallet = money.wallet()
    money.SERVICE.deposit(wallet, 100, "cash")
    for noun, count in (("payments", 1), ("operations", 2)):
        ask = [noun, "export", "--format", "jsonl", "--from", "2020-01-01"]
        lines = app.test_cli_runner().invoke(args=ask).stdout.splitlines()
        assert [json.loads(line)["currency"] for line in lines] == ["RUB"] * count
        before = app.test_cli_runner().invoke(args=[noun, "export", "--to", "2020-01-01"]).stdout
        assert len(before.splitlines()) == 1
        wrong = app.test_cli_runner().invoke(args=[*ask, "--to", "2019-01-01"])
        assert wrong.exit_code == 1 and "The period ends before it begins." in wrong.output


def test_a_workbook_needs_a_file(app):
    refused = app.test_cli_runner().invoke(args=["payments", "export", "--format", "xlsx"])
    assert refused.exit_code == 2 and "--output" in refused.output


def exported(app, *arguments: str) -> list[dict[str, str]]:
    done = app.test_cli_runner().invoke(args=list(arguments))
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout.removeprefix("\ufeff"))))


def test_lists_go_out_as_filtered(app):
    wallet = money.wallet(name="Анна", balance=5_00)
    people.add("Boris", tags=["vip"], city="Tver")
    customers.set_archived(CLI, people.add("Vera").id, True)
    money.SERVICE.deposit(wallet, 100, "cash")
    assert {row["name"] for row in exported(app, "customers", "export")} == {"Анна", "Boris", "Vera"}
    for filters, names in (
        (["tag=vip"], {"Boris"}), (["status=archived"], {"Vera"}), (["balance_from=5.5"], {"Анна"}),
        (["debt=true"], set()), (["city=Tver", "q=анна"], set()),
    ):  # fmt: skip
        asked = [word for filter_ in filters for word in ("--filter", filter_)]
        assert {row["name"] for row in exported(app, "customers", "export", *asked)} == names, filters
    assert len(exported(app, "payments", "export", "--filter", "source=cash")) == 1
    found = exported(app, "operations", "export", "--filter", f"account={wallet}", "--filter", "direction=in")
    assert [row["account"] for row in found] == [str(wallet)] * 2


def test_a_statement_goes_out(app):
    wallet = money.wallet()
    money.SERVICE.deposit(wallet, 100, "cash")
    days = ["--from", "2020-01-01", "--to", "2999-01-01"]
    (row,) = exported(app, "operations", "statement", str(wallet), *days)
    assert (row["signed_amount"], row["balance_after"]) == ("1.00", "1.00")
    refused = app.test_cli_runner().invoke(args=["operations", "statement", "999", *days])
    assert refused.exit_code == 1 and "Error: There is no" in refused.output


@pytest.mark.parametrize(
    ("filter_", "sentence"),
    [
        ("shoe=38", "shoe: There is no such parameter."),
        ("account=first", "account: This must be a whole number."),
        ("direction=up", "direction: This is one of in, out."),
        ("currency=xxx", "currency: xxx is not a currency"),
        ("code=\udcff", "code: "),
        ("first=2026-01-01", "first is given more than once."),
        ("last=2026-01-02", "'last' is given more than once."),
        ("cash", "'cash' is not NAME=VALUE."),
    ],
)
def test_a_filter_that_there_is_not_ends_with_2(app, filter_, sentence):
    asked = ["--filter", filter_, "--filter", "last=2026-01-01", "--from", "2026-01-01"]
    refused = app.test_cli_runner().invoke(args=["operations", "export", *asked])
    assert refused.exit_code == 2 and sentence in refused.output
