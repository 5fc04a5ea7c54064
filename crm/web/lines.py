"""The list's lines as they are shown, worked out once: a template pays for every look-up and every call."""

from functools import partial
from typing import NamedTuple

from markupsafe import Markup

from crm.channel_types import link, pretty_phone
from crm.services.search import Criteria, Page
from crm.web.addresses import address
from crm.web.criteria import list_url
from crm.web.dates import day_in, language, moment_in, zone
from crm.web.highlight import highlight
from crm.web.money_text import money_in


class Line(NamedTuple):
    """A customer in the list; what is blank is not shown."""

    pk: int
    url: str
    name: str
    archived: bool
    company: str
    phone: str
    phone_url: str
    email: str
    email_url: str
    city: str
    tags: list[tuple[str, str]]  # with the address of the list of those who have it
    balance: str
    owes: bool
    updated: Markup
    created: str


def lines(page: Page, criteria: Criteria) -> list[Line]:
    """The page's hits, each as a line."""
    # What is plain is left as it is: the template escapes it.
    marked = partial(highlight, terms=criteria.terms) if criteria.terms else str
    numbered = partial(highlight, by_digits=criteria.phone_digits) if criteria.phone_digits else str
    where, tongue, listed = zone(), language(), address("customers.customer_list")
    tagged = {tag: list_url(criteria, tag=tag) for hit in page.items for tag in hit.tags}
    return [
        Line(
            hit.id,
            f"{listed}{hit.id}/",  # as the route says: `url_for` would take longer than all the rest
            marked(hit.name),
            hit.status == "archived",
            marked(hit.company),
            numbered(pretty_phone(hit.phone)),
            link("phone", hit.phone),
            marked(hit.email),
            link("email", hit.email),
            marked(hit.city),
            [(tag, tagged[tag]) for tag in hit.tags],
            "" if hit.balance is None else money_in(hit.balance, page.currency, tongue),
            hit.balance is not None and hit.balance < 0,
            moment_in(hit.updated_at, where, tongue),
            day_in(hit.created_at, where, tongue),
        )
        for hit in page.items
    ]
