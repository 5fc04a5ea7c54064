"""What the tests of payments' pages have in common: addresses, and figures as they are shown."""

import uuid

from tests.web.pages import Page


def address(payment_id: str, rest: str = "") -> str:
    return f"/payments/{uuid.UUID(payment_id)}/{rest}"


def facts(shown: Page) -> dict[str, str]:
    return dict(zip([one.text for one in shown.all("dt")], [one.text for one in shown.all("dd")], strict=True))
