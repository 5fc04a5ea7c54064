"""What an operator has decided about a file: what each column holds, whom rows are taken for, what may be changed.
Pure; kept as JSON with the import, so that a worker, the preview and an undo go by the same words.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from crm.channel_types import ChannelType

Policy = Literal["overwrite", "fill", "never"]  # a field of a customer who exists: take it, only into a blank, leave it
POLICIES: tuple[Policy, ...] = ("overwrite", "fill", "never")
MatchKey = Literal["external_id", "email", "phone", "channel"]
MATCH: tuple[MatchKey, ...] = ("external_id", "email", "phone", "channel")  # unless somebody chooses otherwise
NOBODYS = (
    "website",
)  # those of a firm have it in common: it is no `channel`, which is any other kind but phone and e-mail
ATTRIBUTE = "attribute:"  # before the name of a custom attribute that a column goes into
BALANCE = "wallet_balance"
CRM_ID = "crm_id"  # the number that an export has for each customer
LABEL = "label"  # a column with the labels of the column of channels that stands next to it
NAME_PARTS = ("first_name", "middle_name", "last_name")
CHANNELS = tuple(type_.value for type_ in ChannelType)
SCALARS = ("name", *NAME_PARTS, "kind", "company", "city", "notes", "external_id", CRM_ID, "tags", "currency", BALANCE)
FIELDS = (*SCALARS, *CHANNELS, LABEL)
DEFAULTS = ("name", "kind", "company", "city", "tags", "notes", "currency")  # fields that have one, seen on the page


@dataclass(frozen=True, slots=True)
class Column:
    """What one column of the file holds.

    `field` is one of `FIELDS`, `attribute:NAME`, or None where it is left out; `currency` is that of a column
    of balances ('' takes the row's own, or the default), `label` that of a column of channels ("Work").
    """

    field: str | None = None
    policy: Policy = "overwrite"
    currency: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One `Column` for each column of the header, in its order.

    `defaults` stand in where the cell is blank or there is no such column (a constant is a default of a field without
    a column), by field, as typed. Rows are matched by the keys in `match`, in this order: the first that a customer
    holds decides, and a row whose keys belong to two customers fails.
    """

    columns: tuple[Column, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    match: tuple[str, ...] = MATCH
    on_duplicate: str = "skip"  # one of `models.imports.ON_DUPLICATE`
    restore: bool = False  # whether archived customers who match become active again
    repairs: tuple[str, ...] = ()  # of what was found to be spoilt: names as `tabular.repairs.mender` takes them

    @property
    def fields(self) -> list[str | None]:
        """The field of each column."""
        return [column.field for column in self.columns]

    @property
    def policies(self) -> dict[str, Policy]:
        """What may be done to each field that has a column; parts of a name are `name`, and the first column tells."""
        return {whole(column.field): column.policy for column in reversed(self.columns) if column.field}

    def label_of(self, index: int) -> int | None:
        """The column with the labels of a column of channels: the one before it, or else the one behind it."""
        fields = [None, *self.fields, None, None]
        before, own, behind, further = fields[index : index + 4]
        if own not in CHANNELS or LABEL not in (before, behind):
            return None
        if before == LABEL:
            return index - 1
        return None if further in CHANNELS else index + 1

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return asdict(self)

    @classmethod
    def of_fields(cls, fields: Iterable[str | None], **choices: Any) -> "Plan":
        """A plan that only tells the field of each column."""
        return cls(tuple(map(Column, fields)), **choices)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Plan":
        """The plan that `as_json` wrote."""
        columns = tuple(Column(**column) for column in stored["columns"])
        lists = {name: tuple(stored[name]) for name in ("match", "repairs") if name in stored}
        return cls(**{**stored, **lists, "columns": columns})


def whole(name: str) -> str:
    """The customer's field that a field of the plan goes into: parts of a name make the name.

    >>> whole("last_name"), whole("city")
    ('name', 'city')
    """
    return "name" if name in NAME_PARTS else name
