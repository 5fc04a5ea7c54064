"""Balances that an import has brought over: reversed by an undo where the money is still there, never deleted."""

from collections import Counter

import pytest
import sqlalchemy as sa

from crm.db import db
from crm.models import Account, AccountBalance, AuditEntry, Customer, Payment
from crm.services import accounts, customers, imports
from crm.services.importing.plan import Column
from tests import money, people
from tests.services.test_import_undo import change, everybody, kept, planned, undo
from tests.uploads import CLERK, counts, take

HEAD = "external_id,name,currency,wallet_balance\n"


def wallets() -> list[tuple[int, str, str, int]]:
    """Owner, currency, status and balance of every wallet, in the order they were opened."""
    db.session.rollback()
    row = AccountBalance
    wanted = sa.select(row.customer_id, row.currency, row.status, row.balance).order_by(row.account_id)
    return [tuple(found) for found in db.session.execute(wanted)]


def wallet(currency: str = "RUB") -> int:
    return db.session.scalar(sa.select(AccountBalance.account_id).where(AccountBalance.currency == currency)) or 0


def wallet_of(customer_id: int) -> int:
    return db.session.scalars(sa.select(AccountBalance.account_id).filter_by(customer_id=customer_id)).one()


def kinds() -> Counter[str]:
    """How many payments there are of each kind and status."""
    db.session.rollback()
    return Counter(f"{kind} {status}" for kind, status in db.session.execute(sa.select(Payment.kind, Payment.status)))


def test_an_opening_is_reversed_and_the_customer_archived_without_what_rows_match_by(app):
    upload = take("external_id,name,phone,wallet_balance\nC1,Anna,+79261234501,100\nC2,Boris,+79261234502,\n")
    preview = imports.undo_preview(upload.id)
    assert (preview.removed, preview.archived, preview.reversals) == (1, 1, 1)
    assert (preview.returned, preview.staying) == ({"RUB": 10000}, {})
    undo(upload)
    ((pk, _kind, status, name, *_rest),) = everybody()
    anna = customers.get(pk)
    assert (status, name, anna.external_id, anna.channels, anna.phone_key) == ("archived", "Anna", None, [], "")
    assert wallets() == [(pk, "RUB", "closed", 0)]
    assert kinds() == {"opening COMPLETED": 1, "reversal COMPLETED": 1}
    original, reversal = db.session.scalars(sa.select(Payment).order_by(Payment.id))
    assert (reversal.reversal_of_id, original.reversed_amount) == (original.id, 10000)
    assert reversal.origin == f"undo of import {upload.id}"
    closed = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "account.closed")).one()
    assert closed.changes == {"status": ["open", "closed"]}


def test_several_wallets_of_one_row_are_all_reversed(app):
    upload = planned(
        "id,name,rub,usd,eur\nC1,Anna,100,20,3\nC2,Boris,,5,\n",
        *map(Column, ("external_id", "name")),
        *(Column("wallet_balance", currency=currency) for currency in ("RUB", "USD", "EUR")),
    )
    assert counts(upload) == {"created": 2} and len(wallets()) == 4
    assert imports.undo_preview(upload.id).returned == {"RUB": 10000, "USD": 2500, "EUR": 300}
    undo(upload)
    assert {row[2:] for row in wallets()} == {("closed", 0)}


def test_a_customer_who_was_there_keeps_everything_but_the_new_wallet(app):
    anna = people.add("Anna", external_id="C1", city="Tver")
    money.wallet_of(anna.id, "USD", 700)
    before = everybody()
    upload = take("external_id,name,city,currency,wallet_balance\nC1,Anna,Orel,RUB,5\n", "update")
    undo(upload)
    assert everybody() == before
    assert wallets() == [(anna.id, "USD", "open", 700), (anna.id, "RUB", "closed", 0)]


def test_money_that_was_spent_stays_and_is_named_while_fields_go_back(app):
    anna = people.add("Anna", external_id="C1", city="Tver")
    upload = take("external_id,name,city,currency,wallet_balance\nC1,Anna,Orel,RUB,100\n", "update")
    money.SERVICE.spend(wallet(), 2500)
    preview = imports.undo_preview(upload.id)
    assert (preview.returned, preview.staying, preview.fields) == ({}, {"RUB": 10000}, 1)
    undo(upload)
    assert kept(upload) == [(2, "The money was spent: 100.00 RUB were brought over, 75.00 RUB are left.")]
    assert customers.get(anna.id).city == "Tver"
    assert wallets() == [(anna.id, "RUB", "open", 7500)]
    assert kinds() == {"opening COMPLETED": 1, "spend COMPLETED": 1}


