"""Laws of one way less to reach a customer, and of the main one of each type."""

import pytest
from sqlalchemy import func, select

from crm.db import db
from crm.errors import NotFound
from crm.models import AuditEntry, ContactChannel
from crm.services import channels, customers
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData, CustomerData
from tests.parallel import at_once
from tests.people import CLI

PHONES = ["+79123456781", "+79123456782", "+79123456783"]


@pytest.fixture
def anna(app):
    given = [*(ChannelData("phone", phone) for phone in PHONES), ChannelData("vk", "anna")]
    return customers.create(CLI, CustomerData("Анна", channels=given))


def state(pk: int) -> list[tuple[str, bool]]:
    db.session.rollback()
    return [(channel.normalized, channel.is_primary) for channel in customers.get(pk).channels]


def entries() -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.action != "customer.created")))


def test_the_oldest_left_takes_the_place_of_the_main_one(app, anna):
    first, second, third, _vk = anna.channels
    channels.remove(CLI, first.id)
    assert state(anna.id) == [(PHONES[1], True), (PHONES[2], False), ("anna", True)]
    channels.remove(CLI, third.id)
    assert state(anna.id) == [(PHONES[1], True), ("anna", True)]
    assert channels.remove(CLI, second.id).phone_key == "" and state(anna.id) == [("anna", True)]


def test_it_is_noted_what_was_removed(app, alice, anna):
    channels.remove(Actor(alice.id, "10.0.0.1"), anna.channels[3].id)
    (entry,) = entries()
    assert (entry.action, entry.entity_id, entry.actor_id) == ("channel.removed", str(anna.id), alice.id)
    assert entry.changes == {"vk": ["anna", None]}


def test_another_main_one_is_chosen_and_noted(app, alice, anna):
    chosen = channels.make_primary(Actor(alice.id, "10.0.0.1"), anna.channels[2].id)
    assert state(anna.id) == [(PHONES[0], False), (PHONES[1], False), (PHONES[2], True), ("anna", True)]
    (entry,) = entries()
    assert (entry.action, entry.changes) == ("channel.made_primary", {"main phone": [PHONES[0], PHONES[2]]})
    assert chosen.phone_key == PHONES[2]


def test_what_is_the_main_one_already_leaves_no_trace(app, anna):
    channels.make_primary(CLI, anna.channels[0].id)
    assert entries() == [] and state(anna.id)[0] == (PHONES[0], True)


@pytest.mark.parametrize("action", [channels.remove, channels.make_primary])
def test_what_is_not_there_is_not_found(app, action):
    with pytest.raises(NotFound):
        action(CLI, 1)


def test_whatever_happens_at_once_one_main_one_is_left(app, anna):
    ids = [channel.id for channel in anna.channels[:3]]
    actions = [lambda pk=pk: channels.make_primary(CLI, pk) for pk in ids] + [lambda: channels.remove(CLI, ids[0])] * 2
    results = at_once(app, actions)
    assert {type(result).__name__ for result in results} <= {"Customer", "NotFound"}
    phones = [is_primary for normalized, is_primary in state(anna.id) if normalized != "anna"]
    assert sorted(phones) == [False, True]
    assert db.session.scalar(select(func.count()).select_from(ContactChannel)) == 3
