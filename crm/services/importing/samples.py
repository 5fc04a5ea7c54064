"""What stands in the columns of a file, as far as a glance at its first rows tells. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

LOOKED_AT = 500  # rows
_VALUES = 3
_LONG = 60  # characters


@dataclass(frozen=True)
class Sample:
    """The first different values of a column, shortened, and the part of its cells that are not blank (percent)."""

    values: tuple[str, ...] = ()
    filled: int = 0


def samples(rows: Iterable[Sequence[str]], columns: int) -> list[Sample]:
    """A sample of each of so many columns.

    >>> samples([["Anna", ""], ["Ivan", "Orel"]], 2)
    [Sample(values=('Anna', 'Ivan'), filled=100), Sample(values=('Orel',), filled=50)]
    """
    values: list[dict[str, None]] = [{} for _column in range(columns)]
    filled = [0] * columns
    seen = 0
    for cells in islice(rows, LOOKED_AT):
        seen += 1
        for index, cell in enumerate(cells[:columns]):
            text = cell.strip()
            if text:
                filled[index] += 1
                if len(values[index]) < _VALUES:
                    values[index].setdefault(_shown(text))
    shares = [100 * count // seen if seen else 0 for count in filled]
    return [Sample(tuple(found), share) for found, share in zip(values, shares, strict=True)]


def _shown(text: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in text[: _LONG + 1])
    return f"{text[:_LONG]}…" if len(text) > _LONG else text
