"""What becomes of each row, on both engines: skip, update, create; the counts are those of an oracle."""

import csv
import io
import random

import pytest
from sqlalchemy import func, select

from bench.samples import customers_csv
from crm.db import db
from crm.models import AuditEntry, ContactChannel, Customer, Import, ImportRow, Tag
from crm.services import imports
from crm.services.customer_data import ChannelData, CustomerData
from crm.services.importing.choices import Choices
from tests import people
from tests.uploads import Oracle, counts, errors, table, take

HEADER = "external_id,name,email,phone,city,tags\n"
ORACLES = ("external_id", "email", "phone")  # what it knows customers by


def customer(name: str) -> Customer:
    return db.session.scalars(
        select(Customer).where(Customer.name == name).execution_options(populate_existing=True)
    ).one()


def channels(name: str) -> set[tuple[str, str, bool]]:
    return {(channel.type, channel.normalized, channel.is_primary) for channel in customer(name).channels}


def everyone() -> list[tuple[object, ...]]:
    """All customers as the oracle keeps them."""
    db.session.rollback()
    found = db.session.scalars(select(Customer).order_by(Customer.id).execution_options(populate_existing=True))
    return [
        (
            one.name,
            (one.company, one.city, one.notes, one.external_id or ""),
            {(channel.type, channel.normalized) for channel in one.channels},
            {tag.name for tag in one.tags},
        )
        for one in found
    ]


def shuffled(data: bytes, seed: int) -> list[dict[str, str]]:
    """The rows in another order, some of them changed and some external ids blank: food for updates."""
    pick = random.Random(seed)
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    pick.shuffle(rows)
    for row in rows:
        if pick.random() < 0.3:
            row["external_id"] = ""
        if pick.random() < 0.2:
            row["city"] = "Омск"
        if pick.random() < 0.1:
            row["email"] = pick.choice(rows)["email"].upper()
    return rows


def as_csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize("on_duplicate", ["skip", "update", "create"])
def test_a_dirty_file_ends_with_the_counts_and_customers_of_the_oracle(app, on_duplicate):
    first = customers_csv(1500, seed=3, dirty=0.01)
    oracle = Oracle(on_duplicate)
    for row in csv.DictReader(io.StringIO(first.decode())):
        oracle.take(row)
    assert counts(take(first, on_duplicate, match=ORACLES)) == oracle.counts
    assert oracle.counts["failed"] > 5

    oracle.counts = {}
    second = shuffled(customers_csv(1700, seed=3, dirty=0.02), seed=4)
    for row in second:
        oracle.take(row)
    upload = take(as_csv(second), on_duplicate, match=ORACLES)
    assert counts(upload) == oracle.counts
    assert upload.read_rows == upload.total_rows == 1700
    wanted = [
        (
            one.name,
            tuple(one.fields[name] for name in ("company", "city", "notes", "external_id")),
            one.channels,
            one.tags,
        )
        for one in oracle.people
    ]
    assert everyone() == wanted


@pytest.mark.parametrize("on_duplicate", ["skip", "update", "create"])
def test_a_rehearsal_counts_what_the_import_will_and_writes_nothing(app, on_duplicate, tmp_path):
    take(customers_csv(300, seed=3))
    before = everyone()
    path = tmp_path / "customers.csv"
    path.write_bytes(as_csv(shuffled(customers_csv(2300, seed=3, dirty=0.02), seed=5)))
    rehearsal = imports.rehearse(path, Choices(on_duplicate))
    assert everyone() == before
    assert db.session.scalar(select(func.count()).select_from(Import)) == 1
    upload = take(path.read_bytes(), on_duplicate)
    assert counts(rehearsal) == counts(upload)
    assert "".join(rehearsal.errors_csv()) == "".join(imports.failures_csv(upload.id))


def test_the_keys_of_a_stored_customer_make_a_row_a_duplicate(app):
    people.add("Anna", email="Anna@Example.com", phone="+79120000001", external_id="C1", telegram="anna_i")
    rows = [
        "C1,Other,,,,",
        ",Other,ANNA@example.COM,,,",
        ",Other,,8 912 000-00-01,,",
        "c1,New,new@example.com,,,",
    ]
    assert counts(take(HEADER + "\n".join(rows))) == {"skipped": 3, "created": 1}


def test_a_row_that_is_skipped_says_what_it_was_known_by_unless_that_is_its_external_id(app):
    people.add("Anna", phone="+79120000001", external_id="C1")
    upload = take(HEADER + "C1,Anna,,,,\nC2,Boris,,8 912 000-00-01,,")
    told = [row.message for row in db.session.scalars(select(ImportRow).order_by(ImportRow.row))]
    assert counts(upload) == {"skipped": 2}
    assert told == [None, "Taken for the customer who has +79120000001."]


