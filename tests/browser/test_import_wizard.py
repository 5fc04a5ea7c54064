"""Laws of setting an import up: seen before it is written, with the keyboard and without a script, and taken back."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from crm.db import db
from crm.models import User
from crm.services import imports
from crm.services.audit import Actor
from tests import people
from tests.browser.conftest import BORIS, Browse
from tests.browser.test_imports import MINUTE, RUSSIAN, counters

pytestmark = pytest.mark.browser


def choose(page: Page, path: Path) -> None:
    page.goto("/customers/import/")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Check the columns first").click()
    expect(page).to_have_url(re.compile(r"/customers/import/\d+/columns/$"))


@pytest.fixture
def russian(tmp_path: Path) -> Path:
    path = tmp_path / "клиенты.csv"
    path.write_text(RUSSIAN, encoding="cp1251")
    return path


def test_an_import_is_set_up_checked_run_and_undone(page: Page, russian: Path):
    people.add("Семён", external_id="1", city="Тверь")
    choose(page, russian)
    expect(page.locator("[name=encoding]")).to_have_value("cp1251")
    page.get_by_label("Update existing customers").check()
    page.get_by_label("What of existing customers ФИО may change").select_option(label="Leave as it is")
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_text("Checked", exact=True)).to_be_visible(timeout=MINUTE)
    assert counters(page) == {"Read": 3, "Created": 1, "Updated": 1, "Unchanged": 0, "Skipped": 0, "Failed": 1}
    page.get_by_role("link", name="Updated: 1").click()
    expect(page.locator("#import-rows del")).to_have_text("Тверь")
    expect(page.locator("#import-rows ins").filter(has_text="Орёл")).to_be_visible()
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=MINUTE)
    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_text("RUB 1,250.50")).to_be_visible()
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("Undone", exact=True)).to_be_visible(timeout=MINUTE)
    page.goto("/customers/?q=семён")
    expect(page.locator("#customer-rows")).to_contain_text("Тверь")


def test_another_reading_is_chosen_in_place(page: Page, tmp_path: Path):
    path = tmp_path / "koi.csv"
    path.write_bytes("имя|город\nАня|Орёл\n".encode("koi8_r"))
    choose(page, path)
    page.locator("[name=encoding]").select_option("cp1251")
    expect(page.locator(".map")).not_to_contain_text("Орёл")
    page.locator("[name=encoding]").select_option("koi8_r")
    expect(page.locator(".map")).to_contain_text("Орёл")
    page.locator("[name=delimiter]").select_option(";")
    expect(page.locator(".map tbody tr")).to_have_count(1)
    page.locator("[name=encoding]").select_option("utf-8")
    expect(page.locator("#import-setup [role=alert]")).to_be_visible()


def test_more_that_is_spoilt_comes_into_sight_before_anything_is_done(page: Page, tmp_path: Path):
    path = tmp_path / "spoilt.csv"
    path.write_text("name,field\nAnna,79123456789.0\nBoris,-\n")
    choose(page, path)
    page.get_by_label("What field holds").select_option("phone")
    page.get_by_role("button", name="Check all rows").click()
    warning = page.get_by_text("more is spoilt")
    expect(warning).to_be_focused()
    expect(warning).to_be_in_viewport()
    page.get_by_label("has a word for nothing").uncheck()
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_text("Checked", exact=True)).to_be_visible(timeout=MINUTE)
    assert counters(page) == {"Read": 2, "Created": 1, "Updated": 0, "Unchanged": 0, "Skipped": 0, "Failed": 1}


def test_what_is_wrong_stands_beside_its_column(page: Page, russian: Path):
    choose(page, russian)
    page.get_by_label("What Город holds").select_option("external_id")
    page.get_by_role("button", name="Check all rows").click()
    wrong = page.get_by_label("What Город holds")
    expect(wrong).to_have_accessible_description("Another column goes into this field already.")
    expect(wrong).to_be_focused()


def test_the_order_is_moved_by_the_keyboard(page: Page, russian: Path):
    choose(page, russian)
    page.get_by_role("button", name="Move Phone up").focus()
    page.keyboard.press("Enter")
    keys = page.locator("[name=order]")
    expect(keys.nth(1)).to_have_value("phone")
    expect(page.get_by_role("button", name="Move Phone up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(keys.nth(0)).to_have_value("phone")


def test_it_works_without_a_script(browse: Browse, russian: Path):
    page = browse(BORIS, [], java_script_enabled=False)
    choose(page, russian)
    page.get_by_role("button", name="Move Phone up").click()
    page.locator("[name=header]").select_option("1")
    page.get_by_role("button", name="Read again").click()
    expect(page.locator(".map-title").first).to_have_text("1")
    page.locator("[name=header]").select_option("0")
    page.get_by_role("button", name="Read again").click()
    page.get_by_role("button", name="Check all rows").click()
    expect(page.locator("h1")).to_have_text("клиенты.csv")
    page.context.close()


def test_the_end_of_an_import_is_told_wherever_one_is(page: Page, russian: Path):
    boris = db.session.scalars(select(User.id).where(User.email == BORIS)).one()
    with russian.open("rb") as file:
        imports.accept(Actor(boris, "test"), file, russian.name)  # and the page of it is closed
    page.goto("/payments/")
    expect(page.locator("#import-news")).to_be_visible(timeout=MINUTE)
    expect(page.locator("#import-news")).to_have_accessible_name("1 import has ended")
    page.locator("#import-news").click()
    page.get_by_role("link", name="клиенты.csv").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    expect(page.locator("#import-news")).to_be_hidden()
