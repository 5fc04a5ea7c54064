"""The wallets that the rows of a spreadsheet mean: by their number, or by what is known of their customer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import select

from crm.bulk import among, packed
from crm.channel_types import ChannelError, normalize
from crm.db import db
from crm.i18n import gettext as _
from crm.models import AccountBalance
from crm.services.importing.known import holders
from crm.services.importing.rows import Key
from crm.text import squeeze

_LONGEST = 18  # digits: what may be an id


class Wallet(NamedTuple):
    """A customer's account as somebody's who pays or is paid."""

    id: int
    customer_id: int
    currency: str
    status: str


class Unknown(ValueError):
    """No wallet, or none alone, is meant; `field` is what is to be mended: `account`, `customer` or `currency`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Meant(NamedTuple):
    """How a row names a wallet: each of them as typed, blank for not at all."""

    account: str = ""
    customer: str = ""
    currency: str = ""  # ISO 4217


@dataclass
class Wallets:
    """What is known of the customers and wallets that some rows name."""

    region: str  # ISO 3166, for phones without a country code
    by_id: dict[int, Wallet] = field(default_factory=dict)
    by_owner: dict[int, list[Wallet]] = field(default_factory=dict)  # in order of their ids
    owners: dict[Key, set[int]] = field(default_factory=dict)
    keys: dict[str, list[Key]] = field(default_factory=dict)  # a text: what it may be of a customer

    def load(self, accounts: Iterable[str], customers: Iterable[str]) -> None:
        """Read all that these may mean: five statements, however many they are."""
        self.keys.update({text: self._keys(text) for text in set(customers)})
        for key, holder in holders({key for keys in self.keys.values() for key in keys}):
            self.owners.setdefault(key, set()).add(holder)
        ids = {pk for text in set(accounts) if (pk := number(text)) is not None}
        owner = select(AccountBalance.customer_id).where(among(AccountBalance.account_id))
        people = set(db.session.scalars(owner, packed(ids))) if ids else set()
        people |= {pk for pks in self.owners.values() for pk in pks}
        columns = [getattr(AccountBalance, name) for name in ("account_id", "customer_id", "currency", "status")]
        theirs = select(*columns).where(among(AccountBalance.customer_id)).order_by(AccountBalance.account_id)
        for row in db.session.execute(theirs, packed(people)) if people else ():
            wallet = self.by_id[row.account_id] = Wallet(*row)
            self.by_owner.setdefault(wallet.customer_id, []).append(wallet)

    def find(self, meant: Meant, not_in: str = "") -> Wallet:
        """The wallet with this number; else the customer's first open one in the currency. Where no currency is said,
        their open wallets must have one alone (`not_in` is a currency that is not meant). Raises `Unknown`.
        """
        if meant.account:
            return self._numbered(meant)
        if not meant.customer:
            raise Unknown("customer", _("Say which wallet, or whose."))
        theirs = [one for one in self.by_owner.get(self._owner(meant.customer), []) if one.status == "open"]
        return self.first(theirs, meant.currency, not_in)

    def first(self, theirs: list[Wallet], currency: str, not_in: str = "") -> Wallet:
        """The first of one customer's wallets in the currency."""
        theirs = [one for one in theirs if one.currency == (currency or one.currency) != not_in]
        there = sorted({one.currency for one in theirs})
        if not there:
            where = _("The customer has no open wallet in %(currency)s.", currency=currency)
            raise Unknown("customer", where if currency else _("The customer has no open wallet for this."))
        if len(there) > 1:
            sentence = _("Say the currency: the customer has wallets in %(currencies)s.", currencies=", ".join(there))
            raise Unknown("currency", sentence)
        return theirs[0]

    def _numbered(self, meant: Meant) -> Wallet:
        wallet = self.by_id.get(number(meant.account) or 0)
        if wallet is None:
            raise Unknown("account", _("There is no such wallet."))
        if meant.customer and wallet.customer_id != self._owner(meant.customer):
            raise Unknown("customer", _("The wallet with this number is another customer's."))
        if meant.currency and wallet.currency != meant.currency:
            raise Unknown("currency", _("The wallet is in %(currency)s.", currency=wallet.currency))
        return wallet

    def _owner(self, text: str) -> int:
        found = {pk for key in self.keys[text] for pk in self.owners.get(key, ())}
        if not found:
            raise Unknown("customer", _("No customer has this external ID, e-mail or phone."))
        if len(found) > 1:
            raise Unknown("customer", _("Several customers have this; write the wallet's number instead."))
        return found.pop()

    def _keys(self, text: str) -> list[Key]:
        type_ = "email" if "@" in text else "phone"
        keys = [("external_id", squeeze(text))]
        try:
            return [*keys, (type_, normalize(type_, text, self.region))]
        except ChannelError:
            return keys


def number(text: str) -> int | None:
    """The wallet's number as it is typed, or None; spreadsheets write whole numbers as 31.0 too.

    >>> number("31"), number("31.0"), number("Anna")
    (31, 31, None)
    """
    digits = text.removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST else None
