"""Lists as files from the command line: whole, with the names that programs know, and in the audit trail."""

import csv
import io
import json

from sqlalchemy import select

from crm.db import db
from crm.models import AuditEntry
from tests import money


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
