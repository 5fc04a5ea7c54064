"""Laws of every screen: for everybody (WCAG 2.2 AA and axe's best practices), on a phone, and with a strict policy."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response

from tests.browser.conftest import BORIS, NewPage
from tests.browser.screens import BARE_SCREENS, SCREENS, Furniture, Screen, furnish

pytestmark = pytest.mark.browser
ALL = SCREENS | BARE_SCREENS
AXE = (Path(__file__).parent / "axe-4.14.1.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"width": 390, "height": 844}
REPORT_VIOLATIONS = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
  });
"""


@pytest.fixture
def furniture(request: pytest.FixtureRequest) -> Furniture:
    """What there is to see; nothing at all for the screens of an empty office."""
    bare = request.node.callspec.params.get("name") in BARE_SCREENS
    return Furniture(0, 0, 0, 0) if bare else furnish()


def shown(page: Page, screen: Screen, furniture: Furniture) -> Page:
    screen.show(page, furniture)
    return page


def faults(page: Page) -> list[str]:
    """What axe finds wrong on the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
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
          const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > edge);
          return [`${document.scrollingElement.scrollWidth} px`, ...wide.map((one) => one.outerHTML.slice(0, 150))];
        }"""
    )
    return found


@pytest.mark.parametrize("name", ALL)
def test_everybody_can_use_it_in_both_themes_on_a_desk_and_on_a_phone(
    new_page: NewPage, furniture: Furniture, name: str
):
    page = shown(new_page(ALL[name].who, color_scheme="light"), ALL[name], furniture)
    assert faults(page) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size(PHONE)
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert faults(page) == []


@pytest.mark.parametrize("locale", ["en-US", "ru-RU"])
@pytest.mark.parametrize("name", ALL)
def test_a_phone_shows_it_without_scrolling_sideways(new_page: NewPage, furniture: Furniture, name: str, locale: str):
    page = new_page(ALL[name].who, locale=locale, viewport=PHONE)
    assert too_wide(shown(page, ALL[name], furniture)) == []


def test_no_screen_breaks_the_security_policy(new_page: NewPage):
    furniture = furnish()
    for name, screen in SCREENS.items():
        page = new_page(screen.who)
        page.add_init_script(REPORT_VIOLATIONS)
        said: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text) if message.type == "error" else None)
        shown(page, screen, furniture)
        assert page.evaluate("window.violations") == [], name
        assert [text for text in said if "Failed to load resource" not in text] == [], name
        page.context.close()


def test_scripts_and_styles_of_the_first_page_are_light(new_page: NewPage):
    page = new_page(who=None)
    sizes: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if response.request.resource_type in ("script", "stylesheet"):
            sizes[response.url] = len(gzip.compress(response.body(), 6))

    page.on("response", weigh)
    page.goto("/login", wait_until="networkidle")
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
