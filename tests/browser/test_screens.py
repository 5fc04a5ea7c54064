"""Laws of every screen: for everybody (WCAG 2.2 AA and axe's best practices), on a phone, light to load."""

import gzip
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Response, ViewportSize, expect

from crm.db import db
from tests.browser.conftest import BORIS, DESK, PHONE, Browse, NewPage, copied, put_back
from tests.browser.own_screens import OWN_SCREENS
from tests.browser.screens import BARE_SCREENS, SCREENS, Furniture, furnish

pytestmark = pytest.mark.browser
ALL = SCREENS | OWN_SCREENS | BARE_SCREENS
AXE = (Path(__file__).parent / "axe-4.14.1.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def furnished(office: Flask, first_day: sqlite3.Connection) -> Iterator[tuple[Furniture, sqlite3.Connection]]:
    """What there is to see, and a copy of the office with it: furnishing takes longer than looking."""
    with office.app_context():
        put_back(first_day)
        found = furnish()
        db.session.remove()
        copy = copied()
    with closing(copy):
        yield found, copy


@pytest.fixture
def furniture(request: pytest.FixtureRequest, name: str) -> Furniture:
    """What there is to see; nothing at all for the screens of an empty office."""
    if name in BARE_SCREENS:
        return Furniture(0, 0, 0, 0)
    found, copy = request.getfixturevalue("furnished")
    put_back(copy)
    return found


@pytest.fixture(scope="module")
def readers(browse: Browse) -> Iterator[Callable[[str | None, str], tuple[Page, list[str]]]]:
    """A page for each reader and language, and its faults: kept, since a new browser costs more than a screen."""
    kept: dict[tuple[str | None, str], tuple[Page, list[str]]] = {}

    def reader(who: str | None, locale: str) -> tuple[Page, list[str]]:
        if (who, locale) not in kept:
            faults: list[str] = []
            kept[who, locale] = browse(who, faults, locale=locale), faults
        return kept[who, locale]

    yield reader
    for page, _faults in kept.values():
        page.context.close()


@pytest.fixture
def show(readers: Callable[[str | None, str], tuple[Page, list[str]]], furniture: Furniture, name: str):
    """`show("ru-RU", PHONE)` is the page with the screen on it; no fault may have come up in the end."""
    faults: list[str] = []

    def on(locale: str, size: ViewportSize) -> Page:
        nonlocal faults
        page, faults = readers(ALL[name].who, locale)
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        ALL[name].show(page, furniture)
        return page

    yield on
    found = faults[:]
    faults.clear()
    assert found == []


def barriers(page: Page, within: str = "html") -> list[str]:
    """What axe finds wrong on the page, or within what the selector finds."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found: dict[str, Any] = page.evaluate(
        "([within, options]) => axe.run(within === 'html' ? document : within, options)", [within, options]
    )
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def too_wide(page: Page) -> list[str]:
    """What reaches over the right edge of the screen; nothing where it cannot be scrolled sideways."""
    found: list[str] = page.evaluate(
        """() => {
          const edge = document.documentElement.clientWidth;
          if (document.scrollingElement.scrollWidth <= edge) return [];
          const all = [...document.body.querySelectorAll("*")];
          const wide = all.filter((one) => one.getBoundingClientRect().right > edge);
          return [`${document.scrollingElement.scrollWidth} px`, ...wide.map((one) => one.outerHTML.slice(0, 150))];
        }"""
    )
    return found


@pytest.mark.parametrize("name", ALL)
def test_everybody_can_use_it_on_a_desk_and_on_a_phone_in_the_dark(show: Callable[..., Page], name: str):
    page = show("en-US", DESK)
    assert barriers(page, ALL[name].within) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size(PHONE)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert barriers(page, ALL[name].within) == []
    assert too_wide(page) == []


@pytest.mark.parametrize("name", ALL)
def test_russian_fits_a_phone(show: Callable[..., Page], name: str):
    assert too_wide(show("ru-RU", PHONE)) == []


def test_the_policy_is_kept_and_watched(page: Page, faults: list[str]):
    page.goto("/customers/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p id=planted style=display:none>planted</p>')")
    expect(page.locator("#planted")).to_be_visible()
    assert any("style-src" in fault for fault in faults)
    faults.clear()


def test_scripts_and_styles_of_the_first_page_are_light(new_page: NewPage):
    page = new_page(who=None)
    loaded: list[Response] = []
    page.on("response", lambda response: loaded.append(response))
    page.goto("/login")
    files = [one for one in loaded if one.request.resource_type in ("script", "stylesheet")]
    sizes = {one.url: len(gzip.compress(one.body(), 6)) for one in files}
    assert len(sizes) >= 5
    assert sum(sizes.values()) <= 150_000, sizes


def test_scripts_and_styles_are_loaded_once(new_page: NewPage):
    page = new_page(BORIS)
    page.goto("/", wait_until="networkidle")
    page.get_by_role("link", name="Customers", exact=True).click()
    page.wait_for_url("**/customers/", wait_until="networkidle")
    loaded: list[str] = page.evaluate(
        """performance.getEntriesByType("resource")
          .filter((one) => ["script", "link"].includes(one.initiatorType) && one.transferSize > 0)
          .map((one) => one.name)"""
    )
    assert loaded == []
