"""Laws of a new customer: all that is said is stored, or nothing; nobody gets a namesake's phone in silence."""

import pytest
from sqlalchemy import func, select

from crm.db import db
from crm.errors import DuplicateChannel, Invalid
from crm.models import AuditEntry, ContactChannel, Customer, Tag
from crm.services import customers
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData, CustomerData
from tests import people
from tests.parallel import at_once
from tests.people import CLI


def number_of(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def refused(data: CustomerData, **options: bool) -> dict[str, list[str]]:
    """The fields of the refusal; nothing may be left of the attempt."""
    before = [number_of(model) for model in (Customer, ContactChannel, Tag, AuditEntry)]
    with pytest.raises(Invalid) as refusal:
        customers.create(CLI, data, **options)
    db.session.rollback()
    assert [number_of(model) for model in (Customer, ContactChannel, Tag, AuditEntry)] == before
    return refusal.value.fields


def test_what_was_typed_is_stored_clean(app, alice):
    data = CustomerData(
        "  Анна\u00a0 Иванова ", kind="company", company=" ООО  Ромашка", city="Тверь ", notes=" раз\r\nдва ",
        external_id=" CRM-1 ", tags=["vip", " VIP", "Опт", ""],
        channels=[ChannelData("phone", "8 (912) 345-67-89", " work "), ChannelData("email", "Anna@Example.com")],
    )  # fmt: skip
    pk = customers.create(Actor(alice.id, "10.0.0.1"), data).id
    db.session.expire_all()
    anna = customers.get(pk)
    assert customers.snapshot(anna) == {
        "name": "Анна Иванова", "kind": "company", "company": "ООО Ромашка", "city": "Тверь", "notes": "раз\nдва",
        "external_id": "CRM-1", "tags": ["vip", "Опт"],
    }  # fmt: skip
    stored = [(c.type, c.value, c.normalized, c.label, c.is_primary) for c in anna.channels]
    assert stored == [
        ("phone", "8 (912) 345-67-89", "+79123456789", "work", True),
        ("email", "Anna@Example.com", "anna@example.com", "", True),
    ]
    assert (anna.status, anna.version) == ("active", 1)


def test_it_is_noted_who_did_it_from_where(app, alice):
    anna = customers.create(Actor(alice.id, "10.0.0.1"), CustomerData("Анна", tags=["vip"]))
    (entry,) = db.session.scalars(select(AuditEntry))
    assert (entry.actor_id, entry.origin, entry.action) == (alice.id, "10.0.0.1", "customer.created")
    assert (entry.entity, entry.entity_id) == ("customer", str(anna.id))
    assert entry.changes["name"] == [None, "Анна"] and entry.changes["tags"] == [None, ["vip"]]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \u00a0\t\n "),
        ("name", "x" * 201),
        ("name", "x" * 10_000),
        ("name", "Анна\x00"),
        ("name", "Анна\x1b[31m"),
        ("name", "Анна\ud800"),
        ("name", "Анна\u202eавонавИ"),
        ("company", "x" * 201),
        ("city", "x" * 101),
        ("notes", "x" * 10_001),
        ("notes", "раз\x00"),
        ("external_id", "x" * 101),
        ("kind", "robot"),
        ("kind", "person\x00"),
        ("tags", ["x" * 51]),
        ("tags", ["a,b"]),
        ("tags", ["a;b"]),
        ("tags", ["\x00"]),
        ("tags", [str(number) for number in range(21)]),
    ],
)
def test_a_bad_field_is_refused_by_name(app, field, value):
    assert list(refused(CustomerData(**{"name": "Анна", field: value}))) == [field]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("phone", "12345"),
        ("phone", ""),
        ("phone", "8912345678a"),
        ("email", "anna@"),
        ("email", "x" * 301),
        ("fax", "1"),
    ],
)
def test_a_bad_channel_is_refused_at_its_type(app, type_, value):
    assert list(refused(CustomerData("Анна", channels=[ChannelData(type_, value)]))) == [type_]


