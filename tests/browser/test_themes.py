"""Laws of the looks: the system's theme or the person's, from the first thing that is painted."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser
# A body comes after the head's scripts and before anything can be painted.
REMEMBER_THE_FIRST_THEME = """
  new MutationObserver((_changes, observer) => {
    if (!document.body) return;
    window.firstTheme = document.documentElement.dataset.bsTheme;
    observer.disconnect();
  }).observe(document, {childList: true, subtree: true});
"""


def luminance(page: Page) -> float:
    """How bright the page's background is, 0 to 255."""
    red, green, blue = page.evaluate(
        """() => {
          const paint = document.createElement("canvas").getContext("2d");
          paint.fillStyle = getComputedStyle(document.body).backgroundColor;
          paint.fillRect(0, 0, 1, 1);
          return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }"""
    )
    brightness: float = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return brightness


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_first_paint_is_in_the_theme_of_the_system(new_page: NewPage, system: Literal["light", "dark"]):
    page = new_page(color_scheme=system)
    page.add_init_script(REMEMBER_THE_FIRST_THEME)
    page.goto("/")
    assert page.evaluate("window.firstTheme") == system
    assert (luminance(page) > 200) == (system == "light")
    assert (luminance(page) < 60) == (system == "dark")


def test_the_page_follows_when_the_system_turns_dark(page: Page):
    page.goto("/")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


@pytest.mark.parametrize(("chosen", "system"), [("Dark", "light"), ("Light", "dark")])
def test_the_persons_choice_goes_before_the_systems(new_page: NewPage, chosen: str, system: Literal["light", "dark"]):
    page = new_page(color_scheme=system)
    page.goto("/customers/")
    page.locator("#user-menu > summary").click()
    page.get_by_role("button", name=chosen).click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", chosen.lower())
    page.add_init_script(REMEMBER_THE_FIRST_THEME)
    page.goto("/settings/profile/")
    assert page.evaluate("window.firstTheme") == chosen.lower()
    page.get_by_role("combobox", name="Theme").select_option("As the system")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", system)
