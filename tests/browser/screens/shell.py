"""Signing in, the frame, the first page, settings."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import ALICE, BORIS
from tests.browser.screens.office import Furniture
from tests.browser.screens.screen import Screen, at


def _refused_sign_in(page: Page, found: Furniture) -> None:
    page.goto("/login")
    page.locator("#email").fill("nobody@example.com")
    page.locator("#password").fill("wrong")
    page.locator("#login-form button").click()
    expect(page.locator("#password-help")).to_be_visible()


def _hits(page: Page, found: Furniture) -> None:
    page.goto("/settings/profile/")
    page.locator("#search-input").fill("а")
    expect(page.locator("#hits a").first).to_be_visible()


def _menu(page: Page, found: Furniture) -> None:
    page.goto("/settings/profile/")
    page.locator("#user-menu > summary").click()


def _user_refused(page: Page, found: Furniture) -> None:
    page.goto("/settings/users/create/")
    page.locator("#user-form [type=submit]").click()
    expect(page.locator("#user-form [aria-invalid=true]").first).to_be_visible()


def _token_made(page: Page, _furniture: Furniture) -> None:
    page.goto("/settings/tokens/")
    page.fill("[name=name]", "Warehouse")
    page.check("[value=read]")
    page.click("#token-form button[type=submit]")
    expect(page.locator("#secret")).to_be_focused()


def _password_refused(page: Page, found: Furniture) -> None:
    page.goto("/settings/profile/")
    page.locator("form[action$='/password/'] [type=submit]").click()
    expect(page.locator("#current-help")).to_be_visible()


SCREENS = {
    "sign-in": Screen(None, at("/login")),
    "sign-in refused": Screen(None, _refused_sign_in),
    "hits of the search box": Screen(BORIS, _hits),
    "user menu": Screen(BORIS, _menu),
    "dashboard": Screen(BORIS, at("/")),
    "tokens": Screen(BORIS, at("/settings/tokens/")),
    "a new token": Screen(BORIS, _token_made),
    "the API described": Screen(None, at("/api/v1/docs?q=change+a+customer")),
    "the API described to who is in": Screen(BORIS, at("/api/v1/docs")),
    "profile": Screen(BORIS, at("/settings/profile/")),
    "profile refused": Screen(BORIS, _password_refused),
    "users": Screen(ALICE, at("/settings/users/")),
    "user create refused": Screen(ALICE, _user_refused),
    "user edit": Screen(ALICE, at("/settings/users/{user}/edit/")),
    "audit log": Screen(ALICE, at("/settings/audit/")),
    "error": Screen(BORIS, at("/customers/999999999/")),
}
BARE = {
    "empty dashboard": Screen(BORIS, at("/")),
}
