"""Laws of an import: a real worker takes the file, the page tells how far it is, and nothing that failed is lost."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import people
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser
ENGLISH = """\
external_id,name,email,phone,tags
C1,Anna Ivanova,anna@example.com,+79120000001,vip
C2,Boris Petrov,boris@example.com,12,
C3,,vera@example.com,,
C4,Zoe Müller,anna@example.com,,
C5,Ivan Ivanov,,8 (912) 000-00-05,"vip,new"
"""
RUSSIAN = """\
Код;ФИО;Эл. почта;Телефон;Город;Остаток
1;Семён Королёв;semyon@example.ru;8 (912) 000-00-06;Орёл;1 250,50
2;Анна Иванова;anna@example.ru;+7 912 000-00-07;Йошкар-Ола;
3;Без Телефона;не почта;;;
"""
MINUTE = 60_000  # ms: a worker may have other things to do first


def upload(page: Page, path: Path) -> None:
    page.goto("/customers/import/")
    page.locator("input[type=file]").set_input_files(path)
    page.locator("#import-form").get_by_role("button", name="Import").click()


def wait_until_over(page: Page, status: str = "Done") -> None:
    expect(page).to_have_url(re.compile(r"/customers/import/\d+/$"))
    expect(page.get_by_text(status, exact=True)).to_be_visible(timeout=MINUTE)


def counters(page: Page) -> dict[str, int]:
    found: list[list[str]] = page.locator(".counter").evaluate_all(
        "all => all.map((one) => [one.querySelector('dt').textContent, one.querySelector('dd').textContent])"
    )
    return {name: int(re.sub(r"\D", "", value)) for name, value in found}


@pytest.fixture
def english(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text(ENGLISH)
    return path


def many(path: Path, rows: int) -> Path:
    path.write_text("name,email\n" + "".join(f"Customer {n},customer{n}@example.com\n" for n in range(rows)))
    return path


def test_a_file_is_imported_and_its_rows_are_accounted_for(page: Page, english: Path):
    upload(page, english)
    wait_until_over(page)
    assert counters(page) == {"Read": 5, "Created": 2, "Updated": 0, "Unchanged": 0, "Skipped": 1, "Failed": 2}
    page.get_by_role("link", name="Show the customers").click()
    expect(page.locator("#customer-rows").get_by_role("link", name="Ivan Ivanov")).to_be_visible()
    expect(page.get_by_text("2 customers", exact=True)).to_be_visible()


def test_the_failed_rows_come_as_a_file_that_can_be_mended_and_imported(page: Page, english: Path, tmp_path: Path):
    upload(page, english)
    wait_until_over(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the failed rows").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        failed = list(csv.DictReader(file))
    assert [row["external_id"] for row in failed] == ["C2", "C3"]
    assert "12 is not a valid phone number" in failed[0]["error"]
    assert failed[1]["error"]
    failed[0]["phone"], failed[1]["name"] = "+79120000002", "Vera Orlova"
    mended = tmp_path / "mended.csv"
    with mended.open("w", newline="") as file:
        writer = csv.DictWriter(file, failed[0])
        writer.writeheader()
        writer.writerows(failed)
    upload(page, mended)
    wait_until_over(page)
    assert counters(page)["Created"] == 2
    assert counters(page)["Failed"] == 0


def test_what_a_russian_program_writes_is_understood(page: Page, tmp_path: Path):
    path = tmp_path / "клиенты.csv"
    path.write_text(RUSSIAN, encoding="cp1251")
    upload(page, path)
    wait_until_over(page)
    expect(page.get_by_role("heading", name="клиенты.csv")).to_be_visible()
    assert counters(page) == {"Read": 3, "Created": 2, "Updated": 0, "Unchanged": 0, "Skipped": 0, "Failed": 1}
    page.goto("/customers/?q=королёв")
    expect(page.locator("#customer-rows")).to_contain_text("Орёл")


def test_existing_customers_can_be_updated(page: Page, tmp_path: Path):
    people.add("Old Name", external_id="C1", email="anna@example.com")
    path = tmp_path / "customers.csv"
    path.write_text("external_id,name,city\nC1,Anna Ivanova,Orel\nC2,Boris Petrov,Tver\n")
    page.goto("/customers/import/")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_label("Update existing customers").check()
    page.locator("#import-form").get_by_role("button", name="Import").click()
    wait_until_over(page)
    assert counters(page) == {"Read": 2, "Created": 1, "Updated": 1, "Unchanged": 0, "Skipped": 0, "Failed": 0}
    page.goto("/customers/?q=anna@")
    expect(page.locator("#customer-rows")).to_contain_text("Anna Ivanova")
    expect(page.locator("#customer-rows")).to_contain_text("Orel")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"name,email\n", "no rows below it"),
        (b"colour,size\nred,7\n", "The columns found are: colour, size."),
        (b"%PDF-1.7\n1 0 obj", "This is a PDF document."),
        (b'name,email\n"Anna,anna@example.com\n', "a quotation mark is not closed"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_beside_its_field(
    page: Page, tmp_path: Path, content: bytes, sentence: str
):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    upload(page, path)
    expect(page.locator("input[type=file]")).to_have_accessible_description(re.compile(re.escape(sentence)))
    expect(page.locator("input[type=file]")).to_be_focused()
    expect(page.get_by_text("No imports yet")).to_be_visible()


def test_no_file_is_told_beside_the_field(page: Page):
    page.goto("/customers/import/")
    page.locator("#import-form").get_by_role("button", name="Import").click()
    expect(page.locator("input[type=file]")).to_have_accessible_description("Choose a file.")


def test_an_import_goes_on_when_its_tab_is_closed(new_page: NewPage, tmp_path: Path):
    page = new_page()
    upload(page, many(tmp_path / "many.csv", 5_000))
    expect(page.get_by_text("You may close this page; the import goes on.")).to_be_visible()
    address = page.url
    page.close()
    page = new_page()
    page.goto(address)
    wait_until_over(page)
    assert counters(page)["Created"] == 5_000
    page.goto("/customers/import/")
    expect(row_of(page, "many.csv")).to_contain_text("5,000 rows")


def test_progress_is_shown_while_it_runs_and_it_can_be_stopped(page: Page, tmp_path: Path):
    upload(page, many(tmp_path / "many.csv", 60_000))
    expect(page.get_by_text(re.compile(r"^[\d,]+ rows/s$"))).to_be_visible()
    expect(page.get_by_text(re.compile(r" left$"))).to_be_visible()
    expect(page.get_by_role("progressbar", name="Rows read")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    wait_until_over(page, "Stopped")
    count = counters(page)
    assert count["Created"] == count["Read"] < 60_000
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_a_file_is_imported_without_scripts(new_page: NewPage, english: Path):
    page = new_page(java_script_enabled=False)
    upload(page, english)
    expect(page.get_by_role("heading", name="customers.csv")).to_be_visible()

    def over() -> bool:
        page.reload()
        return page.get_by_text("Done", exact=True).is_visible()

    while not over():
        pass
    assert counters(page)["Created"] == 2


def row_of(page: Page, filename: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=filename)
