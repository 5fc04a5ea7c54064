"""A file of customers that has just arrived: whether it can be taken, and how it reads. Pure."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models.imports import ON_DUPLICATE
from crm.services import tables
from crm.services.importing import columns, proposals
from crm.services.importing.plan import ATTRIBUTE, FIELDS
from crm.services.tables import AS_IT_IS, Layout, Reading, Wanted
from crm.tabular.errors import Unreadable


def examine(
    path: Path, chosen: Mapping[str, str] | None = None, reading: Reading = AS_IT_IS, any_columns: bool = False
) -> Layout:
    """The layout of a table of customers, as `tables.examine`; `chosen` is as in `proposals.propose`.

    With `any_columns` a table whose columns nobody knows, or only nearly, is taken too: a person will say what they
    hold.
    """
    wanted = Wanted(partial(proposals.find_header, chosen=chosen, near=any_columns), _unrecognised, any_columns)
    return tables.examine(path, wanted, reading)


def check_options(on_duplicate: str, mapping: Mapping[str, str] | None) -> None:
    """Raise `Invalid` (`on_duplicate`, `mapping`) for a choice that there is not, or a field that no customer has."""
    if on_duplicate not in ON_DUPLICATE:
        raise Invalid({"on_duplicate": [_("Choose what to do with customers who are there already.")]})
    unknown = [
        field for field in (mapping or {}).values() if field and field not in FIELDS and not field.startswith(ATTRIBUTE)
    ]
    if unknown:
        there = ", ".join(FIELDS)
        sentence = _("There is no field %(name)s; the fields are %(fields)s.", name=unknown[0][:60], fields=there)
        raise Invalid({"mapping": [sentence]})


def examined(
    path: Path, mapping: Mapping[str, str] | None, reading: Reading = AS_IT_IS, any_columns: bool = False
) -> Layout:
    """As `examine`, but raises `Invalid` (`file`, `mapping`)."""
    try:
        layout = examine(path, mapping, reading, any_columns)
    except Unreadable as error:
        raise Invalid({"file": [str(error)]}) from error
    absent = columns.missing(layout.header.columns, mapping or {})
    if absent:
        there = tables.listed(layout.header.columns)
        sentence = _("There is no column %(name)s; the columns are %(columns)s.", name=absent[0][:60], columns=there)
        raise Invalid({"mapping": [sentence]})
    return layout


def _unrecognised(columns: str) -> str:
    return _(
        "There is no column with the customers' names. The columns found are: %(columns)s."
        " Call one of them “name” or “ФИО” and upload the file again.",
        columns=columns,
    )
