"""What each column of a header probably holds, and how that was found: saved, a known program's, exact, fuzzy. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

from crm import money
from crm.services.importing import columns as names
from crm.services.importing import fuzzy, presets
from crm.services.importing.cells import currency as currency_meant
from crm.services.importing.columns import Header, bare
from crm.services.importing.labels import label_of
from crm.services.importing.plan import ATTRIBUTE, BALANCE, CHANNELS, LABEL, NAME_PARTS, Column, Plan
from crm.spreadsheet import unguarded
from crm.text import squeeze

Found = Literal["chosen", "saved", "preset", "exact", "fuzzy", ""]
_OWN = re.compile(r"(?:attribute|field|поле):\s*(.*\S)", re.I)  # as the export writes them, and plans do
_LABELS = re.compile(r"(.*)(?:\b|_)(label|type|тип|ярлык)\W*\Z", re.I | re.S)
_VALUE = re.compile(r"(.*)\b(value|значение)\W*\Z", re.I | re.S)
_WORDS = re.compile(r"[\s,;:()\[\]/_-]+")


@dataclass(frozen=True)
class Proposal:
    """A plan for a header; `found` tells of each column how its field was found ('' where it has none), `sure` how
    alike a fuzzy one is (0 to 1), `source` which program wrote the file ('' where that is not known).
    """

    plan: Plan
    found: tuple[Found, ...]
    sure: tuple[float, ...]
    source: str = ""


class _Guess(NamedTuple):
    column: Column
    rank: int  # 0 is best
    found: Found
    sure: float = 1.0


_NOTHING = _Guess(Column(), 0, "")


def propose(
    columns: Sequence[str],
    chosen: Mapping[str, str] | None = None,
    saved: Plan | None = None,
    near: bool = True,
    currencies: Mapping[str, str] | None = None,
) -> Proposal:
    """The plan for a header. What is `chosen` (a field by a column's name, '' to leave it out) goes before what was
    `saved` for such a header, that before what is recognised; so do the `currencies` of columns of balances. Without
    `near`, names must be known to the letter.

    >>> propose(["ФИО", "Телефн", "Баланс USD"]).found
    ('exact', 'fuzzy', 'exact')
    """
    picked = {bare(name): field for name, field in (chosen or {}).items()}
    preset = presets.recognised(columns)
    guesses = [_guess(column, picked, preset) for column in columns]
    if saved is not None:
        guesses = [
            guess if guess.found == "chosen" else _Guess(column, 0, "saved" if column.field else "")
            for guess, column in zip(guesses, saved.columns, strict=True)
        ]
    guesses = _in_currencies(columns, guesses, {bare(name): code for name, code in (currencies or {}).items()})
    if saved is None:
        guesses = _labelled(columns, guesses)
        guesses = _one_each(columns, guesses)
        guesses = _neared(columns, guesses) if near else guesses
    plan = saved or Plan(defaults=preset[0].defaults if preset else {})
    return Proposal(
        Plan(tuple(guess.column for guess in guesses), plan.defaults, plan.match, plan.on_duplicate, plan.restore),
        tuple(guess.found if guess.column.field else "" for guess in guesses),
        tuple(guess.sure for guess in guesses),
        preset[0].name if preset else "",
    )


def find_header(
    records: Sequence[Sequence[str]], chosen: Mapping[str, str] | None = None, near: bool = False
) -> Header | None:
    """The record that names the most fields (titles may stand above it), or None where no record names a name.

    `chosen` is as in `propose`. With `near`, names that are nearly known count where no record has known ones.
    """
    for near_too in sorted({False, near}):
        found = names.best_header(records, partial(_fields, chosen, near_too), lambda one: one.has_name)
        if found:
            return found
    return None


def _fields(chosen: Mapping[str, str] | None, near: bool, columns: Sequence[str]) -> list[str | None]:
    return propose(columns, chosen, near=near).plan.fields


def _guess(column: str, picked: Mapping[str, str], preset: tuple[presets.Preset, presets.Known] | None) -> _Guess:
    key = bare(column)
    if key in picked:
        return _Guess(_column(picked[key] or None, column), -1, "chosen")
    if _is_silent(column):
        return _NOTHING
    if own := _OWN.match(unguarded(column)):
        return _Guess(Column(f"{ATTRIBUTE}{squeeze(own[1])}"), 0, "exact")
    if preset and (spelled := presets.spelled(column)) in preset[1]:
        field, rank = preset[1][spelled]
        return _Guess(_column(field or None, column), rank, "preset")
    field_, rank = names.known_field(column)
    if field_ and field_ != BALANCE:
        return _Guess(_column(field_, column), rank, "exact")
    return _balance(column) or (_Guess(Column(field_), rank, "exact") if field_ else _NOTHING)


def _column(field: str | None, title: str) -> Column:
    if field and field.startswith(ATTRIBUTE):
        return Column(f"{ATTRIBUTE}{squeeze(field.removeprefix(ATTRIBUTE))}")
    return Column(field, label=label_of(title) if field in CHANNELS and field != "other" else "")


def _balance(title: str) -> _Guess | None:
    """A name of a balance with a currency before or behind it: "Balance USD", "Остаток, руб."."""
    words = [word for word in _WORDS.split(title) if word]
    for place in (-1, 0):
        code = currency_meant(words[place]) if len(words) > 1 else ""
        rest = " ".join(words[:-1] if place else words[1:])
        field, rank = names.known_field(rest)
        if field == BALANCE and money.is_currency(code):
            return _Guess(Column(BALANCE, currency=code), rank, "exact")
    return None


def _labelled(columns: Sequence[str], guesses: list[_Guess]) -> list[_Guess]:
    """Columns with the labels of the channels next to them: "Phone 1 - Label" before "Phone 1 - Value"."""
    stems = [bare(match[1] if (match := _VALUE.match(column)) else column) for column in columns]
    labelled = []
    for index, (column, guess) in enumerate(zip(columns, guesses, strict=True)):
        match = _LABELS.match(column)
        beside = [place for place in (index + 1, index - 1) if 0 <= place < len(columns)]
        if guess.column.field is None and guess.found == "" and match and bare(match[1]):
            near = any(stems[place] == bare(match[1]) and guesses[place].column.field in CHANNELS for place in beside)
            guess = _Guess(Column(LABEL), 0, "exact") if near else guess
        labelled.append(guess)
    return labelled


def _in_currencies(columns: Sequence[str], guesses: list[_Guess], currencies: Mapping[str, str]) -> list[_Guess]:
    return [
        guess._replace(column=replace(guess.column, currency=currencies[bare(column)]))
        if guess.column.field == BALANCE and bare(column) in currencies
        else guess
        for column, guess in zip(columns, guesses, strict=True)
    ]


def _one_each(columns: Sequence[str], guesses: list[_Guess]) -> list[_Guess]:
    """Of several columns for a field that has one value, the best name; balances are one for each currency. Columns
    that were chosen by different names stay: two choices for one field are a mistake to be told of.
    """
    names = [bare(column) for column in columns]
    holders: dict[tuple[str, str], int] = {}
    for index, guess in enumerate(guesses):
        held = holders.get(_key(guess))
        if not _shared(guess) and (held is None or guess.rank < guesses[held].rank):
            holders[_key(guess)] = index
    return [
        guess
        if _shared(guess)
        or holders[_key(guess)] == index
        or (guess.found == "chosen" and names.index(names[index]) == index)
        else guess._replace(column=Column())
        for index, guess in enumerate(guesses)
    ]


def _key(guess: _Guess) -> tuple[str, str]:
    return guess.column.field or "", guess.column.currency


def _shared(guess: _Guess) -> bool:
    """Whether any number of columns may hold the field."""
    if guess.found == "preset" and guess.column.field in ("tags", "notes"):
        return True
    return guess.column.field in (None, LABEL, *CHANNELS)


def _neared(columns: Sequence[str], guesses: list[_Guess]) -> list[_Guess]:
    """The columns that nobody knows, by what their names nearly are; a field that has one value is given once."""
    unknown = [index for index, guess in enumerate(guesses) if not guess.found and not _is_silent(columns[index])]
    taken = {guess.column.field for guess in guesses}
    taken |= {"name"} if taken & set(NAME_PARTS) else set(NAME_PARTS) if "name" in taken else set()
    found = fuzzy.guesses([columns[index] for index in unknown], names.PAIRS)
    result = list(guesses)
    for (field, sure), index in sorted(zip(found, unknown, strict=True), key=lambda pair: -pair[0][1]):
        if field and (field in CHANNELS or field not in taken):
            result[index] = _Guess(_column(field, columns[index]), 0, "fuzzy", sure)
            taken.add(field)
    return result


def _is_silent(column: str) -> bool:
    return not bare(column) or names.is_error_column(column)
