"""Laws of changing a customer: nobody's work is overwritten unseen, and what changes nothing leaves no trace."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from crm.db import db
from crm.errors import Invalid, NotFound, StaleVersion
from crm.models import AuditEntry, Customer
from crm.services import customers
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData, CustomerData
from tests import people
from tests.parallel import at_once
from tests.people import CLI

WHOLE = CustomerData("Анна", "person", "Ромашка", "Тверь", "раз", "CRM-1", ["vip", "опт"])


@pytest.fixture
def anna(app) -> Customer:
    return customers.create(CLI, replace(WHOLE, channels=[ChannelData("phone", "+79123456789")]))


def entries() -> list[AuditEntry]:
    return list(
        db.session.scalars(select(AuditEntry).where(AuditEntry.action != "customer.created").order_by(AuditEntry.id))
    )


def fresh(pk: int) -> Customer:
    db.session.rollback()
    return customers.get(pk)


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        ("name", "Анна", "Мария"),
        ("kind", "person", "company"),
        ("company", "Ромашка", ""),
        ("city", "Тверь", "Орёл"),
        ("notes", "раз", "раз\nдва"),
        ("external_id", "CRM-1", ""),
        ("tags", ["vip", "опт"], ["новый", "vip"]),
    ],
)
def test_a_change_is_stored_and_noted_with_what_was_before(app, alice, anna, field, before, after):
    customers.update(Actor(alice.id, "10.0.0.1"), anna.id, 1, replace(WHOLE, **{field: after}))
    changed, (entry,) = fresh(anna.id), entries()
    stored = sorted(after) if field == "tags" else after
    whole = {name: value for name, value in vars(WHOLE).items() if name not in ("channels", "attributes")}
    assert customers.snapshot(changed) == whole | {field: stored}
    assert (changed.version, changed.updated_at > anna.created_at) == (2, True)
    assert (entry.actor_id, entry.origin, entry.action) == (alice.id, "10.0.0.1", "customer.updated")
    assert entry.changes == {field: [before, stored]}
    assert [channel.normalized for channel in changed.channels] == ["+79123456789"]


def test_attributes_are_set_and_taken_away_by_name_and_the_others_stay(app, anna):
    first = replace(WHOLE, attributes={" Менеджер ": "Ольга", "Размер": "M", "Пусто": ""})
    customers.update(CLI, anna.id, 1, first)
    assert fresh(anna.id).attributes == {"Менеджер": "Ольга", "Размер": "M"}
    customers.update(CLI, anna.id, 2, replace(WHOLE, attributes={"Размер": "", "Менеджер": "Пётр"}))
    customers.update(CLI, anna.id, 3, WHOLE)
    assert (fresh(anna.id).attributes, fresh(anna.id).version) == ({"Менеджер": "Пётр"}, 3)
    assert entries()[-1].changes == {"attribute:Менеджер": ["Ольга", "Пётр"], "attribute:Размер": ["M", None]}


@pytest.mark.parametrize("attributes", [{"": "x"}, {"a\x00": "x"}, {"a": "x\x00"}, {"a" * 101: "x"}, {"a": "x" * 1001}])
def test_attributes_that_cannot_be_are_refused(app, anna, attributes):
    with pytest.raises(Invalid) as refusal:
        customers.update(CLI, anna.id, 1, replace(WHOLE, attributes=attributes))
    assert list(refusal.value.fields) == ["attributes"]


def test_a_change_of_nothing_leaves_no_trace(app, anna):
    same = replace(WHOLE, name=" Анна ", notes="раз\r\n", tags=["опт", "VIP", ""])
    customers.update(CLI, anna.id, 1, same)
    assert (fresh(anna.id).version, fresh(anna.id).updated_at, entries()) == (1, anna.updated_at, [])


def test_a_tag_keeps_the_spelling_of_who_made_it_first(app, anna):
    other = people.add("Иван", tags=["VIP"])
    assert [tag.name for tag in other.tags] == ["vip"]


def test_who_saves_second_is_told_what_is_stored_now(app, anna):
    customers.update(CLI, anna.id, 1, replace(WHOLE, city="Орёл"))
    with pytest.raises(StaleVersion) as refusal:
        customers.update(CLI, anna.id, 1, replace(WHOLE, name="Мария"))
    assert (refusal.value.version, refusal.value.current["city"]) == (2, "Орёл")
    now = fresh(anna.id)
    assert (now.name, now.city, now.version, len(entries())) == ("Анна", "Орёл", 2, 1)


@pytest.mark.parametrize("version", [0, 2, -1, 10**9])
def test_a_version_that_is_not_the_present_one_is_stale(app, anna, version):
    with pytest.raises(StaleVersion):
        customers.update(CLI, anna.id, version, WHOLE)


def test_of_many_who_save_at_once_one_succeeds(app, anna):
    texts = ["a", "b", "c", "d"]
    saves = [lambda text=text: customers.update(CLI, anna.id, 1, replace(WHOLE, notes=text)) for text in texts]
    results = at_once(app, saves)
    assert sorted(type(result).__name__ for result in results) == ["Customer"] + ["StaleVersion"] * 3
    now = fresh(anna.id)
    assert (now.version, len(entries())) == (2, 1) and now.notes in texts


def test_a_bad_change_is_refused_and_nothing_is_written(app, anna):
    with pytest.raises(Invalid) as refusal:
        customers.update(CLI, anna.id, 1, replace(WHOLE, name=" ", tags=["x" * 51]))
    assert set(refusal.value.fields) == {"name", "tags"}
    assert (fresh(anna.id).version, entries()) == (1, [])


@pytest.mark.parametrize("tags", [[], ["новый"]])
def test_the_external_id_of_another_is_refused(app, anna, tags):
    people.add("Иван", external_id="CRM-2")
    with pytest.raises(Invalid) as refusal:
        customers.update(CLI, anna.id, 1, replace(WHOLE, external_id="CRM-2", tags=tags))
    assert list(refusal.value.fields) == ["external_id"]
    assert (fresh(anna.id).external_id, entries()) == ("CRM-1", [])


def test_who_is_not_there_cannot_be_changed(app):
    with pytest.raises(NotFound):
        customers.update(CLI, 1, 1, WHOLE)
    with pytest.raises(NotFound):
        customers.get(1)
