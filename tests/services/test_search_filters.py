"""Laws of the filters: each narrows the list by what it says, all together too; days are those of the business."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from sqlalchemy import update

from crm.db import atomic
from crm.models import Customer
from crm.services import customers, search
from crm.services.search import Criteria
from tests import people
from tests.people import Person


def found(**criteria: object) -> set[int]:
    return {hit.id for hit in search.find(Criteria(**criteria), limit=1000).items}


def those(crowd: list[Person], rule: Callable[[Person], bool]) -> set[int]:
    return {person.id for person in crowd if rule(person)}


def test_each_filter_leaves_what_it_names(app):
    crowd = people.crowd(200)
    filters = {
        "status": [("active", lambda p: not p.archived), ("archived", lambda p: p.archived), ("", lambda p: True)],
        "tag": [(tag, lambda p, tag=tag: tag in p.tags) for tag in people.TAGS],
        "channel": [
            ("phone", lambda p: p.phone), ("email", lambda p: p.email), ("telegram", lambda p: p.telegram),
            ("vk", lambda p: False),
        ],
        "city": [(city, lambda p, city=city: p.city == city) for city in people.CITIES if city],
        "created_from": [(date(2026, 3, 5), lambda p: p.created >= datetime(2026, 3, 5, tzinfo=UTC))],
        "created_to": [(date(2026, 3, 5), lambda p: p.created < datetime(2026, 3, 6, tzinfo=UTC))],
    }  # fmt: skip
    for name, cases in filters.items():
        for value, rule in cases:
            assert found(**{"status": "", name: value}) == those(crowd, rule), (name, value)


def test_filters_and_query_hold_together(app):
    crowd = people.crowd(300)

    def rule(person: Person) -> bool:
        words = person.name.lower().replace("ё", "е").split()
        return (
            not person.archived
            and "vip" in person.tags
            and bool(person.email)
            and any(w.startswith("ан") for w in words)
        )

    expected = those(crowd, rule)
    assert expected and found(q="ан", tag="vip", channel="email") == expected


def test_a_tag_and_a_city_are_met_folded(app):
    anna = people.add("Анна", city="Орёл", tags=["Ёлка", "Zürich"])
    people.add("Иван", city="Йошкар-Ола", tags=["vip"])
    for criteria in ({"tag": "елка"}, {"tag": "ZURICH"}, {"city": "ОРЕЛ"}, {"city": "ор"}):
        assert found(**criteria) == {anna.id}
    for criteria in ({"tag": "елк"}, {"city": "рел"}, {"city": "о%"}, {"tag": "такого нет"}):
        assert found(**criteria) == set()


def test_a_filter_of_nothing_but_accents_filters_nothing(app):
    anna = people.add("Анна")
    assert found(city="\u0301") == found(q="\u0301") == found(q=" \u0308 ") == {anna.id}


def test_days_begin_at_midnight_where_the_business_is(app, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_TIMEZONE", "Europe/Moscow")
    late, early = people.add("Анна").id, people.add("Иван").id
    with atomic() as session:
        for pk, moment in (
            (late, datetime(2026, 5, 1, 20, 59, tzinfo=UTC)),
            (early, datetime(2026, 5, 1, 21, tzinfo=UTC)),
        ):
            session.execute(update(Customer).where(Customer.id == pk).values(created_at=moment))
    assert found(created_to=date(2026, 5, 1)) == {late}
    assert found(created_from=date(2026, 5, 2)) == {early}
    assert found(created_from=date(2026, 5, 1), created_to=date(2026, 5, 2)) == {late, early}
    assert found(created_from=date(2026, 5, 2), created_to=date(2026, 5, 1)) == set()


def test_who_is_put_away_leaves_the_list_and_comes_back(app):
    anna = people.add("Анна")
    customers.set_archived(people.CLI, anna.id, True)
    assert (found(), found(status="archived"), found(status="")) == (set(), {anna.id}, {anna.id})
    customers.set_archived(people.CLI, anna.id, False)
    assert found() == {anna.id}