def test_messengers_are_keys_unless_they_are_left_out_and_their_numbers_no_phones(app):
    people.add("Anna", telegram="anna_i", whatsapp="+79120000001")
    assert counts(take("name,telegram\nBoris,@anna_i\n")) == {"skipped": 1}
    assert counts(take("name,telegram,phone\nBoris,@anna_i,+79120000001\n", match=ORACLES)) == {"created": 1}


def test_a_row_that_was_skipped_or_failed_claims_no_keys(app):
    people.add("Anna", email="a@example.com")
    rows = [
        ",Skipped,a@example.com,+79120000002,,",
        ",Failed,bad,+79120000003,,",
        ",One,,+79120000002,,",
        ",Two,,+79120000003,,",
        ",Three,,+79120000002,,",
    ]
    assert counts(take(HEADER + "\n".join(rows))) == {"skipped": 2, "failed": 1, "created": 2}


def test_update_overwrites_what_is_given_and_adds_channels_and_tags(app):
    people.add(
        "Anna", company="Acme", city="Tver", external_id="C1", tags=["vip"], email="a@example.com", phone="+79120000001"
    )
    upload = take(HEADER + "C1,Anna Ivanova,b@example.com,,,\n", "update")
    assert counts(upload) == {"updated": 1}
    found = customer("Anna Ivanova")
    assert (found.company, found.city, found.external_id) == ("Acme", "Tver", "C1")
    assert [tag.name for tag in found.tags] == ["vip"]
    assert channels("Anna Ivanova") == {
        ("email", "a@example.com", True),
        ("email", "b@example.com", False),
        ("phone", "+79120000001", True),
    }
    assert (found.version, found.name_key) == (2, "anna ivanova")
    assert "b@example.com" in found.search_text
    assert found.updated_at > found.created_at


def test_update_makes_the_first_channel_of_its_type_the_main_one(app):
    people.add("Anna", phone="+79120000001")
    take("name,phone,email 1,email 2\nAnna,+79120000001,a@example.com,b@example.com\n", "update")
    assert channels("Anna") >= {("email", "a@example.com", True), ("email", "b@example.com", False)}


def test_update_finds_the_customer_by_any_key(app):
    people.add("Anna", email="a@example.com", phone="+79120000001")
    upload = take(HEADER + ",Anna,,+79120000001,Tver,\nC5,Anna,A@example.com,,,vip\nC5,Anna,,,Perm,VIP\n", "update")
    assert counts(upload) == {"updated": 3}
    found = customer("Anna")
    assert (found.external_id, found.city, [tag.name for tag in found.tags], found.version) == (
        "C5",
        "Perm",
        ["vip"],
        4,
    )


def test_update_counts_a_row_that_changes_nothing_as_unchanged(app):
    people.add("Anna", city="Tver", external_id="C1", email="a@example.com", tags=["vip"])
    assert counts(take(HEADER + "C1,Anna,A@EXAMPLE.com,,,Vip\n,Anna,a@example.com,,,\n", "update")) == {"unchanged": 2}
    assert customer("Anna").version == 1


def test_update_leaves_the_kind_alone_unless_it_is_given(app):
    people.add("Acme", kind="company", external_id="C1")
    take("external_id,name,kind\nC1,Acme,\n", "update")
    assert customer("Acme").kind == "company"
    take("external_id,name,kind\nC1,Acme,person\n", "update")
    assert customer("Acme").kind == "person"


def test_a_row_that_means_two_customers_fails_and_names_both(app):
    people.add("Anna", email="a@example.com")
    people.add("Boris", phone="+79120000002")
    upload = take(HEADER + ",X,a@example.com,+79120000002,,\n", "update")
    assert counts(upload) == {"failed": 1}
    assert errors(upload) == [
        "Two customers match this row: Boris by +79120000002, and Anna by a@example.com."
    ] or errors(upload) == ["Two customers match this row: Anna by a@example.com, and Boris by +79120000002."]


def test_an_external_id_that_was_changed_is_free_again(app):
    people.add("Anna", external_id="C1", email="a@example.com")
    upload = take(HEADER + "C2,Anna,a@example.com,,,\nC1,Boris,,,,\n", "update")
    assert counts(upload) == {"updated": 1, "created": 1}


def test_a_row_may_update_what_an_earlier_row_created(app):
    upload = take(HEADER + "C1,Anna,a@example.com,,,vip\nC1,Anna,b@example.com,,Tver,new\n", "update")
    assert counts(upload) == {"created": 1, "updated": 1}
    found = customer("Anna")
    assert (found.city, found.version, {tag.name for tag in found.tags}) == ("Tver", 2, {"vip", "new"})
    assert channels("Anna") == {("email", "a@example.com", True), ("email", "b@example.com", False)}


def test_tags_that_would_become_too_many_fail_the_row(app):
    people.add("Anna", external_id="C1", tags=[f"tag {number}" for number in range(20)])
    upload = take(HEADER + "C1,Anna,,,,one more\n", "update")
    assert errors(upload) == ["There are more than 20 tags."]


