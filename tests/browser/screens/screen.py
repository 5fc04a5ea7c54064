"""A page in a state, and how it is brought up."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.screens.office import Furniture


@dataclass(frozen=True)
class Screen:
    """A page in a state; `who` looks at it (None is a stranger). `within` is the part that axe is to judge, where the
    rest is a screen of its own: what lies half under an open menu is too small to be hit until the menu closes.
    """

    who: str | None
    show: Callable[[Page, Furniture], None]
    within: str = "html"


def at(address: str) -> Callable[[Page, Furniture], None]:
    """Just the page at this address, `{customer}` and the like filled in."""
    return lambda page, found: open_at(page, address, found)


def open_at(page: Page, address: str, found: Furniture) -> None:
    page.goto(address.format(**vars(found)))
