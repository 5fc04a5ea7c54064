"""A file of customers that has just arrived: whether it can be taken, and how it reads. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from crm.i18n import gettext as _
from crm.services import tables
from crm.services.importing import proposals
from crm.services.importing.columns import Header
from crm.services.importing.plan import CHANNELS, NAME_PARTS
from crm.services.tables import AS_IT_IS, Layout, Reading, Wanted
from crm.tabular.damage import Finding, Scan
from crm.tabular.signs import Role
from crm.text import fold

_ROLES: dict[str, Role] = {
    **dict.fromkeys(("name", *NAME_PARTS), "name"),
    **dict.fromkeys((*CHANNELS, "currency"), "exact"),
    "external_id": "id",
    "wallet_balance": "amount",
    "phone": "phone",
    "whatsapp": "phone",
    "viber": "phone",
}
_DATE = re.compile(r"дата|день|\bdate|birth|рожд")


def examine(
    path: Path,
    chosen: Mapping[str, str] | None = None,
    reading: Reading = AS_IT_IS,
    any_columns: bool = False,
    region: str = "",
) -> Layout:
    """The layout of a table of customers, as `tables.examine`; `chosen` is as in `proposals.propose`.

    With `any_columns` a table whose columns nobody knows, or only nearly, is taken too: a person will say what they
    hold. With the `region` (ISO 3166) in which phones are at home, damage is looked for.
    """
    scan = partial(_scan, region=region) if region else None
    find_header = partial(proposals.find_header, chosen=chosen, near=any_columns)
    wanted = Wanted(find_header, _unrecognised, any_columns, scan)
    return tables.examine(path, wanted, reading)


def damage(
    columns: Sequence[str], rows: Iterable[tuple[int, list[str]]], fields: Sequence[str | None], region: str
) -> list[Finding]:
    """What is spoilt in these rows where the columns hold these fields, as a person has said: all of them are read."""
    scan = Scan(columns, _roles(columns, fields), region)
    for _row in scan.watch(rows):
        pass
    return scan.findings()


def are_looked_through_alike(columns: Sequence[str], before: Sequence[str | None], after: Sequence[str | None]) -> bool:
    """Whether the same damage is found where the columns hold the fields `after` as where they hold `before`."""
    return _roles(columns, before) == _roles(columns, after)


def _scan(header: Header, region: str) -> Scan:
    return Scan(header.columns, _roles(header.columns, header.mapping), region)


def _roles(names: Sequence[str], fields: Sequence[str | None]) -> list[Role]:
    return [
        _ROLES.get(field or "", "date" if _DATE.search(fold(name)) else "text")
        for name, field in zip(names, fields, strict=True)
    ]


def _unrecognised(columns: str) -> str:
    return _(
        "There is no column with the customers' names. The columns found are: %(columns)s."
        " Call one of them “name” or “ФИО” and upload the file again.",
        columns=columns,
    )
