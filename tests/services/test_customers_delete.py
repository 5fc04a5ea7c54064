"""Laws of putting a customer away and of deleting one."""

import pytest
from sqlalchemy import func, select

from crm.db import db
from crm.errors import NotFound
from crm.models import AuditEntry, ContactChannel, Customer, CustomerTag, Tag
from crm.services import channels, customers
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData, CustomerData
from tests import money, people
from tests.parallel import at_once
from tests.people import CLI


def last_entry() -> AuditEntry:
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def numbers() -> list[int]:
    models = (Customer, ContactChannel, CustomerTag, AuditEntry)
    return [db.session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


def test_who_is_put_away_keeps_everything(app, alice):
    anna = people.add("Анна", phone="+79123456789", tags=["vip"])
    before = customers.snapshot(anna)
    archived = customers.set_archived(Actor(alice.id, "10.0.0.1"), anna.id, True)
    assert (archived.status, archived.version, customers.snapshot(archived)) == ("archived", 2, before)
    entry = last_entry()
    assert (entry.action, entry.actor_id, entry.origin) == ("customer.archived", alice.id, "10.0.0.1")
    assert entry.changes == {"status": ["active", "archived"]}
    assert customers.set_archived(CLI, anna.id, False).status == "active"
    assert (last_entry().action, last_entry().changes) == ("customer.active", {"status": ["archived", "active"]})


def test_putting_away_twice_is_noted_once(app):
    anna = people.add()
    for _ in range(2):
        customers.set_archived(CLI, anna.id, True)
    assert (customers.get(anna.id).version, numbers()) == (2, [1, 0, 0, 2])


def test_who_is_deleted_leaves_nothing_but_a_note_of_all_they_were(app, alice):
    other = people.add("Иван", phone="+79123456780", tags=["vip"])
    anna = people.add("Анна", phone="8 912 345-67-89", vk="anna", city="Тверь", tags=["vip", "опт"])
    customers.delete(Actor(alice.id, "10.0.0.1"), anna.id)
    assert numbers() == [1, 1, 1, 3]
    entry = last_entry()
    assert (entry.action, entry.entity_id, entry.actor_id) == ("customer.deleted", str(anna.id), alice.id)
    assert entry.changes["name"] == ["Анна", None] and entry.changes["city"] == ["Тверь", None]
    assert entry.changes["tags"] == [["vip", "опт"], None]
    assert entry.changes["channels"] == [["phone: 8 912 345-67-89", "vk: anna"], None]
    assert customers.get(other.id).channels and sorted(db.session.scalars(select(Tag.name))) == ["vip", "опт"]


def test_what_a_deleted_customer_had_is_free_again_and_the_number_is_not(app):
    anna = people.add("Анна", phone="+79123456789", external_id="CRM-1")
    customers.delete(CLI, anna.id)
    again = people.add("Анна", phone="+79123456789", external_id="CRM-1")
    assert again.id > anna.id


@pytest.mark.parametrize("action", [customers.delete, lambda actor, pk: customers.set_archived(actor, pk, True)])
def test_who_is_not_there_is_not_found(app, action):
    with pytest.raises(NotFound):
        action(CLI, 1)


def test_deleted_once_however_many_try_at_once(app):
    anna = people.add("Анна", phone="+79123456789", tags=["vip"])
    results = at_once(app, [lambda: customers.delete(CLI, anna.id)] * 4)
    assert sorted(type(result).__name__ for result in results) == ["NotFound"] * 3 + ["bool"]
    assert numbers() == [0, 0, 0, 2]


def test_who_is_deleted_meanwhile_gets_no_channel_and_no_change(app):
    anna = people.add("Анна")
    attempts = [
        lambda: customers.delete(CLI, anna.id),
        lambda: channels.add(CLI, anna.id, ChannelData("phone", "+79123456789")),
        lambda: customers.update(CLI, anna.id, 1, CustomerData("Мария", tags=["vip"])),
    ]
    results = at_once(app, attempts)
    kinds = {type(result).__name__ for result in results}
    assert kinds <= {"bool", "NotFound", "ContactChannel", "Customer", "StaleVersion"}
    assert numbers()[:3] == [0, 0, 0]


def test_who_has_moved_money_is_archived_instead(app):
    anna = people.add("Анна", phone="+79123456789")
    money.wallet_of(anna.id, balance=100)
    assert customers.has_payments(anna.id) and customers.delete(CLI, anna.id) is False
    assert (customers.get(anna.id).status, last_entry().action) == ("archived", "customer.archived")


def test_unused_wallets_go_with_their_customer(app):
    anna = people.add("Анна")
    money.wallet_of(anna.id)
    assert not customers.has_payments(anna.id) and customers.delete(CLI, anna.id) is True
    assert money.rows("account_balances") == []
    assert [row for row in money.rows("accounts") if row[1] is not None] == []


def test_money_that_moves_at_the_same_moment_is_never_lost(app):
    for _time in range(5):
        anna = people.add("Анна", allow_duplicate=True)
        wallet = money.wallet_of(anna.id)
        at_once(app, [lambda pk=anna.id: customers.delete(CLI, pk), lambda pk=wallet: money.SERVICE.deposit(pk, 100)])
        db.session.rollback()
        status = db.session.scalar(select(Customer.status).where(Customer.id == anna.id))
        assert (money.total(wallet), status) in [(100, "archived"), (0, None)]
