"""What an operator decides about the columns of a file: a form as long as the file is wide."""

from collections.abc import Sequence
from typing import Protocol

from crm.models import Import
from crm.services.importing.plan import DEFAULTS, MATCH, POLICIES, Column, Plan
from crm.services.tables import Reading


class Typed(Protocol):
    """The fields of a form as they were sent."""

    def get(self, name: str, default: str) -> str:
        """The first value of a field."""

    def getlist(self, name: str) -> list[str]:
        """All values of a field."""


def typed_plan(typed: Typed, columns: int) -> Plan:
    """The plan that the form tells, whatever was typed; the service says what is wrong with it."""
    order = _known(typed.getlist("order"))
    chosen = typed.getlist("match")
    defaults = {name: typed.get(f"default-{name}", "").strip() for name in DEFAULTS}
    return Plan(
        columns=tuple(_column(typed, index) for index in range(columns)),
        defaults={name: value for name, value in defaults.items() if value},
        match=tuple(key for key in _moved(order, typed.get("move", "")) if key in chosen),
        on_duplicate=typed.get("on_duplicate", "skip"),
        repairs=tuple(dict.fromkeys(typed.getlist("repair"))),
        restore=bool(typed.getlist("restore")),
    )


def typed_reading(typed: Typed, upload: Import) -> Reading:
    """How the file is to be read; its header is looked for anew where anything else has changed."""
    encoding, delimiter = typed.get("encoding", upload.encoding), typed.get("delimiter", upload.delimiter)
    sheet = _number(typed.get("sheet", ""), upload.sheet_index)
    is_same = (encoding, delimiter, sheet) == (upload.encoding, upload.delimiter, upload.sheet_index)
    header = _number(typed.get("header", ""), upload.header_line) if is_same else None
    return Reading(encoding, delimiter if encoding == upload.encoding else None, sheet, header)


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else otherwise


def order_of(typed: Typed) -> list[str]:
    """All keys in the order in which the form is to show them: as they stood, and after the one was moved."""
    return _moved(_known(typed.getlist("order")), typed.get("move", ""))


def _known(order: Sequence[str]) -> list[str]:
    found = [key for key in dict.fromkeys(order) if key in MATCH]
    return [*found, *(key for key in MATCH if key not in found)]


def _moved(order: list[str], move: str) -> list[str]:
    """The order after one key has gone one place up or down.

    >>> _moved(["email", "phone"], "up:phone"), _moved(["email", "phone"], "up:email")
    (['phone', 'email'], ['email', 'phone'])
    """
    way, _colon, key = move.partition(":")
    if key not in order or way not in ("up", "down"):
        return order
    place = order.index(key)
    other = place + (-1 if way == "up" else 1)
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    return order


def _column(typed: Typed, index: int) -> Column:
    policy = typed.get(f"policy-{index}", POLICIES[0])
    return Column(
        field=typed.get(f"field-{index}", "") or None,
        policy=policy if policy in POLICIES else POLICIES[0],
        currency=typed.get(f"currency-{index}", ""),
        label=typed.get(f"label-{index}", "").strip(),
    )
