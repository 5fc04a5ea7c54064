"""Laws of paying by a spreadsheet: checked before anything is paid, confirmed once, watched to the last payment."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import money, people
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser
MINUTE = 60_000  # ms: a worker may have other things to do first


@pytest.fixture
def wallet() -> int:
    """The wallet of C1, with 10 rubles."""
    return money.wallet_of(people.add("Anna Ivanova", external_id="C1").id, balance=1_000)


def upload(page: Page, path: Path, text: str, name: str = "bonuses.csv") -> None:
    (path / name).write_text(text)
    page.goto("/payments/upload/")
    page.locator("input[type=file]").set_input_files(path / name)
    page.get_by_role("button", name="Check the payments").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def rows(count: int) -> str:
    return "kind,customer,amount\n" + "deposit,C1,1\n" * count


def test_a_spreadsheet_is_checked_confirmed_and_watched_to_its_end(page: Page, tmp_path: Path, wallet: int):
    upload(page, tmp_path, rows(60) + "spend,C1,1000000\n")
    expect(page.locator("#sums")).to_contain_text("RUB 60.00")
    assert money.SERVICE.balance(wallet) == 1_000
    page.get_by_role("button", name="Pay 61 payments").click()
    expect(page).to_have_url(re.compile(r"/payments/batches/[0-9a-f-]+/$"))
    expect(page.get_by_text("Done, 1 failed")).to_be_visible(timeout=MINUTE)  # by itself
    expect(page.get_by_text("61 of 61 payments")).to_be_visible()
    page.get_by_role("navigation", name="Which payments").get_by_role("link", name="Failed").click()
    expect(page.locator("#result-61")).to_contain_text("There is not enough money in the wallet.")
    page.locator("#result-61").get_by_role("link", name="Purchase").click()
    expect(page).to_have_url(re.compile(r"/payments/[0-9a-f-]+/$"))


def test_what_is_wrong_is_shown_and_comes_back_as_a_file_to_mend(page: Page, tmp_path: Path, wallet: int):
    upload(page, tmp_path, "kind,customer,amount\ndeposit,C1,1\ngift,C1,2\n")
    expect(page.locator("#problems tbody tr")).to_have_count(1)
    expect(page.locator("#problems")).to_contain_text("kind")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the file with its errors").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [bool(row["error"]) for row in found] == [False, True]
    page.get_by_role("link", name="Upload the mended file").click()
    expect(page.get_by_role("heading", name="Payments from a spreadsheet")).to_be_visible()


def test_the_same_file_pays_once(page: Page, tmp_path: Path, wallet: int):
    for _time in range(2):
        upload(page, tmp_path, rows(3))
        page.get_by_role("button", name=re.compile("Pay 3 payments|Show its batch")).click()
        expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=MINUTE)
    page.goto("/payments/batches/")
    expect(page.locator("#batches li")).to_have_count(1)
    assert money.SERVICE.balance(wallet) == 1_300


def test_it_works_without_scripts(new_page: NewPage, tmp_path: Path, wallet: int):
    page = new_page(java_script_enabled=False)
    upload(page, tmp_path, rows(2))
    page.get_by_role("button", name="Pay 2 payments").click()
    expect(page.get_by_role("heading", name="bonuses.csv")).to_be_visible()

    def over() -> bool:
        page.reload()
        return page.get_by_text("Done", exact=True).is_visible()

    while not over():
        pass


def test_a_file_that_is_no_table_of_payments_is_told_beside_its_field(page: Page, tmp_path: Path):
    (tmp_path / "a.csv").write_text("name,email\nAnna,a@example.com\n")
    page.goto("/payments/upload/")
    page.locator("input[type=file]").set_input_files(tmp_path / "a.csv")
    page.get_by_role("button", name="Check the payments").click()
    expect(page.locator("input[type=file]")).to_have_accessible_description(re.compile("The columns found are: name"))
    expect(page.locator("input[type=file]")).to_be_focused()
