"""`flask customers import` does in the foreground what an upload does in the background."""

import csv
import json

import pytest
from sqlalchemy import func, select

from bench.samples import customers_csv
from crm.db import db
from crm.models import Customer, Import
from tests import people


@pytest.fixture
def command(app):
    """`command("FILE", …)` runs `flask customers import FILE …`."""
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["customers", "import", *map(str, arguments)])


def customers() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Customer)) or 0


def test_it_imports_and_ends_with_the_counts_as_json(app, command, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_bytes(customers_csv(200, dirty=0.1))
    result = command(path)
    assert result.exit_code == 0
    summary = json.loads(result.stdout.splitlines()[-1])
    assert list(summary) == ["rows", "created", "updated", "unchanged", "skipped", "failed", "openings", "seconds"]
    assert (
        summary["rows"]
        == sum(summary[name] for name in ("created", "updated", "unchanged", "skipped", "failed"))
        == 200
    )
    assert summary["created"] == customers()
    upload = db.session.scalars(select(Import)).one()
    assert (upload.status, upload.origin) == ("done", "cli")


def test_a_rehearsal_says_the_same_and_writes_nothing(app, command, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_bytes(customers_csv(200, dirty=0.1))
    planned = json.loads(command(path, "--dry-run").stdout.splitlines()[-1])
    assert customers() == 0 and float(planned["openings"]["RUB"]) > 0
    assert db.session.scalars(select(Import)).all() == []
    done = json.loads(command(path).stdout.splitlines()[-1])
    assert planned | {"seconds": 0} == done | {"seconds": 0}


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_the_failed_rows_go_into_a_file(app, command, tmp_path, dry):
    path, failed = tmp_path / "customers.csv", tmp_path / "errors.csv"
    path.write_text("name,email\nAnna,bad\nBoris,b@example.com\n")
    assert command(path, "--errors", failed, *dry).exit_code == 0
    with failed.open(encoding="utf-8-sig", newline="") as file:
        assert [row["error"] for row in csv.DictReader(file)] == ["email: bad is not a valid e-mail address."]


def test_columns_can_be_mapped_and_duplicates_updated(app, command, tmp_path):
    people.add("Anna", external_id="C1")
    path = tmp_path / "customers.csv"
    path.write_text("Nr=;name;Ort\nC1;Anna;Köln\n", encoding="utf-8")
    result = command(path, "--mapping", "Nr==external_id", "--mapping", "Ort=city", "--on-duplicate", "update")
    assert json.loads(result.stdout.splitlines()[-1])["updated"] == 1
    assert db.session.scalars(select(Customer.city)).all() == ["Köln"]


def test_what_customers_are_recognised_by_can_be_chosen(app, command, tmp_path):
    people.add("Anna", telegram="@anna")
    path = tmp_path / "customers.csv"
    path.write_text("name,telegram\nAnna,@anna\n")
    for match, outcome in (("channel", "skipped"), ("external_id, email", "created")):
        for arguments in (["--dry-run"], []):
            result = command(path, "--match", match, *arguments)
            assert json.loads(result.stdout.splitlines()[-1])[outcome] == 1
    assert command(path, "--match", "shoe").exit_code == 2
    assert command(path, "--match", "shoe", "--dry-run").exit_code == 2


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (b"", [], "Error: The file is empty."),
        (b"name,email\n", [], "Error: The file has a header, but no rows below it."),
        (b"%PDF-1.7", [], "Error: This is a PDF document. Save the table as CSV or XLSX and upload that."),
        (b"name\nAnna\n", ["--mapping", "hat=city"], "Error: There is no column hat; the columns are name."),
    ],
)
def test_what_is_refused_ends_with_2_and_one_sentence(app, command, tmp_path, content, arguments, sentence, dry):
    path = tmp_path / "customers.csv"
    path.write_bytes(content)
    result = command(path, *arguments, *dry)
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (2, "", sentence)
    assert db.session.scalars(select(Import)).all() == []


@pytest.mark.parametrize("arguments", [["--mapping", "name"], ["--on-duplicate", "explode"], ["/nowhere.csv"]])
def test_wrong_arguments_end_with_2(app, command, tmp_path, arguments):
    path = tmp_path / "customers.csv"
    path.write_text("name\nAnna\n")
    assert command(*([path] if arguments[0].startswith("--") else []), *arguments).exit_code == 2
    assert customers() == 0


def test_notes_go_to_standard_error(app, command, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text("name,hat\nAnna,38\n")
    result = command(path)
    assert result.stderr.splitlines()[0] == "The column hat was not recognised and is left out."


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_all_that_the_page_decides_the_command_decides_too(app, command, tmp_path, dry):
    people.add("Anna", external_id="C1", city="Tver")
    path = tmp_path / "customers.csv"
    path.write_bytes(
        "Отчёт|||||\nexternal_id|name|Город|phone|Saldo|x=y\nC1|Анна|Орёл|380441234567|5|1\n".encode("cp866")
    )
    arguments = [
        "--on-duplicate", "update", "--encoding", "cp866", "--delimiter", "bar", "--header", "2",
        "--mapping", "Saldo=wallet_balance", "--mapping", "x=y=attribute:X", "--currency", "Saldo=USD",
        "--policy", "name=never", "--policy", "Город=fill", "--label", "phone=Work", "--default", "notes=a=b",
        "--repair",
    ]  # fmt: skip
    result = command(path, *arguments, *dry)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1])["updated"] == 1
    assert "phone: 1 number is valid only as one from abroad" in result.stderr and "Done by --repair." in result.stderr
    anna = db.session.scalars(select(Customer)).one()
    expected = ("Anna", "Tver", "", {}) if dry else ("Anna", "Tver", "a=b", {"X": "1"})
    assert (anna.name, anna.city, anna.notes, anna.attributes) == expected
    assert [(one.value, one.label) for one in anna.channels] == ([] if dry else [("+380441234567", "Work")])


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_what_is_spoilt_is_told_with_what_repairs_it(app, command, tmp_path, dry):
    path = tmp_path / "customers.csv"
    path.write_text("name,phone\nAnna,380441234567\n")
    result = command(path, *dry)
    assert json.loads(result.stdout.splitlines()[-1])["failed"] == 1
    assert "as 380441234567; a + can be put in front. Add --repair for that." in result.stderr


@pytest.mark.parametrize(
    "arguments", [["--policy", "name"], ["--policy", "name=burn"], ["--currency", "name=EUR"], ["--default", "fax=1"],
                  ["--header", "0"], ["--delimiter", ";"], ["--label", "hat=Work"], ["--encoding", "latin-9"]],
)  # fmt: skip
def test_what_cannot_be_decided_ends_with_2(app, command, tmp_path, arguments):
    path = tmp_path / "customers.csv"
    path.write_text("name\nAnna\n")
    result = command(path, *arguments)
    assert result.exit_code == 2 and "Error: " in result.stderr and "Traceback" not in result.output
    assert customers() == 0
