"""`flask customers undo-import` takes an import back in the foreground, or says what that would do."""

import json

import pytest

from crm.services import customers, imports
from tests import money, people
from tests.uploads import take


@pytest.fixture
def command(app):
    """`command(ID, …)` runs `flask customers undo-import ID …`."""
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["customers", "undo-import", *map(str, arguments)])


def test_it_says_what_it_would_do_and_then_does_it(app, command):
    people.add("Anna", external_id="C1", city="Tver")
    upload = take(
        "external_id,name,city,wallet_balance\nC1,Anna,Orel,\nC2,Boris,,12.50\nC3,Vera,,\nC4,Ed,,\n", "update"
    )
    customers.set_archived(people.CLI, 4, True)
    foreseen = command(upload.id, "--dry-run")
    assert foreseen.exit_code == 0
    said = json.loads(foreseen.stdout.splitlines()[-1])
    del said["seconds"]
    assert said == {
        "rows": 4, "undone": 3, "kept": 1, "removed": 1, "archived": 1, "restored": 1, "fields": 1, "reversals": 1,
        "returned": {"RUB": "12.50"}, "staying": {},
    }  # fmt: skip
    assert "Row 5: Ed: The customer has been changed since." in foreseen.stderr
    assert imports.get(upload.id).status == "done"
    done = command(upload.id)
    assert done.exit_code == 0 and "Row 5: Ed: The customer has been changed since." in done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["undone"], said["kept"]) == (3, 1)
    assert imports.get(upload.id).status == "undone" and customers.get(1).city == "Tver"
    money.check_ledger()


def test_what_cannot_be_undone_is_refused_in_a_sentence(app, command):
    upload = take("external_id,name\nC1,\n")
    for arguments in ((upload.id,), (upload.id, "--dry-run"), (999,)):
        result = command(*arguments)
        assert result.exit_code == 1 and result.stderr.startswith("Error: ")


def test_an_import_from_the_command_line_tells_how_to_take_it_back_and_of_the_same_file(app, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text("name\nAnna\n")
    runner = app.test_cli_runner()
    first = runner.invoke(args=["customers", "import", str(path)])
    assert "undo-import 1" in first.stderr and "imported before" not in first.stderr
    again = runner.invoke(args=["customers", "import", str(path)])
    assert "This very file was imported before: import 1, customers.csv" in again.stderr
    assert again.exit_code == 0
