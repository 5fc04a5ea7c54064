"""Taking an import back: customers go, fields get back what they had, and what others have changed since stays."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from crm.db import atomic, db, utcnow
from crm.errors import TooLate
from crm.models import AuditEntry, ContactChannel, Customer, CustomerTag, Import, Tag
from crm.services import channels, customers, imports
from crm.services.customer_data import ChannelData, CustomerData
from crm.services.importing.plan import Column, Plan
from tests import money, people
from tests.uploads import CLERK, accept, counts, take

HEAD = "external_id,name,phone,city\n"
PHONES = ["+79261234501", "+79261234502", "+79261234503"]


def undo(upload: Import) -> Import:
    """Take it back to the end; the import as it stands then, its preview having said so."""
    foreseen = imports.undo_preview(upload.id)
    imports.undo(CLERK, upload.id)
    imports.run(upload.id)
    done = imports.get(upload.id)
    assert (done.status, done.undone, done.kept) == ("undone", foreseen.undone, foreseen.kept)
    assert [(row.row, row.undo_note) for row in reversed(imports.rows(upload.id, "kept").items)] == [
        (row.row, row.note) for row in foreseen.kept_rows
    ]
    money.check_ledger()
    return done


def kept(upload: Import) -> list[tuple[int, str]]:
    """The rows that stayed, and why."""
    return [(row.row, row.undo_note) for row in imports.rows(upload.id, "kept").items]


def everybody() -> list[tuple[Any, ...]]:
    """Each customer with all that an import may touch, but for the version and the time of the last change."""
    db.session.rollback()
    found = db.session.scalars(sa.select(Customer).order_by(Customer.id).execution_options(populate_existing=True))
    keys = ("name_key", "city_key", "phone_key", "email_key", "tags_key", "search_text")
    fields = ("id", "kind", "status", "name", "company", "city", "notes", "external_id", "created_at", *keys)
    people = [
        (
            *(getattr(one, name) for name in fields),
            tuple(sorted(one.attributes.items())),
            tuple((ch.id, ch.type, ch.value, ch.normalized, ch.label, ch.is_primary) for ch in one.channels),
            tuple(tag.name for tag in one.tags),
        )
        for one in found
    ]
    db.session.rollback()
    return people


def planned(data: str, *columns: Column, **plan: Any) -> Import:
    """Import the file by this plan."""
    upload = imports.draft(CLERK, _stream(data), "customers.csv")
    imports.replan(CLERK, upload.id, Plan(columns, **plan))
    imports.start(CLERK, upload.id)
    imports.run(upload.id)
    return imports.get(upload.id)


def _stream(data: str) -> Any:
    import io

    return io.BytesIO(data.encode())


def change(pk: int, **fields: Any) -> None:
    """Have a person change the customer's fields."""
    one = customers.get(pk)
    before = {name: getattr(one, name) or "" for name in customers.FIELDS}
    tags = [tag.name for tag in one.tags]
    customers.update(people.CLI, pk, one.version, CustomerData(**(before | {"tags": tags} | fields)))


@pytest.fixture(params=[10, 2_000], ids=["small chunks", "one chunk"], autouse=True)
def chunk(request, monkeypatch) -> Iterator[None]:
    """What stands in one chunk and what does not comes to the same."""
    from crm.services.importing.chunks import Pace

    monkeypatch.setattr(Pace, "limit", 2 if request.param == 10 else 2_000)
    return


def test_customers_who_were_made_are_gone_with_all_that_is_theirs(app):
    people.add("Vera", phone=PHONES[2])
    before = everybody()
    upload = take("external_id,name,phone,tags\nC1,Anna,+79261234501,vip\nC2,Boris,+79261234502,vip\nC3,Ed,,\n")
    preview = imports.undo_preview(upload.id)
    assert (preview.rows, preview.removed, preview.archived, preview.kept) == (3, 3, 0, 0)
    assert undo(upload).undone == 3
    assert everybody() == before
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CustomerTag)) == 0


