"""Whom a row is taken for: keys in the operator's order, conflicts, archived customers; on both engines."""

import io

import pytest
import sqlalchemy as sa

from crm.db import db
from crm.models import AuditEntry, Customer, Import
from crm.services import customers, imports
from crm.services.importing.choices import Choices
from crm.services.importing.plan import Column, Plan
from tests import money, people
from tests.uploads import CLERK, counts, errors

FIELDS = ("external_id", "name", "email", "phone", "telegram", "city")
HEAD = f"{','.join(FIELDS)}\n"


def take(rows: str, *match: str, **choices: object) -> Import:
    """Import the rows with this order of keys, as updates unless it is said otherwise."""
    upload = imports.draft(CLERK, io.BytesIO((HEAD + rows).encode()), "a.csv")
    plan = Plan(tuple(map(Column, FIELDS)), match=match or ("external_id", "email", "phone", "channel"),
                **{"on_duplicate": "update", **choices})  # type: ignore[arg-type]  # fmt: skip
    imports.replan(CLERK, upload.id, plan)
    imports.start(CLERK, upload.id)
    imports.run(upload.id)
    return imports.get(upload.id)


def city(customer: Customer) -> str:
    db.session.rollback()
    return customers.get(customer.id).city


@pytest.fixture
def two(app) -> tuple[Customer, Customer]:
    """Anna has an external id and an e-mail, Boris a phone and a telegram."""
    return people.add("Anna", external_id="C1", email="anna@example.com"), people.add(
        "Boris", phone="+79120000001", telegram="@boris"
    )


def test_keys_of_two_customers_are_a_conflict_that_names_both(two):
    upload = take("C1,Anna,,+79120000001,,Tver\n")
    assert counts(upload) == {"failed": 1}
    assert errors(upload) == ["Two customers match this row: Anna by C1, and Boris by +79120000001."]
    assert [city(one) for one in two] == ["", ""]


def test_a_conflict_within_the_file_too(app):
    upload = take("C1,Anna,,,,\n,Boris,,+79120000001,,\nC1,Vera,,+79120000001,,\n")
    assert counts(upload) == {"created": 2, "failed": 1}
    assert errors(upload) == ["Two customers match this row: Anna by C1, and Boris by +79120000001."]


def test_what_is_not_in_the_order_is_no_key(two):
    assert counts(take("C1,Anna,,+79120000001,,Tver\n", "external_id")) == {"updated": 1}
    assert [city(one) for one in two] == ["Tver", ""]


def test_the_order_says_whose_name_stands_first(two):
    upload = take("C1,Anna,,+79120000001,,Tver\n", "phone", "external_id")
    assert errors(upload) == ["Two customers match this row: Boris by +79120000001, and Anna by C1."]


def test_any_other_channel_is_a_key_where_it_is_wanted(two):
    assert counts(take(",Boris,,,boris,Orel\n", "channel")) == {"updated": 1}
    assert city(two[1]) == "Orel"
    assert counts(take(",Boris,,,boris,Omsk\n", "phone")) == {"created": 1}


def test_of_several_who_share_a_key_the_next_keys_choose(app):
    mother = people.add("Mother", email="m@example.com", phone="+79120000001")
    child = people.add("Child", email="c@example.com", phone="+79120000001", allow_duplicate=True)
    assert counts(take(",Child,c@example.com,+79120000001,,Tver\n", "phone", "email")) == {"updated": 1}
    assert counts(take(",Child,c@example.com,+79120000001,,Omsk\n", "email", "phone")) == {"updated": 1}
    assert (city(mother), city(child)) == ("", "Omsk")
    upload = take(",Somebody,,+79120000001,,Tver\n")
    assert errors(upload) == [
        "Two customers match this row: Mother by +79120000001, and Child by +79120000001."
    ]  # fmt: skip


