"""The real product, and browsers in front of it: Chromium as Debian has it, driven by Playwright."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from limits.storage import storage_from_string
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from sqlalchemy import update

from crm import config as configuration
from crm import create_app
from crm.db import atomic, db, utcnow
from crm.models import Customer, Role, User
from tests import money, people
from tests.browser.product import Product
from tests.conftest import PASSWORD, PASSWORD_HASH

ALICE, BORIS, VERA, CARLA = "alice@example.com", "boris@example.com", "vera@example.com", "carla@example.com"
# The shell alone, where it is there: a whole browser draws its own tabs and menus too, for nobody.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# What Chromium and htmx say of answers that are not 200, do not come, or are not waited for any more: no faults.
ANSWERS = (
    "Failed to load resource",
    "Response Status Error Code",
    "htmx:afterRequest",
    "htmx:sendError",
    "htmx:sendAbort",
)
REPORT_VIOLATIONS = """
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`${event.violatedDirective} is broken by ${event.blockedURI} ${event.sample}`);
  });
"""
SECONDS = 15  # how long anything may take on a machine that has other things to do
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
Browse = Callable[..., Page]
NewPage = Callable[..., Page]

expect.set_options(timeout=SECONDS * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="CHROMIUM IS NOT INSTALLED")
    for item in items:
        if CHROMIUM is None and item.get_closest_marker("browser"):
            item.add_marker(missing)


@pytest.fixture(scope="session")
def product(run: Path, worker: str) -> Iterator[Product]:
    """The product, ready, with Alice as its administrator."""
    instance = run / f"{worker}-office"
    instance.mkdir()
    product = Product(instance, ALICE, PASSWORD)
    try:
        product.wait_until_ready()
        yield product
    finally:
        product.end()


@pytest.fixture(scope="session")
def office(product: Product) -> Iterator[Flask]:
    """An app on the product's own database, to prepare what a test finds there."""
    app = create_app(configuration.load(product.environment))
    with app.app_context(), atomic() as session:
        session.execute(update(User).values(password_hash=PASSWORD_HASH, name="Alice"))
        session.add(User(email=BORIS, name="Boris", password_hash=PASSWORD_HASH, role=Role.MANAGER.value))
        session.add(User(email=VERA, name="Vera", password_hash=PASSWORD_HASH, role=Role.VIEWER.value))
        carla = User(email=CARLA, name="Carla", password_hash=PASSWORD_HASH, role=Role.CUSTOMER.value)
        carla.email_confirmed_at = utcnow()
        session.add(carla)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def first_day(office: Flask) -> Iterator[sqlite3.Connection]:
    """A copy of the product's database before anything was done in it."""
    with office.app_context():
        copy = copied()
    with closing(copy):
        yield copy


@pytest.fixture(autouse=True)
def empty_office(office: Flask, first_day: sqlite3.Connection) -> Iterator[None]:
    """No customers, no imports, nobody has chosen a language or a theme, nothing counts towards a limit; the app's
    context is pushed.
    """
    storage_from_string(office.config["RATELIMIT_STORAGE_URI"]).reset()
    with office.app_context():
        put_back(first_day)
        yield
        db.session.rollback()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sessions(product: Product, office: Flask, chromium: Browser) -> Callable[[str], Any]:
    """`sessions(BORIS)` is what a browser keeps in which Boris has signed in."""
    kept: dict[str, Any] = {}

    def session_of(email: str) -> Any:
        if email not in kept:
            context = chromium.new_context(base_url=product.url)
            sign_in(context.new_page(), email)
            kept[email] = context.storage_state()
            context.close()
        return kept[email]

    return session_of


@pytest.fixture(scope="session")
def browse(product: Product, chromium: Browser, sessions: Callable[[str], Any]) -> Browse:
    """`browse(BORIS, faults)` is a page in a new browser, where Boris has signed in; it adds to `faults`."""

    def new(who: str | None, faults: list[str], **options: Any) -> Page:
        def listen(message: ConsoleMessage) -> None:
            if message.type == "error" and not message.text.startswith(ANSWERS):
                faults.append(f"{message.text} ({message.page.url if message.page else ''})")

        wanted = {"locale": "en-US", "reduced_motion": "reduce", "viewport": DESK} | options
        state = sessions(who) if who else None
        context = chromium.new_context(base_url=product.url, storage_state=state, **wanted)
        context.set_default_timeout(SECONDS * 1000)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.on("console", listen)
        return context.new_page()

    return new


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What browsers complain of: scripts that fail, and whatever the Content-Security-Policy forbids.

    There may be none, on whatever page and whatever the test is about.
    """
    faults: list[str] = []
    yield faults
    assert faults == []


@pytest.fixture
def new_page(browse: Browse, faults: list[str]) -> Iterator[NewPage]:
    """`new_page(locale="ru-RU")` is a page in a new browser, where Boris has signed in unless told otherwise."""
    pages: list[Page] = []

    def new(who: str | None = BORIS, **options: Any) -> Page:
        pages.append(browse(who, faults, **options))
        return pages[-1]

    yield new
    for page in pages:
        page.context.close()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page on a desk, in English and light, where Boris has signed in."""
    return new_page()


@pytest.fixture
def anna() -> Customer:
    return people.add("Anna Ivanova")


@pytest.fixture
def purse(anna: Customer) -> int:
    """Anna's wallet: 5 000 rubles."""
    return money.wallet_of(anna.id, balance=500_000)


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Sign in by the form; the page then shows what comes after."""
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def copied() -> sqlite3.Connection:
    """A copy of the office's database as it is now."""
    copy = sqlite3.connect(":memory:")
    with closing(_live()) as live:
        live.backup(copy)
    return copy


def put_back(copy: sqlite3.Connection) -> None:
    """Let the office's database be as it was when it was copied: payments and the audit trail cannot be deleted.

    Ids go on where they were: what the product still does for an earlier test finds nothing.
    """
    with closing(_live()) as live:
        numbers = live.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
        copy.backup(live)
        with live:
            live.execute("DELETE FROM sqlite_sequence")
            live.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", numbers)


def _live() -> sqlite3.Connection:
    return sqlite3.connect(str(db.engine.url.database), timeout=SECONDS)
