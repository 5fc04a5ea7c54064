"""Customers who might be: names, cities, contacts and tags from a seed. Pure."""

import csv
import io
import random
from collections.abc import Iterable

from crm.services.customer_data import ChannelData, CustomerData

_NAMES = {
    "ru": (
        "Анна/anna Мария/maria Елена/elena Ольга/olga Наталья/natalia Ирина/irina Юлия/julia Светлана/svetlana",
        "Иван/ivan Алексей/alexey Дмитрий/dmitry Сергей/sergey Артём/artem Павел/pavel Фёдор/fedor Никита/nikita",
        "Кузнецов/kuznetsov Смирнов/smirnov Соколов/sokolov Лебедев/lebedev Морозов/morozov Волков/volkov"
        " Фёдоров/fedorov Егоров/egorov Павлов/pavlov Зайцев/zaitsev Орлов/orlov Киселёв/kiselev Щукин/schukin",
    ),
    "en": (
        "Mary/mary Zoë/zoe Renée/renee Ngozi/ngozi Ingrid/ingrid Lucía/lucia",
        "James/james José/jose Björn/bjorn Łukasz/lukasz Hiroshi/hiroshi Emre/emre",
        "Smith/smith O'Brien/obrien García/garcia Müller/mueller Nowak/nowak Çelik/celik Tanaka/tanaka Walker/walker",
    ),
}
_CITIES = {
    "ru": ("Москва", "Москва", "Санкт-Петербург", "Казань", "Новосибирск", "Тверь", "Самара", "Орёл", "Йошкар-Ола"),
    "en": ("Berlin", "London", "Lyon", "Kraków", "Porto", "Austin", "Malmö", "İzmir"),
}
_FIRMS = {
    "ru": ("ООО «Ромашка»", "ООО «Вектор»", "АО «Северный путь»", "ИП Кузнецов", "ООО «Чайный дом»"),
    "en": ("Acme, Inc.", "Müller & Söhne", "Globex", "Nordlys AB", "Casa Verde"),
}
_TAGS = {"ru": ["опт", "розница", "постоянный"], "en": ["wholesale", "retail"]}
_NOTES = ("Звонить после 18:00", "Просит закрывающие документы", "Prefers e-mail", "Скидка 5 % по договору")
_AREAS = (202, 212, 312, 415, 617, 305)  # their numbers 555-01xx are kept free for fiction
COLUMNS = (
    "Код", "ФИО", "Вид клиента", "Компания", "Город", "Телефон", "Эл. почта", "Telegram", "Теги", "Комментарий",
    "Валюта", "Остаток",
)  # fmt: skip


def person(pick: random.Random, number: int) -> CustomerData:
    """A customer; `number` makes external id, phone and e-mail unique."""
    tongue = "ru" if pick.random() < 0.8 else "en"
    name, latin = _name(pick, tongue)
    firm = pick.choice(_FIRMS[tongue]) if pick.random() < 0.25 else ""
    is_firm = bool(firm) and pick.random() < 0.6
    tags = [tag for tag in _TAGS[tongue] if pick.random() < 0.25] + (["vip"] if pick.random() < 0.05 else [])
    return CustomerData(
        name=firm if is_firm else name,
        kind="company" if is_firm else "person",
        company="" if is_firm else firm,
        city=pick.choice(_CITIES[tongue]) if pick.random() < 0.9 else "",
        notes=pick.choice(_NOTES) if pick.random() < 0.15 else "",
        external_id=f"K-{number:05}",
        tags=tags,
        channels=_channels(pick, tongue, latin, number),
    )


def is_foreign(one: CustomerData) -> bool:
    """Whether the customer lives abroad."""
    return one.channels[0].value.startswith("+1") or one.channels[0].value.endswith(".com")


def _name(pick: random.Random, tongue: str) -> tuple[str, str]:
    women, men, families = _NAMES[tongue]
    woman = pick.random() < 0.5
    first, first_latin = pick.choice((women if woman else men).split()).split("/")
    last, last_latin = pick.choice(families.split()).split("/")
    if woman and tongue == "ru":
        last, last_latin = f"{last}а", f"{last_latin}a"
    return f"{first} {last}", f"{first_latin}.{last_latin}"


def _channels(pick: random.Random, tongue: str, latin: str, number: int) -> list[ChannelData]:
    channels = []
    if tongue == "ru" and pick.random() < 0.9:
        channels.append(ChannelData("phone", f"+7900{number % 10**7:07}"))
    elif tongue == "en" and number < 100 * len(_AREAS):
        channels.append(ChannelData("phone", f"+1{_AREAS[number // 100]}55501{number % 100:02}"))
    if pick.random() < 0.75 or not channels:
        channels.append(ChannelData("email", f"{latin}.{number}@example.{'ru' if tongue == 'ru' else 'com'}"))
    if pick.random() < 0.3:
        channels.append(ChannelData("telegram", f"{latin.replace('.', '_')}_{number}"))
    return channels


def table(people: Iterable[CustomerData], openings: Iterable[tuple[str, int]]) -> bytes:
    """The customers as another program would have exported them, each with what the wallet holds: a currency and
    whole units of it.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(COLUMNS)
    for one, (currency, balance) in zip(people, openings, strict=True):
        contacts = {channel.type: channel.value for channel in one.channels}
        writer.writerow([
            one.external_id, one.name, "юрлицо" if one.kind == "company" else "физлицо", one.company, one.city,
            contacts.get("phone", ""), contacts.get("email", ""), contacts.get("telegram", ""), ", ".join(one.tags),
            one.notes, currency, balance,
        ])  # fmt: skip
    return text.getvalue().encode()
