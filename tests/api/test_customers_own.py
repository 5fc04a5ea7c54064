"""A customer who calls the API sees themselves, and nothing of anybody else."""

import pytest

from crm.db import atomic, utcnow
from crm.models import User
from tests import people


@pytest.fixture
def anna(carla):
    anna = people.add("Anna", phone="+79123456789")
    people.add("Boris")
    with atomic() as session:
        user = session.get(User, carla.id)
        user.customer_id, user.email_confirmed_at = anna.id, utcnow()
    return anna


def test_a_customer_sees_themselves_alone(program_of, carla, anna):
    program = program_of(carla)
    assert [one["id"] for one in program.get("/customers").json["items"]] == [anna.id]
    assert program.get("/customers?q=boris").json["items"] == []
    assert program.get(f"/customers/{anna.id}").json["name"] == "Anna"
    assert program.get("/me").json["customer_id"] == anna.id


def test_what_is_anothers_is_not_there(program_of, carla, anna):
    program = program_of(carla)
    there, nowhere = program.get(f"/customers/{anna.id + 1}"), program.get("/customers/999")
    assert there.status_code == nowhere.status_code == 404
    assert there.json | {"request_id": ""} == nowhere.json | {"request_id": ""}


def test_who_is_no_customer_yet_sees_nobody(program_of, carla):
    people.add("Anna")
    assert program_of(carla).get("/customers").json["items"] == []
    assert program_of(carla).get("/customers/1").status_code == 404
