"""Who changed what, newest first, for administrators to read and for nobody to change."""

import re

from crm.channel_types import ChannelType
from crm.config import ROOT
from crm.db import atomic
from crm.models.imports import OUTCOMES
from crm.models.ledger import ACCOUNT_STATUSES
from crm.services import audit, channels, customers, operations, search, users
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData, CustomerData
from crm.services.exporting.orders import LISTS
from crm.services.paying import criteria as payment_criteria
from crm.web import trail
from tests import people
from tests.web.pages import page

FILTERED = (search.Criteria(), payment_criteria.Criteria(), operations.Criteria())  # a statement has fewer of them

AUDIT = "/settings/audit/"


def rows(shown) -> list[str]:
    return [row.text for row in shown.all("tr", inside="audit") if any(one.tag == "tbody" for one in row.parents)]


def test_a_change_is_told_with_who_what_and_from_where(admin, boris):
    actor = Actor(boris.id, "10.0.0.1")
    anna = customers.create(actor, CustomerData("Анна", tags=["vip"]))
    customers.update(actor, anna.id, 1, CustomerData("Мария <b>", tags=["опт", "vip"]))
    shown = page(admin.get(AUDIT))
    newest, oldest = rows(shown)
    for text in (
        "Boris",
        "Customer changed",
        f"#{anna.id}",
        "Name Анна → Мария <b>",
        "Tags vip → vip, опт",
        "10.0.0.1",
    ):
        assert text in newest
    assert "Customer added" in oldest and "Name Анна" in oldest
    assert shown.all("a", inside="audit", href=f"/customers/{anna.id}/")


def test_everything_that_is_recorded_has_words():
    code = "".join(path.read_text() for path in (ROOT / "crm" / "services").rglob("*.py"))
    nouns = "customer|channel|account|currency|import|export|user|rate|commission_rule|token|payment"
    recorded = set(re.findall(rf'"((?:{nouns})\.[a-z_]+)"', code))
    recorded |= {"customer.archived", "customer.active", "import.done", "import.failed", "import.cancelled"}
    recorded |= {f"account.{status}" for status in ACCOUNT_STATUSES}
    recorded |= {f"{noun}.exported" for noun in LISTS}
    assert recorded == set(trail.ACTIONS)
    fields = {*customers.FIELDS, "tags", "channels", "status", "read_rows", *OUTCOMES, *map(str, ChannelType)}
    fields |= {"email", "name", "role", "locale", "theme", "active", "filename", "total_rows", "overdraft_limit"}
    fields |= {"payment_kind", "currency", "source", "percent", "fixed", "min", "max", "valid_from"}  # of commission
    fields |= {"pair", "rate", "spread", "undone", "kept", "held", "captured", "reason"}
    fields |= {"rows", "format"} | {name for criteria in FILTERED for name in vars(criteria)} - {"sort"}  # of exports
    assert fields == set(trail.FIELDS)


def test_values_are_told_in_words(admin, vera, alice):
    users.update(Actor(alice.id, "10.0.0.1"), vera.id, role="manager", active=False)
    newest = rows(page(admin.get(AUDIT)))[0]
    assert "User changed" in newest
    assert "Role Viewer → Manager" in newest
    assert "May sign in yes → no" in newest


def test_the_main_contact_is_told_by_its_type(admin):
    anna = people.add("Анна", phone="+79120000001")
    second = channels.add(people.CLI, anna.id, ChannelData("phone", "+79120000002"))
    channels.make_primary(people.CLI, second.id)
    newest = rows(page(admin.get(AUDIT)))[0]
    assert "Main contact chosen" in newest
    assert "Phone (main) +79120000001 → +79120000002" in newest


def test_a_deleted_customer_is_no_link(admin):
    anna = people.add("Анна")
    customers.delete(people.CLI, anna.id)
    shown = page(admin.get(AUDIT))
    assert len(shown.all("a", inside="audit")) == 1  # where they were created
    assert "The system" in rows(shown)[0] and "Customer deleted" in rows(shown)[0]


def test_it_goes_back_page_by_page_to_the_beginning(admin, count_statements):
    with atomic():
        for number in range(120):
            audit.record(people.CLI, "user.created", "user", number)
    address, seen = AUDIT, []
    while address:
        with count_statements() as statements:
            shown = page(admin.get(address))
        assert len(statements) == 1
        seen += [int(text.partition("#")[2].split()[0]) for text in rows(shown)]
        more = [link for link in shown.all("a", inside="audit") if link.text == "Earlier"]
        address = more[0]["href"] if more else ""
    assert seen == list(range(119, -1, -1))


def test_the_partial_is_the_table(admin, anna):
    assert [root["id"] for root in page(admin.get(AUDIT, htmx=True)).roots] == ["audit"]
    assert "Nothing has been changed yet" in page(admin.get(AUDIT + "?before=1")).one(id="audit").text


def test_a_place_that_makes_no_sense_is_the_beginning(admin, anna):
    for before in ("", "x", "-1", "1.5", "9" * 30, "²", "%00", "1;"):
        assert len(rows(page(admin.get(f"{AUDIT}?before={before}")))) == 1


def test_nobody_else_may_and_nobody_may_change_it(client, viewer, manager, stranger, admin):
    assert [one.get(AUDIT).status_code for one in (client, viewer, manager, stranger)] == [302, 403, 403, 404]
    for method in ("POST", "PUT", "DELETE"):
        assert admin.open(AUDIT, method=method).status_code == 405
