"""Pages of exports, and the menu on the lists that files are made of."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import select

from crm.db import atomic, utcnow
from crm.models import Export, User
from tests.browser.conftest import ALICE, BORIS, VERA
from tests.browser.screens.office import Furniture
from tests.browser.screens.screen import Screen, at, open_at

NARROWED = {"q": "Константинопольский-Заозёрный", "city": "Петропавловск-Камчатский", "tag": "постоянный покупатель"}
MENU = ".export-menu"
ERROR = "Making the file was begun several times and never came to its end."


def _made(found: Furniture) -> dict[str, int]:
    """The ids of an export that is at work, one whose file is there, one that failed and one that was stopped."""
    now = utcnow()
    at_work: dict[str, Any] = {"lease": "a worker", "lease_until": now + timedelta(hours=1), "started_at": now}
    over: dict[str, Any] = {"finished_at": now, "expires_at": now + timedelta(days=7)}
    written = {"total_rows": 1_234_567, "written_rows": 1_234_567, "size": 98_765_432}
    with atomic() as session:
        boris = session.scalars(select(User.id).where(User.email == BORIS)).one()
        rows = [
            Export(status="failed", noun="payments", criteria={}, format="csv", error=ERROR, **over),
            Export(status="cancelled", noun="operations", criteria={"currency": "RUB"}, format="jsonl", **over),
            Export(status="done", noun="customers", criteria=NARROWED, format="xlsx", stored_as="1-a",
                   **written, **over),
            Export(status="running", noun="operations", criteria={"customer": found.customer, "first": "2026-01-01"},
                   format="csv", total_rows=1_234_567, written_rows=456_789, **at_work),
        ]  # fmt: skip
        for row in rows:
            row.created_by_id, row.locale = boris, "en"
        session.add_all(rows)
        session.flush()
        return {row.status: row.id for row in rows}


def _list(page: Page, found: Furniture) -> None:
    _made(found)
    page.goto("/exports/")
    expect(page.locator("#recent-exports li").first).to_be_visible()


def _one(status: str) -> Callable[[Page, Furniture], None]:
    return lambda page, found: open_at(page, f"/exports/{_made(found)[status]}/", found)


def _menu(address: str) -> Callable[[Page, Furniture], None]:
    def show(page: Page, found: Furniture) -> None:
        open_at(page, address, found)
        page.locator(".export-menu > summary").click()
        expect(page.locator(".export-menu .menu-last")).to_be_visible()
        place = page.locator(".export-menu .menu-body").bounding_box()
        assert place and place["x"] >= 0  # what is beyond the left edge cannot even be scrolled to

    return show


SCREENS = {
    "exports": Screen(BORIS, _list),
    "everybody's exports": Screen(ALICE, _list),
    "export in progress": Screen(BORIS, _one("running")),
    "export to be fetched": Screen(BORIS, _one("done")),
    "export that failed": Screen(BORIS, _one("failed")),
    "export menu of customers": Screen(BORIS, _menu("/customers/?city=%D0%BE"), MENU),
    "export menu of payments": Screen(ALICE, _menu("/payments/"), MENU),
    "export menu of operations": Screen(VERA, _menu("/accounts/operations/"), MENU),
}
BARE = {
    "no exports": Screen(VERA, at("/exports/")),
}
