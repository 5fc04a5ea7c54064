"""Balances in a file open wallets, each with one payment; they never top one up."""

import csv
import io
from collections import Counter
from decimal import Decimal

import pytest
import sqlalchemy as sa

from bench.samples import customers_csv
from crm.db import db
from crm.models import Account, AccountBalance, ImportOpening, ImportRow, Operation, Payment
from crm.services import imports
from crm.services.importing import openings
from crm.services.importing.choices import Choices
from crm.services.importing.chunks import Pace
from tests import money, people
from tests.uploads import accept, counts, errors, take

HEAD = "external_id,name,currency,wallet_balance\n"


def held() -> list[tuple[str, int]]:
    """Currency and balance of every wallet, in the order they were opened."""
    db.session.rollback()
    wanted = sa.select(AccountBalance.currency, AccountBalance.balance).order_by(AccountBalance.account_id)
    return [tuple(row) for row in db.session.execute(wanted)]


def notes(upload_id: int) -> list[tuple[int, str]]:
    wanted = sa.select(ImportRow.row, ImportRow.message).where(
        ImportRow.import_id == upload_id, ImportRow.message.is_not(None)
    )
    return [tuple(row) for row in db.session.execute(wanted)]


def opened(upload_id: int) -> dict[str, tuple[int, int]]:
    return {row.currency: (row.wallets, row.amount) for row in imports.openings(upload_id)}


def test_a_balance_opens_a_wallet_with_one_opening_payment(app, alice):
    upload = take(HEAD + 'C1,Anna,RUB,"1 250,50"\n')
    assert (counts(upload), held()) == ({"created": 1}, [("RUB", 125050)])
    payment = db.session.scalars(sa.select(Payment)).one()
    assert (payment.kind, payment.status, payment.source) == ("opening", "COMPLETED", "opening")
    assert payment.origin == f"import {upload.id}" and payment.idempotency_key == f"import {upload.id} row 2 RUB"
    assert opened(upload.id) == {"RUB": (1, 125050)}
    money.check_ledger()


def test_a_blank_or_zero_balance_moves_nothing_and_is_no_error(app):
    upload = take(HEAD + "C1,Anna,RUB,\nC2,Boris,,0\nC3,Vera,USD,0.00\n")
    assert (counts(upload), held(), money.rows("payments")) == ({"created": 3}, [], [])


def test_a_blank_currency_is_the_products_own(app):
    take(HEAD + "C1,Anna,,10\n")
    assert held() == [("RUB", 1000)]


@pytest.mark.parametrize("balance", ["-15.00", "12,5,0", "1e9", "10.001", "٣", "9" * 30])
def test_a_balance_that_is_none_fails_the_row(app, balance):
    upload = take(HEAD + f'C1,Anna,RUB,"{balance}"\nC2,Boris,RUB,5\n')
    assert (counts(upload), held()) == ({"created": 1, "failed": 1}, [("RUB", 500)])


def test_a_currency_that_is_not_in_use_fails_the_row(app):
    upload = take(HEAD + "C1,Anna,GBP,5\nC2,Boris,GBP,\n")
    assert counts(upload) == {"created": 1, "failed": 1}
    assert errors(upload) == ["currency: GBP is not in use here; an administrator can add it."]


def test_an_existing_customer_without_a_wallet_in_the_currency_gets_one(app):
    anna = people.add("Anna", external_id="C1")
    money.wallet_of(anna.id, "USD", 700)
    upload = take(HEAD + "C1,Anna,RUB,5\n", on_duplicate="update")
    assert (counts(upload), held()) == ({"updated": 1}, [("USD", 700), ("RUB", 500)])


def test_a_wallet_that_is_there_is_never_topped_up_and_the_row_says_so(app):
    anna = people.add("Anna", external_id="C1")
    money.wallet_of(anna.id, "RUB", 700)
    upload = take(HEAD + "C1,Anna,RUB,5\nC1,Anna,RUB,7.00\n", on_duplicate="update")
    assert (counts(upload), held()) == ({"unchanged": 2}, [("RUB", 700)])
    assert notes(upload.id) == [(2, "There is a wallet with 7.00 RUB already; the balance of 5.00 was left out.")]


def test_several_wallets_in_the_currency_are_compared_together(app):
    anna = people.add("Anna", external_id="C1")
    for _wallet in range(2):
        money.wallet_of(anna.id, "RUB", 350)
    upload = take(HEAD + "C1,Anna,RUB,7.00\n", on_duplicate="update")
    assert (counts(upload), notes(upload.id)) == ({"unchanged": 1}, [])


