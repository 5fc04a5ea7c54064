"""What tests of holds do again and again."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from crm.db import db, utcnow
from crm.errors import Invalid
from crm.models import Payment
from crm.services import holds
from crm.services.audit import Actor
from tests import money
from tests.money import SERVICE

TEST = Actor(None, "test")


def state(wallet: int) -> tuple[int, int]:
    """What is in the wallet, and what of it is held."""
    db.session.rollback()
    wanted = text("SELECT balance, held FROM account_balances WHERE account_id = :id")
    return tuple(db.session.execute(wanted, {"id": wallet}).one())


def held(wallet: int, amount: int, **more) -> str:
    return SERVICE.spend(wallet, amount, hold=True, **more).payment_id


def payment(pk: str) -> Payment:
    db.session.rollback()
    return next(one for one in db.session.query(Payment).populate_existing() if one.id.hex == pk)


def refused(code: str, function, *arguments) -> None:
    """Assert that it is refused by this code, and that nothing is written."""
    before = money.everything()
    with pytest.raises(Invalid) as caught:
        function(*arguments)
    assert getattr(caught.value, "code", next(iter(caught.value.fields))) == code
    assert money.everything() == before


def pass_by(monkeypatch: pytest.MonkeyPatch, **time: int) -> None:
    later = utcnow() + timedelta(**time)
    monkeypatch.setattr(holds, "utcnow", lambda: later)
