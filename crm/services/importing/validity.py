"""Whether the values of a column can be what the column is taken for, as far as its first rows tell. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from crm.services.importing.plan import LABEL, Column, Plan
from crm.services.importing.rows import Format, parse

SAMPLED = 200  # different values of a column


@dataclass(frozen=True)
class Validity:
    """So many different values were looked at, so many of them can be stored; `wrong` is the first that cannot."""

    sampled: int = 0
    valid: int = 0
    wrong: str = ""
    error: str = ""  # what is said of it


def validity(rows: Iterable[Sequence[str]], layout: Format) -> list[Validity | None]:
    """What is valid in each column, once it is put right as the plan says; None for columns that are left out,
    and without a value. `rows` are the first ones below the header: all of them are read.
    """
    values: list[dict[str, None]] = [{} for _column in layout.plan.columns]
    for cells in map(layout.mend, map(list, rows)):
        for found, cell in zip(values, cells, strict=False):
            if cell and not cell.isspace() and len(found) < SAMPLED:
                found.setdefault(cell)
    return [_column(column, list(found), layout) for column, found in zip(layout.plan.columns, values, strict=True)]


def _column(column: Column, values: list[str], layout: Format) -> Validity | None:
    if column.field in (None, LABEL) or not values:
        return None
    alone = replace(layout, columns=[""], plan=Plan((column,), {"name": "A"}))
    faults = [(value, error) for value in values if (error := parse(0, [value], alone).error)]
    value, error = faults[0] if faults else ("", "")
    return Validity(len(values), len(values) - len(faults), value[:60], error.removeprefix(": "))