def test_every_field_gets_back_what_it_had(app):
    anna = people.add(
        "Anna", kind="company", company="Tea", city="Tver", notes="n", external_id="C1", tags=["vip"],
        phone=PHONES[0], attributes={"Size": "M"},
    )  # fmt: skip
    before = everybody()
    upload = planned(
        "id,name,kind,company,city,notes,tags,phone,telegram,size,shade\n"
        f"C1,Anna B,person,Coffee,Orel,other,opt,{PHONES[1]},@anna,L,red\n",
        *map(Column, ("external_id", "name", "kind", "company", "city", "notes", "tags", "phone", "telegram")),
        Column("attribute:Size"),
        Column("attribute:Shade"),
        on_duplicate="update",
    )
    assert counts(upload) == {"updated": 1}
    changed = everybody()
    assert changed[0][0] == anna.id and changed != before
    preview = imports.undo_preview(upload.id)
    assert (preview.restored, preview.fields, preview.kept) == (1, 10, 0)
    undo(upload)
    assert everybody() == before


def test_a_blank_that_was_filled_is_blank_again(app):
    people.add("Anna", phone=PHONES[0])
    before = everybody()
    upload = take(f"external_id,name,phone,city,email\nC1,Anna,{PHONES[0]},Orel,a@example.com\n", "update")
    assert everybody() != before
    undo(upload)
    assert everybody() == before


def test_several_rows_of_one_customer_are_taken_back_in_turn(app):
    people.add("Anna", city="Tver", external_id="C1")
    before = everybody()
    rows = [f"C1,Anna,{PHONES[0]},Orel", f"C1,Anna,{PHONES[1]},Omsk", f"C1,Anna,{PHONES[2]},Tver", "C1,Ann,,Perm"]
    upload = take(HEAD + "\n".join(rows) + "\n", "update")
    assert counts(upload) == {"updated": 4}
    assert undo(upload).undone == 4
    assert everybody() == before


def test_one_who_was_made_and_changed_by_the_same_import_is_gone(app):
    upload = take(HEAD + f"C1,Anna,{PHONES[0]},Orel\nC2,Boris,,\nC1,Ann,{PHONES[1]},Omsk\nC1,Ann,,Perm\n", "update")
    assert counts(upload) == {"created": 2, "updated": 2}
    undo(upload)
    assert everybody() == []


def test_external_ids_that_moved_between_customers_come_back(app):
    people.add("Anna", external_id="A", email="anna@example.com")
    people.add("Boris", external_id="B", email="boris@example.com")
    people.add("Vera", external_id="V", email="vera@example.com")
    before = everybody()
    rows = ["T,Anna,anna@example.com", "A,Boris,boris@example.com", "B,Vera,vera@example.com", "V,Ed,ed@example.com"]
    upload = planned(
        "id,name,email\n" + "\n".join(rows) + "\n", *map(Column, ("external_id", "name", "email")),
        on_duplicate="update", match=("email", "external_id"),
    )  # fmt: skip
    assert counts(upload) == {"created": 1, "updated": 3}
    undo(upload)
    assert everybody() == before


def test_an_external_id_that_somebody_else_has_taken_stays_away(app):
    people.add("Anna", external_id="A", email="anna@example.com")
    upload = planned(
        "id,name,email\nT,Anna,anna@example.com\n", *map(Column, ("external_id", "name", "email")),
        on_duplicate="update", match=("email",),
    )  # fmt: skip
    people.add("Boris", external_id="A")
    undo(upload)
    assert kept(upload) == [(2, "Another customer has the external ID A.")]
    assert customers.get(1).external_id == "T"


