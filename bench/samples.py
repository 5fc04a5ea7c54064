"""Customers to import: the same number and seed give the same bytes."""

import csv
import io
import random
from pathlib import Path
from typing import TextIO

_FIRST = [
    *("Анна", "Мария", "Елена", "Ольга", "Иван", "Алексей", "Дмитрий", "Фёдор", "Артём", "Семён"),
    *("James", "Mary", "Zoë", "José", "Renée", "Björn", "Łukasz", "Ngozi"),
]
_LAST = [
    *("Кузнецов", "Смирнов", "Соколов", "Фёдоров", "Лебедев", "Щукин"),
    *("Smith", "O'Brien", "García", "Müller", "Nowak", "Çelik", "Tanaka", "Walker"),
]
_CITIES = ["Москва", "Казань", "Новосибирск", "Тверь", "Berlin", "London", "Austin", "Lyon", "Kraków", "Porto"]
_COMPANIES = ["", "", "", "ООО «Ромашка»", "Acme, Inc.", "Smith & Sons", "ИП Кузнецов", 'Globex "North"', "АО Вектор"]
_TAGS = ["vip", "wholesale", "retail", "опт", "new", "debtor"]
_NOTES = ["", "", "звонить после 18:00", "line one\nline two", 'quote " inside', "=SUM(1+1)"]
_FAULTS = [(3, "not-an-email"), (4, "+7 000"), (10, "12,5,0"), (10, "-15.00"), (1, "  ")]
HEADER = [
    *("external_id", "name", "company", "email", "phone", "telegram", "city", "tags", "notes"),
    *("currency", "wallet_balance"),
]


def customers_csv(count: int, seed: int = 7, dirty: float = 0.01) -> bytes:
    """A UTF-8 CSV: 2.3 channels a row, 2 % of rows with a phone or e-mail of an earlier one, `dirty` with a fault."""
    text = io.StringIO()
    _generate(text, count, seed, dirty)
    return text.getvalue().encode()


def write_csv(path: Path, count: int, seed: int = 7, dirty: float = 0.01) -> None:
    """The same into a file."""
    with path.open("w", encoding="utf-8", newline="") as text:
        _generate(text, count, seed, dirty)


def _generate(text: TextIO, count: int, seed: int, dirty: float) -> None:
    rng, seen = random.Random(seed), [("+79120000000", "first@example.com")]
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for number in range(1, count + 1):
        row = _row(rng, number, seen)
        if rng.random() < dirty:
            column, value = rng.choice(_FAULTS)
            row[column] = value
        writer.writerow(row)


def _row(rng: random.Random, number: int, seen: list[tuple[str, str]]) -> list[str]:
    phone, email = _phone(rng), f"customer.{number}@example.{rng.choice(['com', 'org', 'ru'])}"
    if rng.random() < 0.02:
        old = rng.choice(seen)
        phone, email = (old[0], email) if rng.random() < 0.5 else (phone, old[1].upper())
    elif len(seen) < 10_000:
        seen.append((phone, email))
    balance = f"{rng.randrange(5_000_000) / 100:.2f}" if rng.random() < 0.6 else ""
    return [
        f"C{number:08d}",
        f"{rng.choice(_LAST)} {rng.choice(_FIRST)}",
        rng.choice(_COMPANIES),
        email,
        phone,
        f"@customer{number}" if rng.random() < 0.3 else "",
        rng.choice(_CITIES),
        ",".join(rng.sample(_TAGS, rng.choice([0, 0, 1, 2]))),
        rng.choice(_NOTES),
        rng.choice(["RUB", "USD", "EUR"]) if balance else "",
        balance,
    ]


def _phone(rng: random.Random) -> str:
    if rng.random() < 0.55:
        return f"+1212{rng.randrange(2_000_000, 9_999_999)}"
    digits = f"9{rng.randrange(10**9):09d}"
    grouped = f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}"
    return rng.choice([f"+7{digits}", f"8{digits}", grouped])
