"""What is decided about a file by whoever does not look at it first: a program, or a command. Pure.

Columns go by the names that the file has for them, compared as `columns.bare` has them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crm import money
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models.imports import ON_DUPLICATE
from crm.services.customer_data import clean_attributes, clean_text
from crm.services.importing.columns import bare, missing
from crm.services.importing.plan import ATTRIBUTE, BALANCE, CHANNELS, FIELDS, MATCH, POLICIES, Column, Plan
from crm.services.importing.problems import Problems, problems
from crm.services.importing.rows import Format
from crm.services.tables import AS_IT_IS, Layout, Reading, listed
from crm.tabular.kinds import WORKBOOKS, Kind

ByName = Mapping[str, str]
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}  # of a `Reading`, by the names that they go by
_BY_COLUMN = ("mapping", "policies", "currencies", "labels")


@dataclass(frozen=True)
class Choices:
    """`mapping` tells the fields of columns, '' for one to leave out; the others are recognised. `policies`,
    `currencies` and `labels` are those of columns, `defaults` stand in for blanks by field: all as `Plan` and its
    columns have them, and so do `on_duplicate`, `match` and `restore`. With `repair`, all that is found to be spoilt
    and can be put right with certainty is.
    """

    on_duplicate: str = ON_DUPLICATE[0]
    mapping: ByName = field(default_factory=dict)
    policies: ByName = field(default_factory=dict)
    currencies: ByName = field(default_factory=dict)
    labels: ByName = field(default_factory=dict)
    defaults: ByName = field(default_factory=dict)
    match: Sequence[str] = MATCH
    restore: bool = False
    repair: bool = False
    reading: Reading = AS_IT_IS

    def check(self) -> None:
        """Raise `Invalid` by field for what no file can be imported by."""
        found: Problems = {}
        if self.on_duplicate not in ON_DUPLICATE:
            found["on_duplicate"] = [_("Choose what to do with customers who are there already.")]
        if said := _fields(list(filter(None, self.mapping.values()))):
            found["mapping"] = [said]
        if wrong := [name for name, policy in self.policies.items() if policy not in POLICIES]:
            found["policies"] = [f"{wrong[0][:60]}: {_('This is one of %(names)s.', names=', '.join(POLICIES))}"]
        if wrong := [code for code in self.currencies.values() if code and not money.is_currency(code)]:
            sentence = _("%(value)s is not a currency; write a code such as RUB.", value=wrong[0][:40])
            found["currencies"] = [sentence]
        for name, label in self.labels.items():
            try:
                clean_text("label", label)
            except ValueError as error:
                found["labels"] = [f"{name[:60]}: {error}"]
        for field_ in _BY_COLUMN:
            names = [bare(name) for name in getattr(self, field_)]
            if len(set(names)) < len(names):
                found[field_] = [_("A column is named twice.")]
        if found:
            raise Invalid(found)

    def refuse_absent(self, header: Sequence[str]) -> None:
        """Raise `Invalid` by field where something is decided about columns that the file does not have."""
        for name in _BY_COLUMN:
            absent = missing(header, getattr(self, name))
            if absent:
                raise Invalid({name: [_absent(absent[0], header)]})

    def refuse_reading(self, kind: Kind) -> None:
        """Raise `Invalid` by field where the file is to be read in a way that its kind does not have."""
        said = _("Text alone is written in an encoding, with a delimiter.")
        names = ("encoding", "delimiter") if kind != "csv" else ()
        found = {name: [said] for name in names if getattr(self.reading, name) is not None}
        if self.reading.sheet is not None and kind not in WORKBOOKS:
            found["sheet"] = [_("Workbooks alone have sheets.")]
        if found:
            raise Invalid(found)

    def decided(self, proposed: Plan, layout: Layout) -> Plan:
        """What was proposed for the file's header, as it was decided. Raises `Invalid` by field for columns that do not
        hold what is decided about them; of several with one name, those are meant that are not left out.
        """
        columns, titles = proposed.columns, layout.header.columns
        held = {bare(title) for title, column in zip(titles, columns, strict=True) if column.field}
        for chosen, change in ((self.policies, _policy), (self.currencies, _currency), (self.labels, _label)):
            wanted = {bare(name): value for name, value in chosen.items()}
            columns = tuple(
                change(column, title, wanted[name])
                if (name := bare(title)) in wanted and (column.field or name not in held)
                else column
                for title, column in zip(titles, columns, strict=True)
            )
        defaults = {name: text for name, text in {**proposed.defaults, **self.defaults}.items() if text.strip()}
        repairs = layout.repairs if self.repair else ()
        return Plan(columns, defaults, tuple(self.match), self.on_duplicate, self.restore, repairs)


def _absent(name: str, header: Sequence[str]) -> str:
    there = listed(list(header))
    return _("There is no column %(name)s; the columns are %(columns)s.", name=name[:60], columns=there)


def _policy(column: Column, title: str, chosen: str) -> Column:
    if column.field is None:
        raise Invalid({"policies": [_("The column %(name)s is left out.", name=title[:60])]})
    return replace(column, policy=next(policy for policy in POLICIES if policy == chosen))


def _currency(column: Column, title: str, chosen: str) -> Column:
    if column.field != BALANCE:
        raise Invalid({"currencies": [_("The column %(name)s does not hold balances.", name=title[:60])]})
    return replace(column, currency=chosen)


def _label(column: Column, title: str, chosen: str) -> Column:
    if column.field not in CHANNELS:
        raise Invalid({"labels": [_("The column %(name)s does not hold contacts.", name=title[:60])]})
    return replace(column, label=chosen.strip())


def _fields(names: Sequence[str]) -> str:
    """What is wrong with the first name that is no field's, '' where all are."""
    own = [name.removeprefix(ATTRIBUTE) for name in names if name.startswith(ATTRIBUTE)]
    try:
        for name in own:
            clean_attributes({name: ""})
    except ValueError as error:
        return str(error)
    unknown = [name for name in names if name not in FIELDS and not name.startswith(ATTRIBUTE)]
    if not unknown:
        return ""
    there = ", ".join(FIELDS)
    return _("There is no field %(name)s; the fields are %(fields)s.", name=unknown[0][:60], fields=there)


AS_PROPOSED = Choices()


def refuse(plan: Plan, header: Sequence[str], layout: Format) -> None:
    """Raise `Invalid` with what is wrong with the plan, by the fields of `Choices`."""
    found: Problems = {}
    for name, said in problems(plan, header, layout).items():
        kind, _dash, which = name.partition("-")
        if kind == "column":
            found.setdefault("mapping", []).extend(f"{header[int(which)]}: {sentence}" for sentence in said)
        elif kind == "default":
            found.setdefault("defaults", []).extend(f"{which}: {sentence}" for sentence in said)
        else:
            found.setdefault("mapping" if kind == "columns" else kind, []).extend(said)
    if found:
        raise Invalid(found)
