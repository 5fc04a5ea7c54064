"""Large lists: the same button leads to a page that says how far the file has come, and offers it."""

import pytest

from crm.services import exports
from crm.tabular import writing
from tests import money, people
from tests.web.pages import page

LIST = "/exports/"


@pytest.fixture
def large(monkeypatch) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)


@pytest.fixture
def export(large, manager) -> str:
    """The address of what Boris waits for."""
    for number in range(3):
        people.add(f"Анна {number}", city="Тверь")
    return manager.get("/customers/export/?city=Тверь&format=xlsx").location


def pk(address: str) -> int:
    return int(address.strip("/").rpartition("/")[2])


@pytest.mark.parametrize("path", ["/customers/export/", "/payments/export/", "/accounts/operations.csv"])
def test_large_lists_are_made_in_the_background(manager, large, path):
    wallet = money.wallet()
    assert manager.get(path).status_code == 200
    for number in range(3):
        people.add(f"Анна {number}")
        money.SERVICE.deposit(wallet, 100)
    answer = manager.get(path)
    assert answer.status_code == 303 and manager.get(answer.location).status_code == 200
    assert manager.get(path).location == answer.location  # a second click makes no second file


def test_what_cannot_be_a_workbook_is_not_said_to_have_gone_out(manager, trail, anna, monkeypatch):
    monkeypatch.setattr(writing, "_CELL_ROOM", 5)
    assert manager.get("/customers/export/?format=xlsx").status_code == 422
    assert [entry for entry in trail() if entry.action == "customers.exported"] == []


def test_a_long_statement_too(manager, large, anna):
    wallet = money.wallet_of(anna.id)
    for _time in range(3):
        money.SERVICE.deposit(wallet, 100)
    assert manager.get(f"/customers/{anna.id}/wallet/statement.csv?account={wallet}").status_code == 303


def test_its_page_asks_for_itself_until_the_file_is_there(manager, export):
    waiting = page(manager.get(export, htmx=True))
    assert [root["id"] for root in waiting.roots] == [f"export-{pk(export)}"]
    assert waiting.roots[0]["hx-get"] == export and "Тверь" in waiting.roots[0].text
    assert manager.get(f"{export}file/").status_code == 404
    exports.run(pk(export))
    done = page(manager.get(export))
    assert "hx-get" not in done.one(id=f"export-{pk(export)}").attrs
    assert "Download" in done.one(href=f"{export}file/").text
    file = manager.get(f"{export}file/")
    assert file.data.startswith(b"PK") and "customers.xlsx" in file.headers["Content-Disposition"]
    assert file.headers["Cache-Control"] == "no-store"


def test_it_can_be_stopped(manager, export):
    assert manager.post(f"{export}cancel/").location == export
    shown = manager.get(export)
    assert "Stopped" in shown.text and f"{export}cancel/" not in shown.text


def test_nobody_else_sees_it_but_administrators(manager, viewer, admin, client, stranger, export):
    exports.run(pk(export))
    for path in (export, f"{export}file/"):
        got = [browser.get(path).status_code for browser in (manager, admin, viewer, client, stranger)]
        assert got == [200, 200, 404, 302, 404]
    assert viewer.post(f"{export}cancel/").status_code == 404
    listed = [f'href="{export}"' in browser.get(LIST).text for browser in (manager, admin, viewer)]
    assert listed == [True, True, False] and "No exports yet" in viewer.get(LIST).text


def test_missing_ones_and_other_methods(manager, export):
    for path in (LIST, export, f"{export}file/"):
        assert manager.post(path).status_code == 405
    assert [manager.get(path).status_code for path in ("/exports/999/", "/exports/999/file/")] == [404, 404]
    assert manager.get(f"{export}cancel/").status_code == 405


def test_the_list_asks_for_itself_while_something_is_made(manager, export):
    assert page(manager.get(LIST, htmx=True)).roots[0]["hx-get"] == LIST
    exports.run(pk(export))
    assert "hx-get" not in page(manager.get(LIST, htmx=True)).roots[0].attrs