@pytest.mark.parametrize("on_duplicate", ["skip", "update", "create"])
def test_an_external_id_that_is_taken_is_told_even_where_it_is_no_key(two, on_duplicate):
    upload = take("C1,Vera,vera@example.com,,,\n", "email", on_duplicate=on_duplicate)
    assert errors(upload) == ["Anna has the external ID C1 already."]
    upload = take("C1,Boris,,+79120000001,,Tver\n", "phone", on_duplicate="update")
    assert errors(upload) == ["Anna has the external ID C1 already."]


def archive(customer: Customer) -> None:
    customers.set_archived(CLERK, customer.id, True)


def message(upload: Import) -> tuple[str, str | None, int | None]:
    (row,) = imports.rows(upload.id).items
    return row.outcome, row.message, row.customer_id


@pytest.mark.parametrize(("on_duplicate", "outcome"), [("skip", "skipped"), ("update", "updated")])
def test_an_archived_customer_is_found_and_restoring_is_offered(two, on_duplicate, outcome):
    archive(two[0])
    upload = take("C1,Anna,,,,Tver\n", on_duplicate=on_duplicate)
    sentence = "Anna is archived; choose to restore archived customers to bring them back."
    assert message(upload) == (outcome, sentence, two[0].id)
    db.session.rollback()
    assert customers.get(two[0].id).status == "archived"


@pytest.mark.parametrize("on_duplicate", ["skip", "update"])
def test_an_archived_customer_is_restored_where_it_is_wanted(two, on_duplicate):
    archive(two[0])
    upload = take("C1,Anna,,,,Tver\nC1,Anna,,,,Tver\n", on_duplicate=on_duplicate, restore=True)
    rest = {"skip": {"skipped": 1}, "update": {"unchanged": 1}}[on_duplicate]
    assert counts(upload) == {"updated": 1} | rest
    db.session.rollback()
    anna = customers.get(two[0].id)
    emails = [channel.value for channel in anna.channels]
    assert (anna.status, anna.name, anna.external_id, emails) == ("active", "Anna", "C1", ["anna@example.com"])
    assert anna.city == ("Tver" if on_duplicate == "update" else "")
    first = imports.rows(upload.id).items[0]
    assert first.changes["status"] == ["archived", "active"] and first.version == anna.version
    trail = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "customer.active")).one()
    assert trail.origin == f"import {upload.id}"
    money.check_ledger()


def test_a_row_tells_whom_it_changed_and_from_what_to_what(two):
    upload = take("C1,Anna,,+79120000009,@anna,Tver\n,Vera,vera@example.com,,,\n,,bad,,,\n")
    updated, created, failed = imports.rows(upload.id).items
    assert (updated.row, updated.outcome, updated.customer_id) == (2, "updated", two[0].id)
    assert updated.changes == {
        "city": ["", "Tver"],
        "phone": [None, ["+79120000009"]],
        "telegram": [None, ["anna"]],
    }
    assert (updated.version, updated.cells, updated.customer_name) == (2, None, "Anna")
    assert (created.outcome, created.changes, created.version, created.customer_name) == ("created", None, 1, "Vera")
    assert (failed.outcome, failed.cells, failed.customer_id) == ("failed", ["", "", "bad", "", "", ""], None)


def test_what_is_imported_at_once_has_the_same_keys(two):
    upload = imports.accept(CLERK, io.BytesIO((HEAD + ",Boris,,,@boris,Tver\n").encode()), "a.csv", Choices("update"))
    imports.run(upload.id)
    assert counts(imports.get(upload.id)) == {"updated": 1} and city(two[1]) == "Tver"


def test_the_people_of_a_firm_have_its_website_in_common_and_stay_apart(app):
    rows = "name,website\nAnna,https://example.com\nBoris,https://example.com\n"
    upload = imports.accept(CLERK, io.BytesIO(rows.encode()), "a.csv", Choices("update"))
    imports.run(upload.id)
    assert counts(imports.get(upload.id)) == {"created": 2}
