"""A customer in the making: takes the cells of a row one after another and gathers what is wrong. Pure."""

from collections.abc import Callable
from functools import partial

from crm.services.customer_data import CHANNELS_LIMIT, CustomerData, clean_tags, clean_text, merged, too_many_channels
from crm.services.importing import cells as reading
from crm.services.importing.plan import ATTRIBUTE, BALANCE, CRM_ID, NAME_PARTS, Column
from crm.spreadsheet import unguarded
from crm.text import has_control

_TEXTS = frozenset(("company", "city", "notes"))

Take = Callable[["Draft", str], None]  # puts a cell that is not '' into the draft; ValueError says what is wrong


class Draft:
    """`given` are the fields that have had a value, `errors` a sentence for each fault, naming its column."""

    __slots__ = ("balances", "cells", "crm_id", "currency", "data", "debts", "errors", "given", "parts", "whole_name")

    def __init__(self, cells: list[str]) -> None:
        self.cells = cells
        self.data = CustomerData(name="")
        self.given: set[str] = set()
        self.crm_id = ""
        self.whole_name = ""
        self.parts: list[str] = []
        self.currency = ("", "")  # column, cell
        self.balances: list[tuple[str, str, str]] = []  # column, cell, the column's own currency or ''
        self.errors: list[str] = []
        self.debts: list[str] = []  # what is wrong unless the wallets owe as much already

    def fault(self, title: str, sentence: str) -> None:
        """Note what is wrong; never with characters that the database would refuse."""
        self.errors.append(_told(title, sentence))

    def debt(self, title: str, sentence: str) -> None:
        """Note what is wrong unless the customer's wallet owes just that."""
        self.debts.append(_told(title, sentence))

    def name(self) -> str:
        """The whole name, or its parts in the order in which they stand, or what the company is called; ValueError
        where there is none.
        """
        name = self.whole_name or " ".join(self.parts)
        if self.data.kind == "company" and not name.strip():
            name = self.data.company
        return clean_text("name", name)


def _told(title: str, sentence: str) -> str:
    text = f"{title}: {sentence}"
    return "".join(c if c.isprintable() else " " for c in text) if has_control(text) else text


def taker(column: Column, title: str, region: str, label_at: int | None) -> Take:
    """What takes the cells of a column, made once for a file; `label_at` is the column with the labels."""
    name = column.field or ""
    if name in _TEXTS:
        return partial(_text, name)
    if name in _OTHERS:
        return _OTHERS[name]
    if name in NAME_PARTS:
        return _part
    if name == BALANCE:
        return partial(_balance, title, column.currency)
    if name == "currency":
        return partial(_currency, title)
    if name.startswith(ATTRIBUTE):
        return partial(_attribute, name)
    return partial(_contacts, name, region, column.label, label_at)


def _text(name: str, draft: Draft, cell: str) -> None:
    text = clean_text(name, cell)
    if text and name == "notes" and draft.data.notes:
        text = clean_text(name, f"{draft.data.notes}\n{text}")
    if text:
        setattr(draft.data, name, text)
        draft.given.add(name)


def _external_id(draft: Draft, cell: str) -> None:
    _text("external_id", draft, reading.external_id(cell))


def _crm_id(draft: Draft, cell: str) -> None:
    draft.crm_id = reading.crm_id(cell)


def _name(draft: Draft, cell: str) -> None:
    draft.whole_name = cell.strip()
    if draft.whole_name:
        draft.given.add("name")


def _part(draft: Draft, cell: str) -> None:
    draft.parts.append(cell)
    if not cell.isspace():
        draft.given.add("name")


def _kind(draft: Draft, cell: str) -> None:
    kind = reading.kind(cell)
    if kind:
        draft.data.kind = kind
        draft.given.add("kind")


def _tags(draft: Draft, cell: str) -> None:
    draft.data.tags = clean_tags([*draft.data.tags, *reading.tags(cell)])
    if draft.data.tags:
        draft.given.add("tags")


def _contacts(type_: str, region: str, label: str, label_at: int | None, draft: Draft, cell: str) -> None:
    if label_at is not None and label_at < len(draft.cells):
        label = unguarded(draft.cells[label_at]) or label
    found = reading.contacts(type_, cell, region, label)
    if len(draft.data.channels) + len(found) > CHANNELS_LIMIT:
        raise ValueError(too_many_channels())
    if found:
        draft.data.channels += found
        draft.given.add(type_)


def _attribute(field: str, draft: Draft, cell: str) -> None:
    value = clean_text("attribute", cell)
    if value:
        # A customer has so many at most; a file has as many columns as its customers need together.
        draft.data.attributes = merged(draft.data.attributes, {field.removeprefix(ATTRIBUTE): value})
        draft.given.add(field)


def _balance(title: str, currency: str, draft: Draft, cell: str) -> None:
    if not cell.isspace():
        draft.balances.append((title, cell, currency))
        draft.given.add(BALANCE)


def _currency(title: str, draft: Draft, cell: str) -> None:
    draft.currency = (title, cell.strip())


_OTHERS: dict[str, Take] = {CRM_ID: _crm_id, "external_id": _external_id, "name": _name, "kind": _kind, "tags": _tags}