def test_a_field_that_was_changed_since_stays_and_the_others_do_not(app):
    anna = people.add("Anna", city="Tver", company="Tea", external_id="C1")
    upload = take("external_id,name,city,company\nC1,Anna,Orel,Coffee\n", "update")
    change(anna.id, city="Omsk")
    undo(upload)
    assert kept(upload) == [(2, "City was changed since; it is “Omsk” now.")]
    after = customers.get(anna.id)
    assert (after.city, after.company) == ("Omsk", "Tea")


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda pk: change(pk, notes="called"),
        lambda pk: channels.add(people.CLI, pk, ChannelData("email", "a@example.com")),
        lambda pk: customers.set_archived(people.CLI, pk, True),
    ],
    ids=["a field", "a contact", "archived"],
)
def test_one_who_was_made_stays_whole_when_somebody_has_changed_them(app, meanwhile):
    upload = take(HEAD + f"C1,Anna,{PHONES[0]},Orel\nC2,Boris,,\n")
    meanwhile(1)
    before = everybody()[0]
    done = undo(upload)
    assert (done.undone, done.kept, kept(upload)) == (1, 1, [(2, "The customer has been changed since.")])
    assert everybody() == [before]


def test_one_who_has_been_deleted_since_is_no_problem_but_cannot_get_fields_back(app):
    anna = people.add("Anna", external_id="C1")
    upload = take(HEAD + "C1,Anna,,Orel\nC2,Boris,,\n", "update")
    for pk in (anna.id, anna.id + 1):
        customers.delete(people.CLI, pk)
    undo(upload)
    assert kept(upload) == [(2, "The customer has been deleted since.")]


def test_a_main_contact_gives_way_to_the_oldest_that_is_left(app):
    anna = people.add("Anna", external_id="C1")
    upload = take(HEAD + f"C1,Anna,{PHONES[0]},\n", "update")
    channels.add(people.CLI, anna.id, ChannelData("phone", PHONES[1]))
    channels.add(people.CLI, anna.id, ChannelData("phone", PHONES[2]))
    undo(upload)
    assert [(ch.value, ch.is_primary) for ch in customers.get(anna.id).channels] == [
        (PHONES[1], True),
        (PHONES[2], False),
    ]
    assert customers.get(anna.id).phone_key == PHONES[1]


def test_a_contact_that_was_preferred_or_typed_again_since_stays(app):
    anna = people.add("Anna", external_id="C1", phone=PHONES[0])
    upload = take(f"external_id,name,phone,email\nC1,Anna,{PHONES[1]},a@example.com\n", "update")
    by_value = {ch.value: ch.id for ch in customers.get(anna.id).channels}
    channels.make_primary(people.CLI, by_value[PHONES[1]])
    channels.remove(people.CLI, by_value["a@example.com"])
    channels.add(people.CLI, anna.id, ChannelData("email", "a@example.com"))
    before = everybody()
    undo(upload)
    assert everybody() == before
    ((_row, note),) = kept(upload)
    assert "+79261234502 has been made the main contact since." in note
    assert "a@example.com has been added again since." in note


def test_archived_customers_who_were_brought_back_are_archived_again(app):
    anna = people.add("Anna", external_id="C1")
    customers.set_archived(people.CLI, anna.id, True)
    before = everybody()
    columns = map(Column, ("external_id", "name", "phone", "city"))
    upload = planned(HEAD + "C1,Anna,,Orel\n", *columns, on_duplicate="update", restore=True)
    assert customers.get(anna.id).status == "active"
    undo(upload)
    assert everybody() == before


def test_the_older_of_two_imports_leaves_what_the_newer_has_changed(app):
    people.add("Anna", external_id="C1", city="Tver", company="Tea")
    older = take("external_id,name,city,company\nC1,Anna,Orel,Coffee\nC2,Boris,Orel,\n", "update")
    take("external_id,name,city\nC1,Anna,Omsk\nC2,Boris,Omsk\n", "update")
    undo(older)
    assert kept(older) == [
        (2, "City was changed since; it is “Omsk” now."),
        (3, "The customer has been changed since."),
    ]
    assert [(one.city, one.company) for one in map(customers.get, (1, 2))] == [("Omsk", "Tea"), ("Omsk", "")]


def test_two_imports_undone_in_turn_leave_nothing(app):
    people.add("Anna", external_id="C1", city="Tver")
    before = everybody()
    older = take(HEAD + f"C1,Anna,{PHONES[0]},Orel\nC2,Boris,,Orel\n", "update")
    newer = take(HEAD + f"C1,Anna,{PHONES[1]},Omsk\nC2,Boris,,Omsk\n", "update")
    assert (undo(newer).kept, undo(older).kept) == (0, 0)
    assert everybody() == before


