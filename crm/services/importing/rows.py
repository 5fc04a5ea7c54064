"""One row of a table: the customer it describes, or everything that is wrong with it. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from operator import attrgetter

from crm import money
from crm.i18n import gettext as _
from crm.i18n import ngettext
from crm.models.customer import derived
from crm.services import amounts
from crm.services.customer_data import CustomerData, settle
from crm.services.importing import cells as reading
from crm.services.importing.draft import Draft, Take, taker
from crm.services.importing.plan import CHANNELS, LABEL, MATCH, NAME_PARTS, NOBODYS, Column, Plan, whole
from crm.spreadsheet import unguarded
from crm.tabular.records import below, following, is_blank
from crm.tabular.repairs import Mender, mender

Key = tuple[str, str]  # ("external_id" or a type of channel, value): what tells that two rows are one customer
Opening = tuple[str, int]  # currency, minor units


@dataclass(frozen=True)
class Format:
    """How the rows of a file are to be read."""

    columns: list[str]
    plan: Plan
    region: str  # ISO 3166, for phones without a country code
    currency: str  # ISO 4217, for balances without one
    currencies: frozenset[str]  # that wallets may have

    @cached_property
    def taken(self) -> list[tuple[int, str, Take]]:
        """The columns that have a field: (index, title, what takes its cells)."""
        return [
            (index, title, taker(column, title, self.region, self.plan.label_of(index)))
            for index, (column, title) in enumerate(zip(self.plan.columns, self.columns, strict=True))
            if column.field not in (None, LABEL)
        ]

    @cached_property
    def defaults(self) -> list[tuple[str, bool, str, Take]]:
        """What stands in for a field without a value: (field, whether it is a constant, text, what takes it)."""
        there = {whole(name) for name in self.plan.fields if name}
        return [
            (name, name not in there, text, taker(Column(name), name, self.region, None))
            for name, text in self.plan.defaults.items()
            if text and not text.isspace()
        ]

    @cached_property
    def mend(self) -> Mender:
        """What puts the cells right that were spoilt, as far as the plan says."""
        return mender(self.plan.repairs, self.region)

    @cached_property
    def key_places(self) -> dict[str, int]:
        """Where in the order of keys each kind of them stands; `channel` are the types without one of their own."""
        others = [type_ for type_ in CHANNELS if type_ not in (*MATCH, *NOBODYS)]
        kinds = {kind: [kind] for kind in MATCH} | {"channel": others}
        return {name: place for place, kind in enumerate(self.plan.match) for name in kinds[kind]}

    @cached_property
    def name_title(self) -> str:
        """The column that a missing name is blamed on."""
        fields = self.plan.fields
        return next((self.columns[fields.index(name)] for name in ("name", *NAME_PARTS) if name in fields), "name")


@dataclass(slots=True)
class Row:
    """A row that is not blank: `error` is a sentence, or '' where `data` is a customer that may be stored.

    `number` is the record's place in the file, as a spreadsheet shows it. `given` are the fields (channels by type)
    whose value stands in the row, and tags for every row; a value in `data` of a field that is not among them is a
    default, which is for blanks alone. `keys` are what the row may match another customer by, in the plan's
    order. `openings` are what the customer's wallets are to begin with, one for each currency, none of them zero.
    No wallet can begin with a debt: where there is one, `debt` is the sentence, unless the wallets owe it already.
    `crm_id` is the number that an export has for the customer.
    """

    number: int
    cells: list[str]
    error: str
    data: CustomerData
    given: frozenset[str] = frozenset()
    keys: tuple[Key, ...] = ()
    derived: dict[str, str] = field(default_factory=dict)
    openings: tuple[Opening, ...] = ()
    debt: str = ""
    crm_id: str = ""


def rows(records: Iterable[list[str]], header_line: int, layout: Format, skip: int = 0) -> Iterator[Row]:
    """The rows below the header but for blank ones; the first `skip` of them are left out unread."""
    for number, cells in islice(below(records, header_line), skip, None):
        yield parse(number, cells, layout)


def upcoming(source: Iterator[Row], many: int) -> list[Row]:
    """The next rows, as `records.following` has it."""
    return following(source, many, attrgetter("cells"))


def parse(number: int, cells: list[str], layout: Format) -> Row:
    """The row as a cleaned customer, or with one sentence for every fault, each naming its column."""
    mended = layout.mend(cells)
    draft = Draft(mended)
    surplus = too_many(cells, len(layout.columns))
    if surplus:
        return Row(number, cells, surplus, draft.data)
    width = len(mended)
    for index, title, take in layout.taken:
        if index < width and mended[index]:
            try:
                take(draft, unguarded(mended[index]))
            except ValueError as error:
                draft.fault(title, str(error))
    given = _with_defaults(draft, layout) if layout.defaults else frozenset(draft.given)
    return _finished(number, cells, draft, given, layout)


def _with_defaults(draft: Draft, layout: Format) -> frozenset[str]:
    given = set(draft.given)
    for name, is_constant, text, take in layout.defaults:
        blank = not draft.currency[1] if name == "currency" else name not in draft.given
        if blank:
            try:
                take(draft, text)
            except ValueError as error:
                draft.fault(name, str(error))
            given |= {name} if is_constant and name == "tags" else set()  # these are added, nothing goes for them
    return frozenset(given)


def _finished(number: int, cells: list[str], draft: Draft, given: frozenset[str], layout: Format) -> Row:
    data = draft.data
    try:
        data.name = draft.name()
    except ValueError as error:
        draft.fault(layout.name_title, str(error))
    openings = _openings(draft, layout) if draft.balances or draft.currency[1] else ()
    if draft.errors:
        return Row(number, cells, " ".join([*draft.errors, *draft.debts]), data)
    data.channels = settle(data.channels)
    keys, debt = _keys(data, layout.key_places), " ".join(draft.debts)
    return Row(number, cells, "", data, given, keys, derive(data), openings, debt, draft.crm_id)


def _keys(data: CustomerData, places: dict[str, int]) -> tuple[Key, ...]:
    keys = [(one.type, one.normalized) for one in data.channels if one.type in places]
    if data.external_id and "external_id" in places:
        keys.append(("external_id", data.external_id))
    keys.sort(key=lambda key: places[key[0]])
    return tuple(keys)


def _openings(draft: Draft, layout: Format) -> tuple[Opening, ...]:
    title, cell = draft.currency
    own = reading.currency(cell) or layout.currency
    if not money.is_currency(own):
        draft.fault(title, _("%(value)s is not a currency; write a code such as RUB.", value=cell[:40]))
        own = ""
    found: dict[str, int] = {}
    for column, typed, fixed in draft.balances:
        currency = fixed or own
        amount = _amount(draft, column, typed, currency) if currency else 0
        if amount and currency not in layout.currencies:
            sentence = _("%(currency)s is not in use here; an administrator can add it.", currency=currency)
            draft.fault(column if fixed else title or column, sentence)
        elif amount and currency in found:
            draft.fault(column, _("There is another balance in %(currency)s in this row.", currency=currency))
        elif amount:
            found[currency] = amount
    return tuple(found.items())


def _amount(draft: Draft, title: str, cell: str, currency: str) -> int:
    try:
        amount = money.parse_signed(cell, currency)
    except money.AmountError as error:
        draft.fault(title, amounts.sentence(error.reason, cell, currency))
        return 0
    if amount < 0:
        draft.debt(title, amounts.sentence("negative", cell, currency))
    return amount


def derive(data: CustomerData) -> dict[str, str]:
    """The sort keys and the search text that belong to the customer."""
    channels = [(channel.type, channel.normalized, channel.is_primary) for channel in data.channels]
    return derived(data.name, data.company, data.city, data.external_id, channels, data.tags)


def too_many(cells: list[str], width: int) -> str:
    """What is said of a row that has something beyond so many columns, '' of any other."""
    extra = len(cells) - width
    if extra <= 0 or is_blank(cells[width:]):
        return ""
    return ngettext(
        "This row has %(num)d cell more than the header has columns.",
        "This row has %(num)d cells more than the header has columns.",
        extra,
    )
