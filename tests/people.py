"""Customers for tests: a single one with few words, or hundreds of believable ones from a seed."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from crm.db import atomic
from crm.models import ContactChannel, Customer
from crm.services import customers
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData, CustomerData

CLI = Actor(None, "cli")
FIRST = ["Анна", "Семён", "Йозеф", "Пётр", "Siobhán", "Łukasz", "Jürgen", "Anna-Maria", "Ли", "О'Коннор", "Ян", "Zoë"]
LAST = ["Иванова", "Королёв", "Войнович", "Фёдорова", "Müller", "Żak", "Straße", "Ångström", "Ли", "Мак", "Øre", "и"]
COMPANIES = ["", "", "ООО Ромашка", "Müller & Söhne", "100% Чай", "under_score", "back\\slash", "Йога-центр"]
CITIES = ["", "", "Орёл", "Йошкар-Ола", "Тверь", "Kraków", "Malmö"]
TAGS = ["vip", "Опт", "Ёлка", "zürich", "долг"]


@dataclass
class Person:
    """A customer as generated, and the id under which it is stored."""

    name: str
    company: str = ""
    city: str = ""
    external_id: str = ""
    phone: str = ""  # E.164
    email: str = ""
    telegram: str = ""
    tags: list[str] = field(default_factory=list)
    created: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    archived: bool = False
    id: int = 0

    @property
    def channels(self) -> list[tuple[str, str]]:
        """(type, normalized value) of those that there are."""
        pairs = [("phone", self.phone), ("email", self.email), ("telegram", self.telegram)]
        return [pair for pair in pairs if pair[1]]


def add(name: str = "Анна Иванова", allow_duplicate: bool = False, **fields: Any) -> Customer:
    """Store a customer through the service; `phone=`, `email=` and other types of channel by name."""
    types = ("phone", "email", "telegram", "whatsapp", "viber", "vk", "instagram", "website", "other")
    channels = [ChannelData(type_, fields.pop(type_)) for type_ in types if type_ in fields]
    return customers.create(CLI, CustomerData(name, channels=channels, **fields), allow_duplicate)


def crowd(count: int, seed: int = 1) -> list[Person]:
    """Store `count` generated customers in one transaction: many equal names, many values missing."""
    pick = random.Random(seed)
    people = [_person(pick, number) for number in range(count)]
    tags = {}
    with atomic() as session:
        for tag in customers.tags_named(TAGS):
            tags[tag.name] = tag
        rows = [_row(person, tags) for person in people]
        session.add_all(rows)
        session.flush()
        for person, row in zip(people, rows, strict=True):
            person.id = row.id
    return people


def _person(pick: random.Random, number: int) -> Person:
    handle = f"{pick.choice(['anna', 'ivan', 'x_y', 'under_score'])}{pick.randrange(40)}"
    return Person(
        name=f"{pick.choice(FIRST)} {pick.choice(LAST)}",
        company=pick.choice(COMPANIES),
        city=pick.choice(CITIES),
        external_id=pick.choice(["", f"CRM-{number}", f"№{number}"]),
        phone=pick.choice(["", f"+7912{pick.randrange(10**7):07}", f"+447400{pick.randrange(10**6):06}"]),
        email=pick.choice(["", f"{handle}@{pick.choice(['example.com', 'почта.рф', 'mail.ru'])}"]),
        telegram=pick.choice(["", "", handle]),
        tags=pick.sample(TAGS, pick.choice([0, 0, 1, 2])),
        created=datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=pick.randrange(30) * 8),
        archived=pick.random() < 0.2,
    )


def _row(person: Person, tags: dict[str, Any]) -> Customer:
    row = Customer(
        name=person.name,
        company=person.company,
        city=person.city,
        external_id=person.external_id or None,
        status="archived" if person.archived else "active",
        created_at=person.created,
        updated_at=person.created,
        tags=[tags[name] for name in person.tags],
    )
    row.channels = [
        ContactChannel(type=type_, value=value, normalized=value, is_primary=True) for type_, value in person.channels
    ]
    row.refresh_keys()
    return row