def test_create_allows_shared_channels_but_no_external_id_twice(app):
    people.add("Anna", external_id="C1", email="a@example.com", phone="+79120000001")
    rows = ["C2,Boris,a@example.com,+79120000001,,", "C1,Vera,,,,", "C2,Gleb,,,,", ",Dora,a@example.com,,,"]
    upload = take(HEADER + "\n".join(rows), "create")
    assert counts(upload) == {"created": 2, "failed": 2}
    assert errors(upload) == ["Anna has the external ID C1 already.", "Boris has the external ID C2 already."]


def test_rows_without_keys_are_always_new(app):
    for on_duplicate in ("skip", "update", "create"):
        assert counts(take("name\nAnna\nAnna\n", on_duplicate)) == {"created": 2}


def test_every_change_is_in_the_audit_trail_with_the_import_as_origin(app, alice):
    people.add("Anna", city="Tver", external_id="C1", email="a@example.com", tags=["vip"])
    upload = take(HEADER + "C1,Anna,b@example.com,,Perm,new\n,Boris,,,,\n,,,,,\n,Bad,x,,,\n", "update")
    trail = db.session.execute(
        select(AuditEntry.action, AuditEntry.entity_id, AuditEntry.changes)
        .where(AuditEntry.origin == f"import {upload.id}", AuditEntry.entity == "customer")
        .order_by(AuditEntry.id)
    ).all()
    boris = str(customer("Boris").id)
    assert sorted(map(tuple, trail)) == sorted(
        [
            ("customer.created", boris, {"name": [None, "Boris"]}),
            (
                "customer.updated",
                str(customer("Anna").id),
                {"city": ["Tver", "Perm"], "tags": [["vip"], ["new", "vip"]], "email": [None, "b@example.com"]},
            ),
        ]
    )


def test_what_is_stored_is_what_the_form_would_have_stored(app):
    typed = [("phone", "8 (912) 000-00-09"), ("email", "F@Example.com"), ("vk", "@fedorov")]
    data = CustomerData("Фёдоров Пётр", "person", "ООО «Ромашка»", "Тверь", "two\nlines", "C1", ["Опт", "vip"])
    data.channels = [ChannelData(type_, value) for type_, value in typed]
    people.customers.create(people.CLI, data)
    columns = ["name", "company", "city", "notes", "external_id", "tags", *dict(typed)]
    cells = [data.name, data.company, data.city, data.notes, "C2", "Опт,vip", *dict(typed).values()]
    take(table([columns, cells]), "create")
    first, second = db.session.scalars(select(Customer).order_by(Customer.id)).all()
    assert stored(first, "id", "external_id", "created_at", "updated_at", "search_text") == stored(
        second, "id", "external_id", "created_at", "updated_at", "search_text"
    )
    assert first.search_text.replace("c1", "c2") == second.search_text
    for one, other in zip(first.channels, second.channels, strict=True):
        assert stored(one, "id", "customer_id", "created_at") == stored(other, "id", "customer_id", "created_at")
    assert [tag.id for tag in first.tags] == [tag.id for tag in second.tags]
    assert abs((first.created_at - second.created_at).total_seconds()) < 60


def stored(row: Customer | ContactChannel, *but: str) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__table__.columns.keys() if name not in but}  # noqa: SIM118


def test_a_customer_made_after_an_import_gets_a_new_id(app):
    take("name\nAnna\nBoris\n")
    assert people.add("Vera").id > customer("Boris").id


def test_equal_tags_of_many_rows_are_one_tag(app):
    take("name,tags\nAnna,Ёлка\nBoris,елка\nVera,ЁЛКА\n")
    assert db.session.scalars(select(Tag.name)).all() == ["Ёлка"]
    assert [tag.name for tag in customer("Vera").tags] == ["Ёлка"]


def test_the_search_finds_what_was_imported(app):
    from crm.services import search

    take("name,phone\nФёдоров Пётр,8 (912) 000-00-07\n")
    for query in ("федоров", "петр", "9120000007"):
        assert [hit.name for hit in search.find(search.Criteria(q=query), limit=5).items] == ["Фёдоров Пётр"]


def test_a_constant_changes_nobody_who_is_here_but_for_their_tags(app):
    people.add("Anna", phone="+79123456789", city="Tver")
    constants = {"kind": "company", "city": "Perm", "tags": "fair"}
    take("name,phone\nAnna & Co,8 912 345-67-89\nBoris,\n", "update", policies={"name": "fill"}, defaults=constants)
    told = {one.name: (one.kind, one.city, [tag.name for tag in one.tags]) for one in map(customer, ("Anna", "Boris"))}
    assert told == {"Anna": ("person", "Tver", ["fair"]), "Boris": ("company", "Perm", ["fair"])}
