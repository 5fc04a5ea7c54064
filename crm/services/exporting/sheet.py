"""A table on its way into a file: its columns, and its rows as they come."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Cells = Sequence[Any]  # texts, whole numbers, moments, lists of texts, None


def _as_it_is(cells: Cells) -> Cells:
    return cells


@dataclass(frozen=True)
class Sheet:
    """`columns` are the names that programs know, `headings` those that people read, in the language of the moment.

    `flat` makes a row's lists into single cells, for files that have no lists. Rows are read while the file is written.
    """

    name: str  # of the file
    title: str  # of a workbook's sheet
    columns: Sequence[str]
    headings: Sequence[str]
    total: int  # rows
    rows: Iterable[Cells]
    flat: Callable[[Cells], Cells] = _as_it_is
