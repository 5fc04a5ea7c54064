"""Lists: what the address of one may hold, for the description of the API, and what it has."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import request
from pydantic import BaseModel, ConfigDict, Field, create_model

from crm.services.columns import Column
from crm.services.listing import LIMIT, MOST, Listing

_MEANS = {
    "": "is",
    "gt": "is more than",
    "gte": "is this or more",
    "lt": "is less than",
    "lte": "is this or less",
    "in": "is one of these, between commas",
    "contains": "has this in it",
}


class ListQuery(BaseModel):
    """What every list takes. The listing itself reads the address; this describes it."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(LIMIT, ge=1, le=MOST, description="How many at most.")
    cursor: str | None = Field(None, description="`next_cursor` of the page before, with the same filters and order.")


def query_of(listing: Listing, **more: Any) -> type[ListQuery]:
    """The model of a list's parameters; `more` has those that the noun itself looks at: name=(type, Field(…))."""
    sorted_by = [name for name, column in listing.columns.items() if column.sorts is not None]
    ordering = _ordering(sorted_by, listing.families, listing.ordering)
    fields: dict[str, Any] = {"ordering": (str | None, ordering), **more}
    for name, column in listing.columns.items():
        for operator in column.operators:
            parameter = f"{name}__{operator}" if operator else name
            fields[_attribute(parameter)] = (str | None, _filter(column, name, parameter, operator))
    model: type[ListQuery] = create_model(f"{listing.name.title()}Query", __base__=ListQuery, **fields)
    return model


def asked() -> Mapping[str, Sequence[str]]:
    """The parameters of the address with all their values, for `Listing.page`."""
    return dict(request.args.lists())


def _attribute(parameter: str) -> str:
    return parameter.replace("__", "_is_")  # pydantic keeps names with two underscores to itself


def _ordering(names: list[str], families: Iterable[str], default: str) -> Any:
    words: list[Any] = [sign + name for name in names for sign in ("", "-")]
    shapes: list[Any] = [{"enum": words}, *({"pattern": rf"^-?{family}\..+$"} for family in families)]
    shape = {"anyOf": shapes} if len(shapes) > 1 else shapes[0]
    return Field(default, description="With a minus descending.", json_schema_extra=shape)


def _filter(column: Column, name: str, parameter: str, operator: str) -> Any:
    shape: dict[str, Any] = {"type": "string"}
    if operator not in ("in", "contains"):
        shape |= {"format": column.kind} if column.kind in ("date-time", "uuid", "decimal") else {}
        shape |= {"type": column.kind} if column.kind in ("integer",) else {}
        shape |= {"enum": list(column.words)} if column.words else {}

    def only(schema: dict[str, Any]) -> None:
        schema.pop("anyOf", None)
        schema.pop("default", None)
        schema.update(shape)

    return Field(None, alias=parameter, description=f"`{name}` {_MEANS[operator]}.", json_schema_extra=only)