def test_one_who_was_made_and_has_spent_stays_whole(app):
    upload = take(HEAD + "C1,Anna,RUB,100\nC2,Boris,RUB,50\n")
    money.SERVICE.spend(wallet(), 1)
    before = everybody()[0]
    undo(upload)
    assert everybody()[0] == before
    assert [row[2:] for row in wallets()] == [("open", 9999), ("closed", 0)]


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (lambda pk: money.SERVICE.deposit(pk, 100), "Money of the customer has moved since."),
        (lambda pk: money.wallet_of(1, "USD"), "The customer has got a wallet since."),
        (lambda pk: accounts.set_status(CLERK, pk, "frozen"), "RUB: The wallet is frozen."),
        (lambda pk: change(1, city="Omsk"), "The customer has been changed since."),
    ],
    ids=["deposit", "wallet", "frozen", "city"],
)
def test_one_who_was_made_and_is_in_use_stays_whole(app, meanwhile, why):
    upload = take(HEAD + "C1,Anna,RUB,100\n")
    meanwhile(wallet())
    before = everybody(), wallets(), kinds()
    assert imports.undo_preview(upload.id).staying == {"RUB": 10000}
    undo(upload)
    assert (everybody(), wallets(), kinds()) == before
    assert kept(upload) == [(2, why)]


def test_a_wallet_with_other_money_gives_back_the_opening_and_stays_open(app):
    anna = people.add("Anna", external_id="C1")
    upload = take(HEAD + "C1,Anna,RUB,100\n", "update")
    money.SERVICE.deposit(wallet(), 700)
    undo(upload)
    assert wallets() == [(anna.id, "RUB", "open", 700)]


@pytest.mark.parametrize("part", [None, 4000])
def test_what_was_reversed_by_hand_is_not_reversed_twice(app, part):
    upload = take(HEAD + "C1,Anna,RUB,100\n")
    opening = db.session.scalars(sa.select(Payment)).one()
    money.SERVICE.reverse(opening.id.hex, part)
    undo(upload)
    assert wallets() == [(1, "RUB", "closed", 0)]
    assert kinds() == {"opening COMPLETED": 1, "reversal COMPLETED": 2 if part else 1}
    assert everybody()[0][2] == "archived"


def test_an_undone_file_of_balances_can_come_again_with_the_same_result(app):
    anna = people.add("Anna", external_id="C1")
    data = HEAD + "C1,Anna,RUB,100\nC2,Boris,USD,7\nC3,Vera,,\n"
    first = take(data, "update")
    undo(first)
    second = take(data, "update")
    assert counts(second) == counts(first)
    active = set(db.session.scalars(sa.select(Customer.id).where(Customer.status == "active")))
    assert len(active) == 3 and anna.id in active
    there = [row for row in wallets() if row[2] == "open"]
    assert [(currency, balance) for _pk, currency, _status, balance in there] == [("RUB", 10000), ("USD", 700)]
    assert {pk for pk, *_rest in there} <= active
    undo(second)
    assert db.session.scalar(sa.select(sa.func.sum(AccountBalance.balance))) == 0


def test_two_rows_of_one_customer_with_a_wallet_each(app):
    upload = take(HEAD + "C1,Anna,RUB,100\nC1,Anna,USD,20\nC1,Anna,RUB,100\n", "update")
    assert counts(upload) == {"created": 1, "updated": 1, "unchanged": 1}
    assert imports.undo_preview(upload.id).returned == {"RUB": 10000, "USD": 2000}
    undo(upload)
    assert wallets() == [(1, "RUB", "closed", 0), (1, "USD", "closed", 0)]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Account).where(Account.customer_id == 1)) == 2


def test_of_two_files_that_belong_together_both_are_taken_back(app):
    first = take("external_id,name\nC1,Anna\nC2,Boris\n")
    second = take(HEAD + "C1,Anna,RUB,100\nC2,Boris,RUB,5\n", "update")
    (anna, *_rest), _boris = everybody()
    money.SERVICE.deposit(wallet_of(anna), 1)
    undo(second)
    done = undo(first)
    assert (done.undone, done.kept) == (1, 1)
    assert [(status, name) for _pk, _kind, status, name, *_rest in everybody()] == [
        ("active", "Anna"),
        ("archived", "Boris"),
    ]


def test_a_wallet_that_somebody_has_opened_and_closed_stays_a_reason(app):
    upload = take("external_id,name\nC1,Anna\n")
    ((anna, *_rest),) = everybody()
    accounts.set_status(CLERK, money.wallet_of(anna), "closed")
    assert undo(upload).kept == 1
