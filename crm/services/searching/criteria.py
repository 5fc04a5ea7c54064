"""What customers are looked for by, and in which order they come."""

from dataclasses import dataclass
from datetime import date

from flask import current_app

from crm.text import digits, fold, looks_like_phone

QUERY_LIMIT = 200  # characters of a query that are looked at
SORTS = {
    "name": "name_key",
    "phone": "phone_key",
    "email": "email_key",
    "city": "city_key",
    "tags": "tags_key",
    "balance": "balance_key",
    "created": "created_at",
    "updated": "updated_at",
}  # what the list is sorted by, and the column that has it


@dataclass(frozen=True)
class Criteria:
    """What is looked for; blank means any. `sort` is a key of `SORTS`, with a leading `-` for descending."""

    q: str = ""
    status: str = "active"
    tag: str = ""
    city: str = ""
    channel: str = ""
    created_from: date | None = None
    created_to: date | None = None
    currency: str = ""  # of balances; the product's own where it is blank
    balance_from: int | None = None  # minor units
    balance_to: int | None = None
    debt: bool = False
    sort: str = "name"

    @property
    def sorted_by(self) -> str:
        """The key of `SORTS`."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether the order is the other way round."""
        return self.sort.startswith("-")

    @property
    def terms(self) -> list[str]:
        """The folded words of the query, for highlighting."""
        return fold(self.q[:QUERY_LIMIT]).split()

    @property
    def phone_digits(self) -> str:
        """The digits that a phone is looked for by, '' for a query that is no number."""
        if not looks_like_phone(self.q):
            return ""
        number = digits(self.q)
        return "7" + number[1:] if number.startswith("8") else number


def currency_of(criteria: Criteria) -> str:
    """The currency that balances are in."""
    return criteria.currency or str(current_app.config["CRM_DEFAULT_CURRENCY"])
