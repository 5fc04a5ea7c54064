"""Laws of one more way to reach a customer."""

import pytest
from sqlalchemy import func, select

from crm.db import db
from crm.errors import DuplicateChannel, Invalid, NotFound
from crm.models import AuditEntry, ContactChannel
from crm.services import channels, customers
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData
from tests import people
from tests.parallel import at_once
from tests.people import CLI


def numbers() -> tuple[int, int]:
    return tuple(db.session.scalar(select(func.count()).select_from(model)) for model in (ContactChannel, AuditEntry))


def refused(pk: int, data: ChannelData) -> Invalid:
    before = numbers()
    with pytest.raises(Invalid) as refusal:
        channels.add(CLI, pk, data)
    db.session.rollback()
    assert numbers() == before
    return refusal.value


def main_ones(pk: int) -> list[str]:
    db.session.rollback()
    return [channel.normalized for channel in customers.get(pk).channels if channel.is_primary]


TYPED = {
    "phone": ("8 (912) 345-67-89", "+79123456789"),
    "email": ("Anna.I@Example.com", "anna.i@example.com"),
    "telegram": ("https://t.me/Anna_I", "anna_i"),
    "whatsapp": ("+7 912 345 67 89", "+79123456789"),
    "viber": ("89123456789", "+79123456789"),
    "vk": ("vk.com/Id1", "id1"),
    "instagram": ("@Anna.I", "anna.i"),
    "website": ("Example.COM/a/", "https://example.com/a"),
    "other": ("Звонить В дверь", "звонить в дверь"),
}


def test_every_type_is_kept_as_typed_and_normalized(app):
    anna = people.add("Анна")
    for type_, (value, normalized) in TYPED.items():
        channel = channels.add(CLI, anna.id, ChannelData(type_, f" {value}", " Дом "))
        kept = (channel.type, channel.value, channel.normalized, channel.label, channel.is_primary)
        assert kept == (type_, value, normalized, "Дом", True)


def test_it_is_noted_and_the_customer_is_touched(app, alice):
    anna = people.add("Анна")
    channels.add(Actor(alice.id, "10.0.0.1"), anna.id, ChannelData("phone", "8 912 345-67-89"))
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.action, entry.entity, entry.entity_id) == ("channel.added", "customer", str(anna.id))
    assert (entry.actor_id, entry.origin) == (alice.id, "10.0.0.1")
    assert entry.changes == {"phone": [None, "8 912 345-67-89"]} and numbers() == (1, 2)
    touched = customers.get(anna.id)
    assert touched.updated_at > touched.created_at and touched.phone_key == "+79123456789"


def test_the_first_is_the_main_one_and_stays_so_unless_another_is_meant(app):
    anna = people.add("Анна", phone="+79123456781", email="anna@example.com")
    channels.add(CLI, anna.id, ChannelData("phone", "+79123456782"))
    assert main_ones(anna.id) == ["+79123456781", "anna@example.com"]
    channels.add(CLI, anna.id, ChannelData("phone", "+79123456783", is_primary=True))
    assert main_ones(anna.id) == ["anna@example.com", "+79123456783"]
    assert customers.get(anna.id).phone_key == "+79123456783"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (ChannelData("phone", ""), "value"),
        (ChannelData("phone", "12345"), "value"),
        (ChannelData("phone", "8912345678a"), "value"),
        (ChannelData("email", "anna@"), "value"),
        (ChannelData("email", "anna@example.com\x00"), "value"),
        (ChannelData("telegram", "ан"), "value"),
        (ChannelData("website", "javascript:alert(1)"), "value"),
        (ChannelData("website", "https://user:pw@example.com"), "value"),
        (ChannelData("website", ".".join("ы" * 149) + ".рф"), "value"),
        (ChannelData("other", "x" * 301), "value"),
        (ChannelData("other", "x" * 10_000), "value"),
        (ChannelData("other", "\ud800"), "value"),
        (ChannelData("", "1"), "type"),
        (ChannelData("fax", "1"), "type"),
        (ChannelData("phone\x00", "+79123456789"), "type"),
        (ChannelData("fax", ""), "type"),
        (ChannelData("phone", "+79123456789", "x" * 51), "label"),
        (ChannelData("phone", "+79123456789", "\x1b"), "label"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(app, data, field):
    assert list(refused(people.add("Анна").id, data).fields) == [field]


def test_the_same_twice_is_refused_even_where_a_duplicate_is_meant(app):
    anna = people.add("Анна", phone="+79123456789")
    again = ChannelData("phone", "8 912 345-67-89")
    assert list(refused(anna.id, again).fields) == ["value"]
    with pytest.raises(Invalid):
        channels.add(CLI, anna.id, again, allow_duplicate=True)


def test_the_channel_of_another_is_refused_with_its_owner_unless_it_is_meant(app):
    anna, ivan = people.add("Анна", phone="+79123456789"), people.add("Иван")
    refusal = refused(ivan.id, ChannelData("phone", "89123456789"))
    assert isinstance(refusal, DuplicateChannel) and list(refusal.fields) == ["value"]
    assert (refusal.owner_id, refusal.owner_name) == (anna.id, "Анна")
    channels.add(CLI, ivan.id, ChannelData("phone", "89123456789"), allow_duplicate=True)
    assert main_ones(ivan.id) == ["+79123456789"]


def test_who_is_not_there_gets_none(app):
    with pytest.raises(NotFound):
        channels.add(CLI, 1, ChannelData("phone", "+79123456789"))


def test_many_who_add_at_once_leave_one_main_one(app):
    anna = people.add("Анна")
    data = [ChannelData("phone", f"+791234567{number:02}", is_primary=number % 2 == 0) for number in range(8)]
    results = at_once(app, [lambda one=one: channels.add(CLI, anna.id, one) for one in data])
    assert [type(result) for result in results] == [ContactChannel] * 8
    assert len(main_ones(anna.id)) == 1 and numbers() == (8, 9)


def test_the_same_added_at_once_is_there_once(app):
    anna, ivan = people.add("Анна"), people.add("Иван")
    data = ChannelData("phone", "+79123456789")
    results = at_once(app, [lambda pk=pk: channels.add(CLI, pk, data) for pk in (anna.id, ivan.id, anna.id, ivan.id)])
    assert sum(isinstance(result, ContactChannel) for result in results) == 1
    assert {type(result) for result in results} <= {ContactChannel, Invalid, DuplicateChannel}
    assert numbers() == (1, 3)
