"""Whether a plan can be gone by: what the form, the API and the command line all have to hold. Pure."""

from crm import money
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models.imports import ON_DUPLICATE
from crm.services.importing.columns import FIELDS
from crm.services.importing.plan import ATTRIBUTE, BALANCE, CHANNELS, LABEL, MATCH, NAME_PARTS, POLICIES, Column, Plan


def check(plan: Plan, columns: int) -> None:
    """Raise `Invalid` (`mapping`, `on_duplicate`, `match`) where the plan is none for a header of so many columns."""
    errors: dict[str, list[str]] = {}
    if plan.on_duplicate not in ON_DUPLICATE:
        errors["on_duplicate"] = [_("Choose what to do with customers who are there already.")]
    if not set(plan.match) <= set(MATCH) or len(set(plan.match)) != len(plan.match):
        errors["match"] = [_("Choose what customers are recognised by, each once.")]
    elif not plan.match and plan.on_duplicate != "create":
        errors["match"] = [_("Choose at least one thing that customers are recognised by.")]
    mapping = _mapping(plan, columns)
    if mapping:
        errors["mapping"] = mapping
    if errors:
        raise Invalid(errors)


def _mapping(plan: Plan, columns: int) -> list[str]:
    if len(plan.columns) != columns:
        return [_("The plan has another number of columns than the file.")]
    fields = [column.field for column in plan.columns if column.field]
    errors = [
        _("There is no field %(name)s.", name=name[:60]) for name in {*fields, *plan.defaults} if not _is_field(name)
    ]
    if not {"name", *NAME_PARTS} & {*fields, *plan.defaults}:
        errors.append(_("Choose the column with the customers' names."))
    single = [name for name in fields if name not in CHANNELS and name not in (BALANCE, LABEL)]
    errors += [
        _("Two columns are the field %(name)s.", name=name) for name in sorted({*single}) if single.count(name) > 1
    ]
    errors += [sentence for column in plan.columns if (sentence := _column(column))]
    return errors


def _is_field(name: str) -> bool:
    return name in FIELDS or (name.startswith(ATTRIBUTE) and not name.removeprefix(ATTRIBUTE).isspace())


def _column(column: Column) -> str:
    if column.policy not in POLICIES:
        return _("Choose whether a column overwrites, fills blanks or changes nothing.")
    if column.currency and not money.is_currency(column.currency):
        return _("%(value)s is not a currency; write a code such as RUB.", value=column.currency[:40])
    return ""
