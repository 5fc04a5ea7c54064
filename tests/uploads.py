"""Uploads for tests, and an oracle: the rules of the import told once more, a row at a time, with plain dicts."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import phonenumbers

from crm.db import db
from crm.models import Import
from crm.services import imports
from crm.services.audit import Actor
from crm.services.importing import lease
from crm.services.importing.choices import Choices

CLERK = Actor(None, "test")


def table(rows: Iterable[Sequence[str]], delimiter: str = ",") -> bytes:
    """The rows as a UTF-8 CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def accept(data: bytes | str, filename: str = "customers.csv", locale: str = "en", **choices: Any) -> Import:
    """Take the file in, without ringing for a worker."""
    raw = data.encode() if isinstance(data, str) else data
    return imports.accept(CLERK, io.BytesIO(raw), filename, Choices(**choices), locale, start=False)


def draft(data: bytes | str, filename: str = "customers.csv", locale: str = "en", **choices: Any) -> Import:
    """Take the file in to be set up."""
    raw = data.encode() if isinstance(data, str) else data
    return imports.draft(CLERK, io.BytesIO(raw), filename, Choices(**choices), locale)


def checked(data: bytes | str, filename: str = "customers.csv", **options: Any) -> Import:
    """Take the file in and find out what would become of its rows."""
    upload = draft(data, filename, **options)
    imports.check(CLERK, upload.id)
    imports.run(upload.id)
    return imports.get(upload.id)


def take(data: bytes | str, on_duplicate: str = "skip", **options: Any) -> Import:
    """Take the file in and import it to the end; the import as it stands then."""
    upload = accept(data, on_duplicate=on_duplicate, **options)
    imports.run(upload.id)
    return imports.get(upload.id)


def kept() -> list[str]:
    """The names of the files that are kept of uploads of customers; those of payments have a folder of their own."""
    return [path.name for path in lease.uploads().iterdir() if path.is_file()]


def counts(upload: Any) -> dict[str, int]:
    """The counters that are not zero."""
    names = ("created", "updated", "unchanged", "skipped", "failed")
    return {name: value for name in names if (value := getattr(upload, name))}


def errors(upload: Import) -> list[str]:
    """What is wrong with the failed rows, in their order."""
    rows = list(csv.DictReader(io.StringIO("".join(imports.failures_csv(upload.id)).removeprefix("\ufeff"))))
    db.session.rollback()
    return [row["error"] for row in rows]


@dataclass
class Person:
    """A customer as the oracle sees it; channels are (type, normalized) pairs."""

    name: str
    fields: dict[str, str]
    channels: set[tuple[str, str]]
    tags: set[str]

    def claims(self) -> set[tuple[str, str]]:
        """What another row may match it by."""
        own = {pair for pair in self.channels if pair[0] in ("phone", "email")}
        return own | {("external_id", self.fields["external_id"])} if self.fields["external_id"] else own


@dataclass
class Oracle:
    """Takes rows of the generated kind (`bench.samples`) one by one and remembers who there is."""

    on_duplicate: str
    people: list[Person] = field(default_factory=list)
    by_key: dict[tuple[str, str], list[Person]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def take(self, row: dict[str, str]) -> str:
        """Count and return the outcome."""
        outcome = self._decide(row)
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        return outcome

    def _decide(self, row: dict[str, str]) -> str:
        person = _person(row)
        if person is None:
            return "failed"
        matches: list[Person] = []
        for key in person.claims():
            matches += [other for other in self.by_key.get(key, []) if other not in matches]
        if row["wallet_balance"].startswith("-") and not (matches and self.on_duplicate == "skip"):
            return "failed"  # nobody here owes anything
        if self.on_duplicate == "create":
            taken = any(other.fields["external_id"] == person.fields["external_id"] != "" for other in matches)
            return "failed" if taken else self._add(person)
        if not matches:
            return self._add(person)
        if self.on_duplicate == "skip":
            return "skipped"
        return "failed" if len(matches) > 1 else self._merge(matches[0], person)

    def _add(self, person: Person) -> str:
        self.people.append(person)
        self._claim(person)
        return "created"

    def _merge(self, old: Person, new: Person) -> str:
        before = (old.name, dict(old.fields), set(old.channels), set(old.tags))
        for key in old.claims():
            self.by_key[key].remove(old)
        old.name = new.name or old.name
        old.fields |= {name: value for name, value in new.fields.items() if value}
        old.channels |= new.channels
        old.tags |= new.tags
        self._claim(old)
        return "unchanged" if before == (old.name, old.fields, old.channels, old.tags) else "updated"

    def _claim(self, person: Person) -> None:
        for key in person.claims():
            self.by_key.setdefault(key, []).append(person)


def _person(row: dict[str, str]) -> Person | None:
    if not row["name"].strip() or row["email"].count("@") != 1 or not _is_amount(row["wallet_balance"]):
        return None
    try:
        number = phonenumbers.parse(row["phone"], "RU")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    channels = {
        ("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)),
        ("email", row["email"].casefold()),
    }
    if row["telegram"]:
        channels.add(("telegram", row["telegram"].removeprefix("@").casefold()))
    fields = {name: row[name] for name in ("company", "city", "notes", "external_id")}
    return Person(row["name"], fields, channels, set(filter(None, row["tags"].split(","))))


def _is_amount(text: str) -> bool:
    whole, _dot, part = text.removeprefix("-").partition(".")
    return text == "" or (whole.isdecimal() and part.isdecimal() and len(part) == 2)
