"""Whether a plan can be gone by, for a header: what pages, the API and the command line all have to hold. Pure."""

from collections.abc import Sequence

from crm import money
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models.imports import ON_DUPLICATE
from crm.services.customer_data import clean_attributes, clean_text
from crm.services.importing.plan import (
    ATTRIBUTE,
    BALANCE,
    CHANNELS,
    DEFAULTS,
    FIELDS,
    LABEL,
    MATCH,
    NAME_PARTS,
    POLICIES,
    Column,
    Plan,
)  # fmt: skip
from crm.services.importing.rows import Format, parse

_SEVERAL = (*CHANNELS, LABEL, "tags", "notes")  # fields that any number of columns may hold
Problems = dict[str, list[str]]


def problems(plan: Plan, header: Sequence[str], layout: Format | None = None) -> Problems:
    """Sentences about all that is wrong, by field: `columns`, one of them by its place (`column-0`), `match`,
    `on_duplicate`, a default by its field (`default-city`). With a `layout`, defaults are read as rows would be.
    """
    found: Problems = {}
    if len(plan.columns) != len(header):
        return {"columns": [_("The columns have changed meanwhile. Look at them again.")]}
    general = _general(plan)
    if general:
        found["columns"] = general
    found |= {f"column-{place}": said for place, said in enumerate(_columns(plan)) if said}
    if not set(plan.match) <= set(MATCH) or len(set(plan.match)) != len(plan.match):
        found["match"] = [_("Choose what customers are recognised by, each once.")]
    elif not plan.match and plan.on_duplicate != "create":
        found["match"] = [_("Choose at least one thing that customers are recognised by.")]
    if plan.on_duplicate not in ON_DUPLICATE:
        found["on_duplicate"] = [_("Choose what to do with customers who are there already.")]
    for name, text in plan.defaults.items():
        said = _default(name, text, layout)
        if said:
            found[f"default-{name}"] = [said]
    return found


def refuse(plan: Plan, header: Sequence[str], layout: Format) -> None:
    """Raise `Invalid` with the `problems`, where there are any."""
    found = problems(plan, header, layout)
    if found:
        raise Invalid(found)


def _general(plan: Plan) -> list[str]:
    said = []
    fields = {name for name in plan.fields if name} | {name for name, text in plan.defaults.items() if text.strip()}
    if not {"name", *NAME_PARTS} & fields:
        said.append(_("Choose the column with the customers' names."))
    return said


def _columns(plan: Plan) -> list[list[str]]:
    seen: set[tuple[str, str]] = set()
    said = []
    for column in plan.columns:
        key = (column.field or "", column.currency if column.field == BALANCE else "")
        said.append(_column(column, key in seen))
        if column.field and column.field not in _SEVERAL:
            seen.add(key)
    return said


def _column(column: Column, is_again: bool) -> list[str]:
    said = [_("Another column goes into this field already.")] if is_again else []
    said += [sentence] if column.field and (sentence := _field(column.field)) else []
    if column.policy not in POLICIES:
        said.append(_("Choose whether this overwrites, fills blanks or changes nothing."))
    if column.currency and not money.is_currency(column.currency):
        said.append(_("%(value)s is not a currency; write a code such as RUB.", value=column.currency[:40]))
    try:
        clean_text("label", column.label)
    except ValueError as error:
        said.append(str(error))
    return said


def _field(name: str) -> str:
    if name in FIELDS:
        return ""
    if not name.startswith(ATTRIBUTE):
        return _("There is no field %(name)s.", name=name[:60])
    try:
        clean_attributes({name.removeprefix(ATTRIBUTE): ""})
    except ValueError as error:
        return str(error)
    return ""


def _default(name: str, text: str, layout: Format | None) -> str:
    if name not in DEFAULTS:
        return _("Only %(names)s have a default.", names=", ".join(DEFAULTS))
    if layout is None:
        return ""
    named = {"name": "A", name: text}
    probe = Format([], Plan(defaults=named), layout.region, layout.currency, layout.currencies)
    return parse(0, [], probe).error.removeprefix(f"{name}: ")
