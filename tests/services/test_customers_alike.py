"""Laws of the warning while a new customer is typed: it names who shares a phone, an e-mail or the whole name."""

import pytest

from crm.services import customers
from crm.services.customer_data import ChannelData, CustomerData
from tests import people


def alike(name: str = "", **channels: str) -> list[tuple[int, str]]:
    data = CustomerData(name, channels=[ChannelData(type_, value) for type_, value in channels.items()])
    return [(one.id, one.shares) for one in customers.alike(data)]


def test_whoever_shares_something_is_named_with_what_it_is(app):
    anna = people.add("Анна Королёва", phone="8 912 345-67-89", email="Anna@Example.com", telegram="anna_k")
    assert alike(phone="+7 (912) 345 67 89") == [(anna.id, "phone")]
    assert alike(email="ANNA@example.COM ") == [(anna.id, "email")]
    assert alike(telegram="@Anna_K") == [(anna.id, "telegram")]
    assert alike("  анна  КОРОЛЕВА") == [(anna.id, "name")]
    assert alike("Анна Королёва", phone="89123456789") == [(anna.id, "phone")]


def test_who_only_resembles_is_not_named(app):
    people.add("Анна Королёва", phone="+79123456789")
    for words in ({"name": "Анна"}, {"name": "Анна Королёва-Мак"}, {"phone": "+79123456780"}, {"name": "%"}, {}):
        assert alike(**words) == []


@pytest.mark.parametrize("phone", ["", "8", "8 912", "не знаю", "\x00", "+7912345678\x009", "\ud800", "9" * 10_000])
def test_a_phone_that_is_not_complete_yet_disturbs_nothing(app, phone):
    anna = people.add("Анна")
    assert alike("анна", phone=phone) == [(anna.id, "name")]


@pytest.mark.parametrize("name", ["\x00\x00\x00", "Анна\x00", "\ud800\udfff\ud800", "я" * 10_000, "😀" * 700])
def test_a_name_that_nobody_can_have_is_nobodys(app, name):
    people.add("Анна")
    assert alike(name) == []


def test_five_are_enough(app):
    for _ in range(7):
        people.add("Анна", phone="+79123456789", allow_duplicate=True)
    assert len(alike("Анна", phone="+79123456789")) == 5
