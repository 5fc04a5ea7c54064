"""Laws of the languages: the browser's own from the first page on, the person's choice after that."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import people
from tests.browser.conftest import BORIS, NewPage
from tests.conftest import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def russian(new_page: NewPage) -> Page:
    """A page in a Russian browser, where Boris has signed in."""
    return new_page(locale="ru-RU")


def test_a_russian_browser_is_spoken_to_in_russian_from_the_door_on(new_page: NewPage):
    page = new_page(who=None, locale="ru-RU")
    page.goto("/customers/")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_label("Эл. почта").fill(BORIS)
    page.get_by_label("Пароль").fill("не тот пароль")
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_label("Пароль")).to_have_accessible_description("Неверная эл. почта или пароль.")
    page.get_by_label("Пароль").fill(PASSWORD)
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("heading", name="Клиенты", exact=True)).to_be_visible()
    expect(page.get_by_text("Клиентов пока нет")).to_be_visible()


def test_a_customer_is_made_changed_and_deleted_in_russian(russian: Page):
    page = russian
    page.goto("/customers/")
    page.get_by_role("link", name="Новый клиент").first.click()
    form = page.get_by_role("form", name="Новый клиент")
    form.get_by_label("Имя").fill("Семён Королёв")
    form.get_by_label("Телефон").fill("12")
    form.get_by_role("button", name="Сохранить").click()
    expect(form.get_by_label("Телефон")).to_have_accessible_description("12 — неверный номер телефона.")
    form.get_by_label("Телефон").fill("8 (912) 000-11-22")
    form.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Клиент добавлен: Семён Королёв.")).to_be_visible()
    page.get_by_role("link", name="Семён Королёв").click()
    page.get_by_role("link", name="Изменить").click()
    page.get_by_label("Город").fill("Орёл")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Сохранено.")).to_be_visible()
    page.get_by_role("link", name="Удалить").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Удалить клиента Семён Королёв?")
    dialog.get_by_role("button", name="Удалить").click()
    expect(page.get_by_text("Клиент удалён: Семён Королёв.")).to_be_visible()


@pytest.mark.parametrize(("count", "text"), [(1, "1 клиент"), (3, "3 клиента"), (5, "5 клиентов"), (21, "21 клиент")])
def test_numbers_are_declined(russian: Page, count: int, text: str):
    for number in range(count):
        people.add(f"Клиент {number}")
    russian.goto("/customers/")
    expect(russian.get_by_text(text, exact=True)).to_be_visible()


def test_a_file_is_imported_in_russian(russian: Page, tmp_path: Path):
    path = tmp_path / "клиенты.csv"
    path.write_text("ФИО;Телефон\nАнна Иванова;12\nСемён Королёв;8 (912) 000-11-22\n", encoding="cp1251")
    page = russian
    page.goto("/customers/import/")
    page.locator("input[type=file]").set_input_files(path)
    page.locator("#import-form").get_by_role("button", name="Импорт").click()
    expect(page).to_have_url(re.compile(r"/customers/import/\d+/$"))
    expect(page.get_by_text("Готово", exact=True)).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Скачать строки с ошибками").click()
    assert "Телефон: 12 — неверный номер телефона." in download.value.path().read_text(encoding="cp1251")


def test_an_unknown_page_says_so_in_russian(russian: Page):
    russian.goto("/customers/999999/")
    expect(russian.get_by_role("heading", name="Такого клиента нет.")).to_be_visible()
    russian.get_by_role("link", name="На главную").click()
    expect(russian.get_by_role("heading", name="Обзор")).to_be_visible()


def test_the_language_is_switched_in_the_menu_and_stays(new_page: NewPage):
    page = new_page()
    page.goto("/customers/?q=anna")
    page.locator("#user-menu > summary").click()
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", name="Клиенты", exact=True)).to_be_visible()
    expect(page).to_have_url("/customers/?q=anna")
    elsewhere = new_page()
    elsewhere.goto("/")
    expect(elsewhere.get_by_role("heading", name="Обзор")).to_be_visible()
    elsewhere.locator("#user-menu > summary").click()
    elsewhere.get_by_role("button", name="English").click()
    expect(elsewhere.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_the_language_is_switched_before_signing_in_too(new_page: NewPage):
    page = new_page(who=None)
    page.goto("/login")
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", name="Войти")).to_be_visible()
    expect(page.get_by_role("button", name="Русский")).to_have_attribute("aria-pressed", "true")
