"""The same asked of the real ledger as of its model: wallets, prices, payments, and why they are refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from crm.db import atomic, db
from crm.errors import DuplicateRequest, Invalid, PaymentRefused
from crm.ledger import accounts as ledger
from crm.models import CommissionRule, ExchangeRate
from crm.models.currency import SCALE
from crm.models.ledger import PaymentKind
from crm.services import accounts, payments
from crm.services.audit import Actor
from crm.services.movements import Movement
from crm.services.payments import Accepted
from crm.services.wallet import Receipt, WalletService
from tests import money, people
from tests.ledger.book import Book
from tests.ledger.model import RATES, SPREAD, USUAL, Asked, Back, Refused

ACTOR = Actor(None, "test")
SERVICE = WalletService(ACTOR)
REASON = "A mistake"
START = datetime(2031, 5, 1, tzinfo=UTC)
Purses = dict[str, tuple[str, int, int, int, int]]  # status, overdraft, balance, held, available
Payments = dict[str, tuple[str, str | None, int, int, int]]  # status, code, amount, commission, what was given back


def prices() -> None:
    """What `model.commission` takes and `model.RATES` give."""
    rules: list[dict[str, Any]] = [
        {"payment_kind": "transfer", "percent": 2 * SCALE},
        {"payment_kind": "spend", "currency": "RUB", "percent": SCALE, "fixed": 1, "minimum": 4, "maximum": 30},
        {"payment_kind": "withdrawal", "currency": "RUB", "source": "card", "fixed": 5},
        {"payment_kind": "deposit", "source": "card", "percent": 15 * SCALE // 10},
    ]
    with atomic() as session:
        session.add_all(CommissionRule(valid_from=money.EARLY, **rule) for rule in rules)
        for (one, other), rate in RATES.items():
            terms = {"rate": int(rate * SCALE), "spread": int(SPREAD * 100 * SCALE), "valid_from": money.EARLY}
            session.add(ExchangeRate(from_currency=one, to_currency=other, **terms))


def wallets(book: Book) -> dict[str, int]:
    """New wallets as in the book: their ids, by their names there."""
    owners = {name: people.add(name, allow_duplicate=True).id for name in ("Anna", "Boris")}
    with atomic():
        opened = ledger.open_wallets([(owners[purse.owner], purse.currency, "") for purse in book.purses.values()])
        for pk, purse in zip(opened, book.purses.values(), strict=True):
            ledger.set_terms(pk, overdraft_limit=purse.overdraft)
    return dict(zip(book.purses, opened, strict=True))


def moment(hour: int) -> datetime:
    """The hour of the book as a moment."""
    return START + timedelta(hours=hour)


def _held(asked: Asked) -> dict[str, Any]:
    """What says that it is a hold, and until when."""
    if not asked.hold:
        return {}
    return {"hold": True} if asked.hold == USUAL else {"hold": True, "expires_at": moment(asked.hold)}


def movement(asked: Asked, ids: dict[str, int], key: str = "") -> Movement:
    """The payment as programs ask for it."""
    reason = REASON if asked.kind == "adjustment" else ""
    sides = ids.get(asked.payer), ids.get(asked.payee)
    return Movement(
        PaymentKind(asked.kind), asked.amount, *sides, asked.source or None, reason, key, **_held(asked)
    )  # fmt: skip


def pay(asked: Asked, ids: dict[str, int], key: str, later: bool) -> Receipt | Accepted:
    """Now by the wallet's own methods, or later."""
    if later:
        return payments.accept(ACTOR, movement(asked, ids, key))
    payer, payee, held = ids.get(asked.payer, 0), ids.get(asked.payee, 0), _held(asked)
    match asked.kind:
        case "deposit" if not held:
            return SERVICE.deposit(payee, asked.amount, asked.source, key=key)
        case "adjustment" if not held:
            return SERVICE.adjust(payer or payee, asked.amount if payee else -asked.amount, REASON, key=key)
        case "conversion" if not held:
            return SERVICE.convert(payer, payee, asked.amount, key=key)
        case "withdrawal":
            return SERVICE.withdraw(payer, asked.amount, asked.source, key=key, **held)
        case "spend":
            return SERVICE.spend(payer, asked.amount, key=key, **held)
        case "transfer":
            return SERVICE.transfer(payer, payee, asked.amount, key=key, **held)
    return payments.accept(ACTOR, movement(asked, ids, key))  # no method holds such a payment: refused


def reverse(back: Back, payment_id: str, key: str, later: bool) -> Receipt | Accepted:
    """Now, or later."""
    if later:
        return payments.accept_reversal(ACTOR, payment_id, back.part, "", key)
    return SERVICE.reverse(payment_id, back.part, key=key)


def told(function: Callable[[], Any]) -> tuple[Any, str]:
    """What the function gave; or None, and in a word why it gave nothing."""
    try:
        return function(), ""
    except Refused as refused:
        return None, str(refused)
    except DuplicateRequest:
        return None, "duplicate"
    except PaymentRefused as refused:
        return None, refused.code
    except Invalid as invalid:
        return None, "batch" if str(next(iter(invalid.fields))).startswith("payments.") else " ".join(
            ["invalid", *invalid.fields]
        )


def purses(ids: dict[str, int]) -> Purses:
    """What there is to see of the wallets."""
    names = {pk: name for name, pk in ids.items()}
    owners = set(db.session.scalars(text("SELECT customer_id FROM accounts WHERE customer_id IS NOT NULL")))
    found = [one for owner in sorted(owners) for one in accounts.of_customer(owner) if one.id in names]
    return {
        names[one.id]: (one.status, one.overdraft_limit, one.balance, one.held, one.available)
        for one in found
    }  # fmt: skip


def payments_by_id() -> Payments:
    """What there is to see of all payments."""
    columns = "id, status, failure_code, amount, commission, reversed_amount"
    found = db.session.execute(text(f"SELECT {columns} FROM payments"))
    return {str(pk).replace("-", ""): tuple(row) for pk, *row in found}


def technical() -> dict[str, int]:
    """What the operations of technical accounts sum to, where that is something: by "cash RUB"."""
    summed = """SELECT code, currency, sum(signed_amount) FROM operations JOIN accounts ON accounts.id = account_id
        WHERE code IS NOT NULL GROUP BY code, currency"""
    found = db.session.execute(text(summed))
    return {f"{code} {currency}": int(total) for code, currency, total in found if total}
