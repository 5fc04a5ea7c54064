"""What has been spoilt in a table before it came here, found while all of it is read: so many rows at a time, each
column looked through at once, so that cells that are well cost next to nothing. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice, zip_longest
from operator import itemgetter
from typing import Any

from crm.tabular.records import following
from crm.tabular.signs import SEPARATOR, Role, Sign, padded, signs

BLOCK = 1_000  # rows
SAMPLES = 5  # of each kind in each column
_CHECKS = 2_000  # of phones from abroad, each of which takes the library 0.1 ms: the rest is taken to be alike
_WIDEST = 32  # digits
_KEPT, _CERTAIN = 15, 3  # digits of a number in Excel, cells


@dataclass(frozen=True, slots=True)
class Sample:
    """A cell of the row that a spreadsheet numbers so; `after` is what it was, '' also where nobody can tell."""

    row: int
    before: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """So many cells of one column are spoilt in one way; `repair` names what puts them right, '' where nothing does
    (`repairs.mender` takes it).
    """

    kind: str
    column: str
    index: int
    count: int
    samples: tuple[Sample, ...]
    repair: str = ""

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Finding":
        """The finding that `as_json` wrote."""
        return cls(**{**stored, "samples": tuple(Sample(**sample) for sample in stored["samples"])})


@dataclass
class _Found:
    count: int = 0
    samples: list[Sample] = field(default_factory=list)

    def add(self, row: int, before: str, after: str) -> None:
        self.count += 1
        if len(self.samples) < SAMPLES:
            self.samples.append(Sample(row, before[:200], after[:200]))


class Scan:
    """Takes the rows of a table block by block; what it keeps does not grow with them."""

    def __init__(self, columns: Sequence[str], roles: Sequence[Role], region: str) -> None:
        self.columns = columns
        self._signs = [signs(role, region) for role in roles]
        self._found: dict[tuple[int, str], _Found] = {}
        self._rounded = {index: _Rounded() for index, role in enumerate(roles) if role == "id"}
        self._widths = {index: _Widths() for index, role in enumerate(roles) if role in ("phone", "id")}

    def watch(self, rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
        """Hand on the rows, each with its number, and look through them."""
        rows = iter(rows)
        while block := following(rows, BLOCK, itemgetter(1)):
            self.add(block)
            yield from block

    def add(self, block: list[tuple[int, list[str]]]) -> None:
        """Look through some rows."""
        cells = zip_longest(*(row for _number, row in block), fillvalue="")
        for index, column in enumerate(islice(cells, len(self.columns))):
            text = f"{SEPARATOR}{SEPARATOR.join(column)}{SEPARATOR}"
            if len(text) == len(column) + 1:
                continue  # a blank column
            for sign in self._signs[index]:
                if sign.gate(text):
                    self._look(index, sign, block, column)
            if index in self._widths:
                self._widths[index].add(block, column)
            if index in self._rounded:
                self._rounded[index].add(block, column)

    def _look(self, index: int, sign: Sign, block: list[tuple[int, list[str]]], column: tuple[str, ...]) -> None:
        found = self._found.setdefault((index, sign.kind), _Found())
        for place, cell in [(place, cell) for place, cell in enumerate(column) if cell and sign.has(cell)]:
            if sign.kind == "abroad" and found.count >= _CHECKS:
                found.count += 1
                continue
            meant = sign.meant(cell) if sign.meant else ""
            if meant is not None:
                found.add(block[place][0], cell, meant)

    def findings(self) -> list[Finding]:
        """What was found so far, by column."""
        told = [self._finding(index, kind, found) for (index, kind), found in self._found.items() if found.count]
        told += [
            Finding("zeros", self.columns[index], index, lost.count, tuple(lost.samples), f"zeros:{index}:{width}")
            for index, widths in self._widths.items()
            if (width := widths.wanted())
            for lost in [widths.lost(width)]
        ]
        told += [
            Finding("rounded", self.columns[index], index, rounded.found.count, tuple(rounded.found.samples))
            for index, rounded in self._rounded.items()
            if rounded.is_certain
        ]
        return sorted(told, key=lambda finding: (finding.index, finding.kind))

    def _finding(self, index: int, kind: str, found: _Found) -> Finding:
        mends = next(sign.meant for sign in self._signs[index] if sign.kind == kind)
        repair = f"{kind}:{index}" if mends else ""
        return Finding(kind, self.columns[index], index, found.count, tuple(found.samples), repair)


class _Rounded:
    """Whether the long numbers of a column have lost their ends: Excel keeps 15 digits, and a few that end in zeros
    may do so by chance.
    """

    def __init__(self) -> None:
        self.found, self.whole = _Found(), 0

    @property
    def is_certain(self) -> bool:
        return self.found.count >= _CERTAIN and not self.whole

    def add(self, block: list[tuple[int, list[str]]], column: tuple[str, ...]) -> None:
        for place, cell in enumerate(column):
            if len(cell) > _KEPT and cell.isdecimal():
                if cell[_KEPT:].strip("0"):
                    self.whole += 1
                else:
                    self.found.add(block[place][0], cell, "")


class _Widths:
    """How long the numbers of a column are, and how many begin with a zero: some have lost theirs where all that have
    one are equally long, the longest, and most of the column.
    """

    def __init__(self) -> None:
        self.lengths: Counter[int] = Counter()
        self.zeros: Counter[int] = Counter()
        self.samples: dict[int, list[tuple[int, str]]] = {}

    def add(self, block: list[tuple[int, list[str]]], column: tuple[str, ...]) -> None:
        digits = [cell for cell in column if cell.isdecimal()]
        if not digits:
            return
        lengths = Counter(map(len, digits))
        self.lengths += lengths
        self.zeros += Counter(len(cell) for cell in digits if cell[0] == "0")
        for length in lengths:
            kept = self.samples.setdefault(min(length, _WIDEST), [])
            if len(kept) < SAMPLES:
                places = (place for place, cell in enumerate(column) if len(cell) == length and cell.isdecimal())
                kept += [(block[place][0], column[place]) for place in islice(places, SAMPLES - len(kept))]

    def wanted(self) -> int | None:
        """The length that all numbers had, where some are shorter now."""
        if len(self.zeros) != 1:
            return None
        width = next(iter(self.zeros))
        shorter = sum(count for length, count in self.lengths.items() if length < width)
        is_usual = 2 * self.lengths[width] >= sum(self.lengths.values())
        return width if shorter and is_usual and 1 < width <= _WIDEST and width == max(self.lengths) else None

    def lost(self, width: int) -> _Found:
        found = _Found()
        for row, cell in sorted(sample for length, kept in self.samples.items() if length < width for sample in kept):
            found.add(row, cell, padded(cell, width))
        found.count = sum(count for length, count in self.lengths.items() if length < width)
        return found