def test_the_trail_tells_what_an_undo_has_done_and_who_asked(app, alice):
    from crm.services.audit import Actor

    people.add("Anna", external_id="C1", city="Tver", tags=["vip"])
    upload = take("external_id,name,city,tags\nC1,Anna,Orel,opt\nC2,Boris,Omsk,\n", "update")
    imports.undo(Actor(alice.id, "10.0.0.1"), upload.id)
    imports.run(upload.id)
    wanted = sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(3)
    done, *entries = db.session.scalars(wanted)
    assert (done.action, done.actor_id, done.changes) == (
        "import.undone",
        alice.id,
        {"undone": [None, 2], "kept": [None, 0]},
    )
    assert {one.origin for one in entries} == {f"undo of import {upload.id}"}
    assert {one.actor_id for one in entries} == {alice.id}
    assert {one.action: one.changes for one in entries} == {
        "customer.updated": {"city": ["Orel", "Tver"], "tags": [["opt", "vip"], ["vip"]]},
        "customer.deleted": {
            "name": ["Boris", None], "kind": ["person", None], "city": ["Omsk", None], "external_id": ["C2", None],
        },
    }  # fmt: skip


def test_an_undo_that_is_asked_for_again_changes_nothing(app):
    upload = take(HEAD + "C1,Anna,,\n")
    undo(upload)
    assert imports.undo(CLERK, upload.id).status == "undone"
    imports.run(upload.id)
    assert imports.get(upload.id).undone == 1


def test_after_thirty_days_or_without_anything_stored_there_is_no_undo(app):
    upload = take(HEAD + "C1,Anna,,\n")
    assert upload.undo_until and upload.undo_until - utcnow() > timedelta(days=29)
    with atomic() as session:
        session.execute(sa.update(Import).values(undo_until=utcnow() - timedelta(seconds=1)))
    again = take(HEAD + "C1,Anna,,\n")
    waiting = accept(HEAD + "C9,Ed,,\n")
    for pk in (upload.id, again.id, waiting.id):
        with pytest.raises(TooLate):
            imports.undo(CLERK, pk)
        with pytest.raises(TooLate):
            imports.undo_preview(pk)
    assert len(everybody()) == 1


def test_an_undone_file_can_come_again_with_the_same_result(app):
    people.add("Anna", external_id="C1", city="Tver")
    data = HEAD + f"C1,Anna,{PHONES[0]},Orel\nC2,Boris,{PHONES[1]},\n"
    first = take(data, "update")
    result = [one[3:] for one in everybody()]
    undo(first)
    second = take(data, "update")
    assert counts(second) == counts(first) == {"created": 1, "updated": 1}
    assert [_but_ids(one[3:]) for one in everybody()] == [_but_ids(one) for one in result]


def _but_ids(person: tuple[Any, ...]) -> list[Any]:
    name, company, city, notes, external_id, _created, *rest, channels_, tags = person
    return [name, company, city, notes, external_id, rest, [channel[1:] for channel in channels_], tags]


def test_the_same_file_again_is_told_but_not_when_it_was_undone(app):
    data = HEAD + "C1,Anna,,\n"
    first, other = take(data), take(HEAD + "C2,Boris,,\n")
    again = accept(data, filename="copy.csv")
    found = imports.uploaded_before(again.id)
    assert found and found.id == first.id
    assert imports.uploaded_before(other.id) is None and imports.uploaded_before(first.id) is None
    undo(first)
    assert imports.uploaded_before(again.id) is None


def test_tags_stay_where_others_have_them(app):
    anna = people.add("Anna", external_id="C1", tags=["vip"])
    upload = take('external_id,name,tags\nC1,Anna,opt\nC2,Boris,"vip,opt"\n', "update")
    change(anna.id, tags=["vip", "opt", "late"])
    undo(upload)
    assert [tag.name for tag in customers.get(anna.id).tags] == ["late", "vip"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ContactChannel)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Tag)) == 3
