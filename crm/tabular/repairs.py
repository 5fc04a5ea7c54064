"""Putting right what was found to be spoilt, where it is certain what it was. Pure."""

from collections.abc import Callable, Iterable

from crm.tabular import mojibake
from crm.tabular.signs import abroad, day, padded, unnulled, unsaid, whole

Mender = Callable[[list[str]], list[str]]


def mender(repairs: Iterable[str], region: str) -> Mender:
    """What puts the cells of a row right, by the names in `Finding.repair`; names that nobody knows are left out.

    The row that is given stays as it is. `region` (ISO 3166) is where phones without a country code are at home.

    >>> mender(["decimal:1", "zeros:0:4"], "RU")(["7", "79261234567.0", "=1"])
    ['0007', '79261234567', '=1']
    """
    steps = [step for name in repairs if (step := _step(name, region))]
    if not steps:
        return lambda cells: cells

    def mend(cells: list[str]) -> list[str]:
        mended = list(cells)
        for index, meant in steps:
            if index < len(mended) and mended[index]:
                mended[index] = meant(mended[index])
        return mended

    return mend


def _step(name: str, region: str) -> tuple[int, Callable[[str], str]] | None:
    kind, *places = name.split(":")
    if not places or not all(place.isascii() and place.isdecimal() for place in places):
        return None
    meant: dict[str, Callable[[str], str]] = {
        "decimal": whole,
        "serial": day,
        "nothing": unsaid,
        "null": unnulled,
        "mojibake": lambda cell: mojibake.mended(cell) or cell,
        "abroad": lambda cell: abroad(cell, region) or cell,
    }
    if kind == "zeros" and len(places) == 2:
        width = min(int(places[1]), 32)
        return int(places[0]), lambda cell: padded(cell, width)
    return (int(places[0]), meant[kind]) if kind in meant and len(places) == 1 else None
