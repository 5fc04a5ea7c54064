"""Laws of the list: it follows what is typed, chosen and sorted, and so does its address."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from crm.db import atomic, db
from crm.models import Customer
from tests import people
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser


def rows(page: Page):
    return page.locator("#customer-rows tr[id^=customer-row]")


def names(page: Page) -> list[str]:
    return [name.strip() for name in page.locator("#customer-rows .row-link").all_inner_texts()]


@pytest.fixture
def three() -> None:
    people.add("Anna Ivanova", city="Tver", email="anna@example.com", tags=["vip"])
    people.add("Boris Petrov", city="Orel", phone="+79123456789")
    people.add("Семён Королёв", city="Tver", telegram="semyon_k")


@pytest.mark.usefixtures("three")
def test_the_list_follows_the_typing_and_the_address_follows_too(page: Page):
    page.goto("/customers/")
    expect(rows(page)).to_have_count(3)
    page.get_by_label("Find a customer").press_sequentially("коро")
    expect(rows(page)).to_have_count(1)
    expect(page.locator("mark")).to_have_text("Коро")
    expect(page.get_by_text("1 customer", exact=True)).to_be_visible()
    expect(page).to_have_url("/customers/?q=%D0%BA%D0%BE%D1%80%D0%BE")
    expect(page.get_by_label("Find a customer")).to_be_focused()


@pytest.mark.usefixtures("three")
def test_a_phone_is_found_and_marked_by_its_digits(page: Page):
    page.goto("/customers/")
    page.get_by_label("Find a customer").fill("8 (912) 345")
    expect(rows(page)).to_have_count(1)
    expect(page.locator("mark")).to_have_text("7 912 345")


@pytest.mark.usefixtures("three")
def test_an_address_with_a_search_shows_its_hits(page: Page):
    page.goto("/customers/?q=petr&sort=-created")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("Find a customer")).to_have_value("petr")


@pytest.mark.usefixtures("three")
def test_back_leads_from_a_customer_to_the_hits(page: Page):
    page.goto("/customers/")
    page.get_by_label("Find a customer").fill("anna")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("link", name="Anna Ivanova").click()
    expect(page.get_by_role("heading", name="Anna Ivanova")).to_be_visible()
    page.go_back()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("Find a customer")).to_have_value("anna")


@pytest.mark.usefixtures("three")
def test_back_undoes_a_sort(page: Page):
    page.goto("/customers/")
    page.get_by_role("link", name="City", exact=True).click()
    expect(page).to_have_url("/customers/?sort=city")
    expect(page.get_by_role("columnheader", name="City")).to_have_attribute("aria-sort", "ascending")
    assert names(page)[0] == "Boris Petrov"
    page.get_by_role("link", name="City", exact=True).click()
    expect(page).to_have_url("/customers/?sort=-city")
    expect(page.get_by_role("columnheader", name="City")).to_have_attribute("aria-sort", "descending")
    page.go_back()
    expect(page).to_have_url("/customers/?sort=city")
    expect(page.get_by_role("columnheader", name="City")).to_have_attribute("aria-sort", "ascending")
    page.go_back()
    expect(page).to_have_url("/customers/")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    assert names(page)[0] == "Anna Ivanova"


@pytest.mark.usefixtures("three")
def test_a_search_keeps_the_order_that_was_chosen(page: Page):
    page.goto("/customers/")
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page).to_have_url("/customers/?sort=-name")
    page.get_by_label("Find a customer").fill("tver")
    expect(rows(page)).to_have_count(2)
    assert names(page) == ["Семён Королёв", "Anna Ivanova"]
    expect(page).to_have_url("/customers/?q=tver&sort=-name")


@pytest.mark.usefixtures("three")
def test_filters_narrow_the_list_and_can_be_cleared(page: Page):
    page.goto("/customers/")
    filters = page.get_by_role("search")
    filters.get_by_text("Filters").click()
    filters.get_by_label("City").fill("tver")
    expect(rows(page)).to_have_count(2)
    filters.get_by_role("combobox", name="Has contact").select_option("Telegram")
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url("/customers/?city=tver&channel=telegram")
    page.get_by_role("link", name="Clear").click()
    expect(rows(page)).to_have_count(3)
    expect(page).to_have_url("/customers/")


@pytest.mark.usefixtures("three")
def test_filters_by_tag_status_and_date(page: Page):
    old = people.add("Old Customer")
    with atomic():
        customer = db.session.get_one(Customer, old.id)
        customer.created_at = datetime.now(UTC) - timedelta(days=400)
        customer.status = "archived"
    page.goto("/customers/")
    expect(rows(page)).to_have_count(3)
    filters = page.get_by_role("search")
    filters.get_by_text("Filters").click()
    filters.get_by_role("combobox", name="Tag", exact=True).select_option("vip")
    expect(rows(page)).to_have_count(1)
    filters.get_by_role("combobox", name="Tag", exact=True).select_option("Any")
    filters.get_by_role("combobox", name="Status").select_option("All")
    expect(rows(page)).to_have_count(4)
    filters.get_by_label("Created to").fill((datetime.now(UTC) - timedelta(days=300)).date().isoformat())
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("link", name="Old Customer")).to_be_visible()


@pytest.mark.usefixtures("three")
def test_the_export_is_of_what_is_shown(page: Page):
    page.goto("/customers/")
    page.get_by_label("Find a customer").fill("anna")
    expect(rows(page)).to_have_count(1)
    with page.expect_download() as download:
        page.locator("summary", has_text="Export").click()
        page.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text()
    assert "Anna Ivanova" in text
    assert "Boris Petrov" not in text


def test_more_rows_come_below_until_there_are_no_more(page: Page):
    people.crowd(120)
    page.goto("/customers/?status=")
    first = rows(page).count()
    assert 0 < first < 120
    page.get_by_role("link", name="Show more").click()
    expect(rows(page)).to_have_count(min(2 * first, 120))
    while page.get_by_role("link", name="Show more").count():
        shown = rows(page).count()
        page.get_by_role("link", name="Show more").click()
        expect(rows(page)).not_to_have_count(shown)
    expect(rows(page)).to_have_count(120)
    ids = page.locator("#customer-rows tr").evaluate_all("rows => rows.map((row) => row.id)")
    assert len(set(ids)) == 120
    expect(page).to_have_url("/customers/?status=")


def test_nothing_found_says_so_and_leads_back(page: Page):
    people.add("Anna Ivanova")
    page.goto("/customers/?q=nobody")
    expect(page.get_by_text("No customer matches")).to_be_visible()
    page.get_by_role("link", name="Show all customers").click()
    expect(rows(page)).to_have_count(1)


@pytest.mark.usefixtures("three")
def test_a_slash_searches_from_any_page_and_arrows_choose(page: Page):
    page.goto("/settings/profile/")
    page.keyboard.press("/")
    page.keyboard.type("tver")
    hits = page.locator("#hits").get_by_role("link")
    expect(hits).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(hits.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(hits.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/customers/\d+/$"))


@pytest.mark.usefixtures("three")
def test_escape_puts_the_hits_away(page: Page):
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("tver")
    hits = page.locator("#hits").get_by_role("link")
    expect(hits).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(hits).to_have_count(0)
    expect(page.get_by_label("Find a customer")).to_be_focused()


@pytest.mark.usefixtures("three")
def test_enter_in_the_search_box_shows_all_hits_as_a_list(page: Page):
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("tver")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/customers/?q=tver")
    expect(rows(page)).to_have_count(2)


@pytest.mark.usefixtures("three")
def test_search_and_sort_without_scripts(new_page: NewPage):
    page = new_page(java_script_enabled=False)
    page.goto("/customers/")
    page.get_by_label("Find a customer").fill("tver")
    page.get_by_role("button", name="Search").click()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    expect(rows(page)).to_have_count(2)


def test_the_navigation_stays_however_far_a_page_is_scrolled(page: Page):
    page.goto("/payments/upload/")
    page.set_viewport_size({"width": 1280, "height": 300})
    page.evaluate("window.scrollTo(0, 400)")
    assert page.evaluate("window.scrollY") > 100
    assert page.evaluate("document.querySelector('.sidebar').getBoundingClientRect().top") == 0
