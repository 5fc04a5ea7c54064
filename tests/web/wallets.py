"""What the tests of the wallet's pages have in common: addresses, forms as they are sent, and what is refused."""

import uuid

from werkzeug.test import TestResponse

from crm.models import Customer
from crm.services import statements
from tests.client import Browser
from tests.web.pages import Page, page

FIELDS = ("account", "currency", "amount", "direction", "source", "payee", "description")
# Not one of them is a positive amount of rubles.
NO_AMOUNTS = (
    "", "  ", "0", "0,00", "-1", "−1", "+1", "1e9", "NaN", "Infinity", "1,2,3", "10.001", "٣", "9" * 30, "1,250.00",
    "1_0", "0x10", "1 2", "1\x000", "10000000000000.01", "<b>",
)  # fmt: skip
NO_ACCOUNTS = ("0", "-1", "x", "1.0", "9" * 30, "²", "1\x00", "999999999")


def address(customer: Customer, action: str = "") -> str:
    return f"/customers/{customer.id}/wallet/{action}{'/' if action else ''}"


def sent(**fields: object) -> dict[str, str]:
    """The form with these fields and a key of its own."""
    return {"idempotency_key": str(uuid.uuid4())} | {name: str(value) for name, value in fields.items()}


def wrong(shown: Page) -> dict[str, str]:
    """The fields that are marked as wrong, and what is said beside them."""
    return {name: shown.error(name) for name in FIELDS if shown.all(id=name) and shown.error(name)}


def refused(answer: TestResponse) -> dict[str, str]:
    """The same of an answer that must be a refusal."""
    assert answer.status_code == 422, answer.status_code
    return wrong(page(answer))


def lines(account_id: int) -> list[tuple[str, int, int, str]]:
    """The wallet's operations, newest first: kind, amount, balance after, description."""
    found = statements.history(account_id).items
    return [(line.kind, line.signed_amount, line.balance_after, line.description) for line in found]


def statuses(browsers: list[Browser], path: str, data: dict[str, str]) -> list[list[int]]:
    """What each browser is answered, asked for the form and sending it."""
    return [[one.open(path, method=method, data=data).status_code for method in ("GET", "POST")] for one in browsers]