def test_all_that_is_wrong_is_said_at_once(app):
    data = CustomerData("", kind="?", tags=["a,b"], channels=[ChannelData("phone", "1"), ChannelData("email", "?")])
    assert set(refused(data)) == {"name", "kind", "tags", "phone", "email"}


def test_the_longest_that_is_allowed_fits_even_where_folding_makes_it_longer(app):
    for letter in ("x", "я", "ﬃ", "ΐ", "😀", "ß"):
        data = CustomerData(
            letter * 200, company=letter * 200, city=letter * 100, notes=letter * 10_000, external_id=letter * 100,
            tags=[f"{letter * 48}{number:02}" for number in range(20)],
            channels=[ChannelData("other", letter * 300, label=letter * 50)],
        )  # fmt: skip
        anna = customers.create(CLI, data)
        db.session.expire_all()
        assert (anna.name, len(anna.tags), anna.channels[0].value) == (letter * 200, 20, letter * 300)


def test_one_channel_of_each_type_is_the_main_one(app):
    phones = [ChannelData("phone", f"+7912345670{n}", is_primary=n in (1, 2)) for n in range(4)]
    anna = customers.create(CLI, CustomerData("Анна", channels=[*phones, ChannelData("vk", "anna")]))
    assert [channel.is_primary for channel in anna.channels] == [False, True, False, False, True]


def test_a_channel_given_twice_is_stored_once(app):
    twice = [ChannelData("phone", "+79123456789"), ChannelData("phone", "8 912 345 67 89", is_primary=True)]
    anna = customers.create(CLI, CustomerData("Анна", channels=twice))
    assert [(channel.value, channel.is_primary) for channel in anna.channels] == [("+79123456789", True)]


def test_an_external_id_belongs_to_one_customer(app):
    people.add("Анна", external_id="CRM-1")
    assert list(refused(CustomerData("Иван", external_id=" CRM-1", tags=["new"]))) == ["external_id"]
    assert [people.add("Иван").external_id, people.add("Ия").external_id] == [None, None]


def test_the_channel_of_another_is_refused_with_its_owner_unless_it_is_meant(app):
    anna = people.add("Анна", phone="+79123456789")
    data = CustomerData("Пётр", channels=[ChannelData("phone", "8 912 345-67-89")])
    with pytest.raises(DuplicateChannel) as refusal:
        customers.create(CLI, data)
    assert (refusal.value.owner_id, refusal.value.owner_name) == (anna.id, "Анна")
    assert list(refusal.value.fields) == ["phone"]
    db.session.rollback()
    assert customers.create(CLI, data, allow_duplicate=True).channels[0].normalized == "+79123456789"


def test_the_same_number_in_another_messenger_is_no_duplicate(app):
    people.add("Анна", phone="+79123456789")
    assert people.add("Пётр", whatsapp="+79123456789").id


def test_two_who_add_one_phone_at_once_do_not_both_succeed(app):
    data = CustomerData("Анна", channels=[ChannelData("phone", "+79123456789"), ChannelData("vk", "anna")])
    for _round in range(3):
        results = at_once(app, [lambda: customers.create(CLI, data)] * 4)
        kinds = sorted(type(result).__name__ for result in results)
        assert kinds == ["Customer", "DuplicateChannel", "DuplicateChannel", "DuplicateChannel"]
        customers.delete(CLI, next(result.id for result in results if isinstance(result, Customer)))


def test_two_who_take_one_external_id_at_once_do_not_both_succeed(app):
    data = CustomerData("Анна", external_id="CRM-1", tags=["vip"])
    results = at_once(app, [lambda: customers.create(CLI, data)] * 4)
    assert sorted(type(result).__name__ for result in results) == ["Customer", "Invalid", "Invalid", "Invalid"]
    assert number_of(Customer) == number_of(AuditEntry) == number_of(Tag) == 1


def test_two_who_make_the_same_tags_at_once_share_them(app):
    names = [["vip", "опт", "ёлка"], ["Елка", "VIP", "Опт"]] * 2
    results = at_once(app, [lambda tags=tags: customers.create(CLI, CustomerData("Анна", tags=tags)) for tags in names])
    assert [type(result) for result in results] == [Customer] * 4 and number_of(Tag) == 3