def test_the_same_file_again_moves_nothing(app):
    rows = HEAD + "C1,Anna,RUB,5\nC2,Boris,USD,6\n"
    for on_duplicate, expected in (("skip", {"created": 2}), ("skip", {"skipped": 2}), ("update", {"unchanged": 2})):
        assert counts(take(rows, on_duplicate=on_duplicate)) == expected
    assert held() == [("RUB", 500), ("USD", 600)]


def test_one_customer_twice_in_a_file_is_opened_once_per_currency(app):
    upload = take(HEAD + "C1,Anna,RUB,5\nC1,Anna,RUB,9\nC1,Anna,USD,1\n", on_duplicate="update")
    assert (counts(upload), held()) == ({"created": 1, "updated": 1, "unchanged": 1}, [("RUB", 500), ("USD", 100)])
    assert [row for row, _note in notes(upload.id)] == [3]


def test_a_dry_run_counts_the_same_and_moves_nothing(app, tmp_path):
    anna = people.add("Anna", external_id="C1")
    money.wallet_of(anna.id, "RUB", 700)
    path = tmp_path / "a.csv"
    path.write_text(HEAD + "C1,Anna,USD,5\nC2,Boris,RUB,9\nC1,Anna,RUB,1\n")
    before = money.rows("payments")
    result = imports.rehearse(path, Choices("update"))
    assert counts(result) == {"created": 1, "updated": 1, "unchanged": 1}
    assert money.rows("payments") == before and held() == [("RUB", 700)]


def test_generated_rows_end_with_the_sums_that_a_plain_reading_gives(app):
    data = customers_csv(1500, seed=3)
    upload = take(data, on_duplicate="create")
    assert upload.status == "done" and upload.failed > 3
    wanted: Counter[str] = Counter()
    failed = {row["external_id"] for row in _failed(upload.id)}
    for row in csv.DictReader(io.StringIO(data.decode())):
        if row["wallet_balance"] and row["external_id"] not in failed:
            wanted[row["currency"]] += int(Decimal(row["wallet_balance"]) * 100)
    found: Counter[str] = Counter()
    for currency, balance in held():
        found[currency] += balance
    assert found == wanted and len(found) == 3
    assert {currency: amount for currency, (_wallets, amount) in opened(upload.id).items()} == dict(wanted)
    money.check_ledger()


def _failed(upload_id: int) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(imports.failures_csv(upload_id)).removeprefix("\ufeff"))))


def test_a_chunk_that_is_not_stored_opens_nothing_and_is_taken_up_again(app, monkeypatch):
    monkeypatch.setattr(Pace, "limit", 10)
    rows = HEAD + "".join(f"C{number},Customer {number},RUB,{number + 1}\n" for number in range(30))
    upload, write = accept(rows), openings.write

    def broken(decisions, *rest):
        write(decisions, *rest)
        if decisions.openings[0].row > 15:
            raise RuntimeError("the power is cut")

    monkeypatch.setattr(openings, "write", broken)
    with pytest.raises(RuntimeError):
        imports.run(upload.id)
    db.session.rollback()
    done = imports.get(upload.id).read_rows
    assert 0 < done < 30 and len(held()) == done
    monkeypatch.setattr(openings, "write", write)
    imports.run(upload.id)
    assert sum(balance for _currency, balance in held()) == sum(range(1, 31)) * 100
    assert opened(upload.id) == {"RUB": (30, 46500)}
    money.check_ledger()


def test_as_many_statements_however_many_rows(app, count_statements, monkeypatch):
    monkeypatch.setattr(Pace, "aim", 1000)

    def statements(rows: int) -> int:
        upload = accept(HEAD + "".join(f"S{rows}-{number},Anna,RUB,5\n" for number in range(rows)))
        monkeypatch.setattr(Pace, "limit", rows)
        with count_statements() as found:
            imports.run(upload.id)
        return len(found)

    assert statements(20) == statements(90)


def test_an_account_is_opened_once_whoever_tries(app):
    take(HEAD + "C1,Anna,RUB,5\n")
    accounts = db.session.scalar(sa.select(sa.func.count()).where(Account.customer_id.is_not(None)))
    assert (accounts, db.session.scalar(sa.select(sa.func.count(Operation.id)))) == (1, 2)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportOpening)) == 1
