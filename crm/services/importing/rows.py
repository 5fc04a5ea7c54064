"""One row of a table: the customer it describes, or everything that is wrong with it. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from crm import money
from crm.channel_types import ChannelError
from crm.i18n import gettext as _
from crm.i18n import ngettext
from crm.models.customer import derived
from crm.services import amounts
from crm.services.customer_data import ChannelData, CustomerData, clean_channel, clean_tags, clean_text, settle
from crm.services.importing import columns
from crm.spreadsheet import unguarded
from crm.tabular.records import below, is_blank
from crm.text import fold, has_control

MANY = ":::"  # between several values in one cell, as Google Contacts writes it
_GROUP_OF_ALL = "* mycontacts"
_TAGS = re.compile(r":::|[,;\n]")
_WHOLE_FLOAT = re.compile(r"(\+?\d{7,15})\.0+\Z")
_EXPONENT = re.compile(r"\+?\d[.,]?\d*E\+?\d+\Z", re.I)
_TEXTS = frozenset(("company", "city", "notes", "external_id"))
_CHANNELS = frozenset(columns.CHANNELS)
_KINDS = {
    "person": ("person", "individual", "физлицо", "физическое лицо", "физ лицо", "физ. лицо", "фл", "частное лицо"),
    "company": ("company", "organization", "organisation", "юрлицо", "юридическое лицо", "юр лицо", "юр. лицо", "юл"),
}
_KIND_OF = {fold(name): kind for kind, names in _KINDS.items() for name in names}
_CURRENCY_SIGNS = {"₽": "RUB", "РУБ": "RUB", "РУБ.": "RUB", "$": "USD", "€": "EUR"}

Key = tuple[str, str]  # ("external_id" | "email" | "phone", value): what tells that two rows are one customer


@dataclass(frozen=True)
class Format:
    """How the rows of a file are to be read."""

    columns: list[str]
    mapping: list[str | None]
    region: str  # ISO 3166, for phones without a country code
    currency: str  # ISO 4217, for balances without one
    currencies: frozenset[str]  # that wallets may have

    @cached_property
    def taken(self) -> list[tuple[int, str]]:
        """The columns that have a field: (index, field)."""
        return [(index, name) for index, name in enumerate(self.mapping) if name]

    @cached_property
    def name_column(self) -> int:
        """The column that a missing name is blamed on."""
        return next(self.mapping.index(name) for name in ("name", *columns.NAME_PARTS) if name in self.mapping)


@dataclass(slots=True)
class Row:
    """A row that is not blank: `error` is a sentence, or '' where `data` is a customer that may be stored.

    `number` is the record's place in the file, as a spreadsheet shows it. `has_kind` tells whether the kind was
    given; of other fields '' means blank. `keys` are what the row may match another customer by. `opening` is what
    the customer's wallet is to begin with, as currency and minor units; None where that is nothing.
    """

    number: int
    cells: list[str]
    error: str
    data: CustomerData
    has_kind: bool = False
    keys: tuple[Key, ...] = ()
    derived: dict[str, str] = field(default_factory=dict)
    opening: tuple[str, int] | None = None


def rows(records: Iterable[list[str]], header_line: int, layout: Format, skip: int = 0) -> Iterator[Row]:
    """The rows below the header but for blank ones; the first `skip` of them are left out unread."""
    for number, cells in islice(below(records, header_line), skip, None):
        yield parse(number, cells, layout)


def parse(number: int, cells: list[str], layout: Format) -> Row:
    """The row as a cleaned customer, or with one sentence for every fault, each naming its column."""
    draft = _Draft(layout)
    surplus = too_many(cells, len(layout.columns))
    if surplus:
        return Row(number, cells, surplus, draft.data)
    for index, name in layout.taken:
        if index < len(cells) and cells[index]:
            draft.take(index, name, unguarded(cells[index]))
    return draft.finish(number, cells)


class _Draft:
    """A customer in the making: takes one cell after another and gathers what is wrong."""

    __slots__ = ("balance", "data", "errors", "has_kind", "layout", "opening", "parts", "whole_name")

    def __init__(self, layout: Format) -> None:
        self.layout = layout
        self.data = CustomerData(name="")
        self.whole_name = ""
        self.parts: list[str] = []
        self.has_kind = False
        self.balance: dict[str, tuple[int, str]] = {}  # field: (column, cell)
        self.opening: tuple[str, int] | None = None
        self.errors: list[str] = []

    def take(self, column: int, name: str, cell: str) -> None:
        try:
            if name in _TEXTS:
                setattr(self.data, name, clean_text(name, cell))
            elif name in _CHANNELS:
                self._channels(name, cell)
            elif name == "name":
                self.whole_name = cell.strip()
            elif name == "tags":
                self.data.tags = clean_tags(_tags(cell))
            elif name in columns.BALANCE:
                self.balance[name] = (column, cell.strip())
            elif name == "kind":
                self._kind(cell)
            else:
                self.parts.append(cell)
        except ValueError as error:
            self._fault(column, str(error))

    def finish(self, number: int, cells: list[str]) -> Row:
        self._name()
        self._balance()
        data = self.data
        if self.errors:
            return Row(number, cells, " ".join(self.errors), data)
        data.channels = settle(data.channels)
        keys = [(channel.type, channel.normalized) for channel in data.channels if channel.type in ("email", "phone")]
        if data.external_id:
            keys.append(("external_id", data.external_id))
        return Row(number, cells, "", data, self.has_kind, tuple(keys), derive(data), self.opening)

    def _fault(self, column: int, sentence: str) -> None:
        text = f"{self.layout.columns[column]}: {sentence}"
        self.errors.append("".join(c if c.isprintable() else " " for c in text) if has_control(text) else text)

    def _channels(self, type_: str, cell: str) -> None:
        for value in cell.split(MANY) if MANY in cell else (cell,):
            if type_ == "phone":
                value = _mended_phone(value)
            if value and not value.isspace():
                self.data.channels.append(self._channel(type_, value))

    def _channel(self, type_: str, value: str) -> ChannelData:
        try:
            return clean_channel(ChannelData(type_, value), self.layout.region)
        except ChannelError as error:
            if type_ == "phone" and value.isdecimal() and len(value) > 10:
                hint = _("A number from abroad begins with + and the code of the country.")
                raise ChannelError(f"{error} {hint}") from None
            raise

    def _kind(self, cell: str) -> None:
        if not cell.strip():
            return
        kind = _KIND_OF.get(fold(cell.strip()))
        if kind is None:
            raise ValueError(_("%(value)s is neither a person nor a company.", value=cell.strip()[:40]))
        self.data.kind, self.has_kind = kind, True

    def _name(self) -> None:
        """Take the parts in the order in which they stand where there is no whole name."""
        try:
            self.data.name = clean_text("name", self.whole_name or " ".join(self.parts))
        except ValueError as error:
            self._fault(self.layout.name_column, str(error))

    def _balance(self) -> None:
        if not self.balance:
            return
        column, cell = self.balance.get("currency", (0, ""))
        currency = _CURRENCY_SIGNS.get(cell.upper(), cell.upper()) or self.layout.currency
        if not money.is_currency(currency):
            self._fault(column, _("%(value)s is not a currency; write a code such as RUB.", value=cell[:40]))
            return
        amount_column, amount_cell = self.balance.get("wallet_balance", (0, ""))
        if not amount_cell:
            return
        try:
            amount = money.parse(amount_cell, currency)
        except money.AmountError as error:
            self._fault(amount_column, amounts.sentence(error.reason, amount_cell, currency))
            return
        if amount and currency not in self.layout.currencies:
            self._fault(column, _("%(currency)s is not in use here; an administrator can add it.", currency=currency))
        elif amount:
            self.opening = currency, amount


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


def _mended_phone(value: str) -> str:
    value = value.strip()
    if _EXPONENT.match(value):
        raise ChannelError(
            _("Excel has shortened this number to %(value)s. Make the column text and save again.", value=value)
        )
    whole = _WHOLE_FLOAT.match(value)
    return whole[1] if whole else value


def _tags(cell: str) -> list[str]:
    return [tag for tag in _TAGS.split(cell) if tag.strip().casefold() != _GROUP_OF_ALL]
