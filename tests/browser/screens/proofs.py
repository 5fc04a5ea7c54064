"""The proof page and proofs, of a ledger that is right and of one that is not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from crm.db import atomic, utcnow
from crm.ledger.laws import LAWS
from crm.models import ProofFinding, ProofQuery, ProofRun
from tests.browser.conftest import ALICE, VERA
from tests.browser.screens.office import Furniture
from tests.browser.screens.screen import Screen, at, open_at

SQL = (
    "SELECT account_id, sum(signed_amount) AS total\nFROM operations GROUP BY account_id HAVING sum(signed_amount) <> 0"
)


def _run(state: str, **more: Any) -> ProofRun:
    ended = utcnow() if state in ("clean", "broken", "failed") else None
    return ProofRun(
        state=state, laws=len(LAWS), done=len(LAWS), to_position=1_234_567, head_hash=bytes(range(32)),
        started_at=utcnow() - timedelta(seconds=4), finished_at=ended, **more,
    )  # fmt: skip


def _made(found: Furniture, state: str) -> int:
    """The id of the last of some proofs; this one ended so."""
    differing = [{"account": found.wallet, "balance": 123_456_789, "total": 123_456_788, "sequence": 7, "last": 7}]
    with atomic() as session:
        session.merge(ProofQuery(digest="0" * 64, sql=SQL))
        runs = [
            _run("clean", kind="full"),
            _run("clean", kind="incremental", from_position=1_200_000),
            _run("failed", kind="incremental", error="OperationalError: could not connect to the server"),
            _run(state, kind="full", differences=2 if state == "broken" else 0),
        ]
        session.add_all(runs)
        session.flush()
        for run in (runs[0], runs[-1]):
            for place, law in enumerate(LAWS[:6] if run.state == "running" else LAWS):
                wrong = differing if run.state == "broken" and place < 2 else []
                session.add(
                    ProofFinding(
                        run_id=run.id, law=law.code, place=place, rows=1_234_567, differences=len(wrong),
                        milliseconds=210, examples=wrong, query="0" * 64,
                    )
                )  # fmt: skip
        runs[-1].done = 6 if state == "running" else len(LAWS)
        return runs[-1].id


def _page(state: str) -> Callable[[Page, Furniture], None]:
    def show(page: Page, found: Furniture) -> None:
        _made(found, state)
        open_at(page, "/proof/", found)
        page.locator(".law-sql > summary").first.click()
        expect(page.locator(".law-sql pre").first).to_be_visible()

    return show


def _one(state: str) -> Callable[[Page, Furniture], None]:
    return lambda page, found: open_at(page, f"/proof/{_made(found, state)}/", found)


def _alarm(page: Page, found: Furniture) -> None:
    _made(found, "broken")
    page.goto("/")
    expect(page.locator(".alert-danger")).to_be_visible()


SCREENS = {
    "ledger that is right": Screen(ALICE, _page("clean")),
    "ledger that is not right": Screen(VERA, _page("broken")),
    "proof that found differences": Screen(VERA, _one("broken")),
    "proof under way": Screen(ALICE, _one("running")),
    "dashboard with an alarm": Screen(VERA, _alarm),
}
BARE = {
    "nothing proved yet": Screen(VERA, at("/proof/")),
}
