"""Proofs of the ledger: made whole or of what is new, kept, found due, and closed where their process died."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text, update

from crm import jobs
from crm.db import at, atomic, db, utcnow
from crm.ledger import chain
from crm.ledger.laws import LAWS
from crm.models import ProofRun
from crm.services import proof_json, proofs, proving
from crm.services.audit import Actor
from crm.tabular.writing import csv_pieces
from tests import money
from tests.ledger.test_verify import DRILL, tamper

TEST = Actor(None, "test")
NEW = [law.code for law in LAWS if law.new is not None]


def prove(kind: str = "full") -> ProofRun:
    return proving.prove(TEST, kind, lambda _finding: None)


def found(run: ProofRun) -> dict[str, int]:
    """The laws that the run has found broken, in words."""
    return {proof_json.sentence(one.law): one.differences for one, _sql in proofs.findings(run.id) if one.differences}


def rows(run: ProofRun) -> dict[str, int]:
    return {finding.law: finding.rows for finding, _sql in proofs.findings(run.id)}


@pytest.fixture
def wallet(app: Flask) -> int:
    """A wallet in which everything has happened before the first proof, and something since."""
    old, other = money.wallet(balance=5000), money.wallet(name="Борис")
    money.SERVICE.spend(old, 50)
    prove()
    wallet = money.wallet(balance=1000)
    money.SERVICE.spend(wallet, 300)
    money.SERVICE.transfer(wallet, other, 200)
    money.SERVICE.adjust(wallet, -100, "counted again")
    return wallet


def test_a_right_ledger_is_proved_whole_and_then_what_is_new(wallet):
    first = proofs.standing().full
    assert first is not None and (first.state, first.differences, first.done) == ("clean", 0, len(LAWS))
    assert (first.from_position, first.to_position, first.head_hash) == (0, 4, chain.head().hash)
    new = prove("incremental")
    assert (new.state, new.from_position, new.to_position) == ("clean", 4, 12)
    assert (rows(new)["zero"], rows(new)["sequence"], rows(new)["wallets"]) == (4, 5, 8)
    assert list(rows(new)) == NEW and new.head_hash == chain.head().hash
    nothing = prove("incremental")
    assert (nothing.from_position, nothing.to_position, nothing.state) == (12, 12, "clean")
    assert rows(nothing)["zero"] == 0


INCREMENTAL = [(statement, laws) for statement, laws in DRILL if "DELETE" not in statement]


@pytest.mark.parametrize(("statement", "laws"), INCREMENTAL)
def test_what_is_wrong_with_what_is_new_is_found_by_looking_at_that_alone(wallet, statement, laws):
    chain.extend()
    tamper(statement)
    assert set(found(prove("incremental"))) >= laws


def test_what_was_found_stays_an_alarm_until_everything_is_proved_again(wallet):
    chain.extend()
    tamper("UPDATE account_balances SET overdraft_limit = 5 WHERE account_id = :id", id=wallet)
    broken = prove("incremental")
    assert (broken.state, broken.differences) == ("broken", 1)
    money.SERVICE.deposit(money.wallet(), 100)
    assert prove("incremental").state == "clean" and proofs.standing().broken.id == broken.id
    assert prove().state == "broken"
    tamper("UPDATE account_balances SET overdraft_limit = 0")
    assert prove().state == "clean" and proofs.standing().broken is None


def test_the_evidence_has_every_difference_its_rows_and_the_sql(wallet):
    tamper("UPDATE account_balances SET balance = balance + 1 WHERE account_id = :id", id=wallet)
    told = proof_json.evidence(prove())
    (wrong,) = [finding for finding in told["findings"] if finding["law"] == "balance"]
    assert wrong["found"] == [{"account": wallet, "balance": 401, "total": 400, "sequence": 4, "last": 4}]
    assert wrong["sql"].startswith("SELECT accounts.id AS account") and told["head_hash"] == chain.head().hash.hex()
    sheet = "".join(csv_pieces(proof_json.HEADINGS, proof_json.lines(told)))
    assert json.dumps(wrong["found"][0]).replace('"', '""') in sheet and len(told["findings"]) == len(LAWS)


def test_a_chain_that_was_rewritten_is_told_by_the_heads_that_were_noted(wallet):
    noted = prove().id
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(update(ProofRun).where(ProofRun.id == noted).values(head_hash=b"\1" * 32))
    assert found(prove()) == {proof_json.sentence("heads"): 1}


def test_everything_is_due_once_a_night_and_what_is_new_every_few_minutes(app):
    money.wallet(balance=100)
    night = utcnow().replace(hour=3, minute=1, second=0) + timedelta(days=1)
    made = []
    for later in (0, 1, 4, 6, 12, 60 * 24):
        with at(night + timedelta(minutes=later)):
            if later != 12:
                money.SERVICE.deposit(money.wallet(), 100)
                chain.extend()
            for pk in proofs.overdue():
                proving.run(pk)
                made.append((later, proofs.get(pk).kind, proofs.get(pk).state))
    assert made == [(0, "full", "clean"), (6, "incremental", "clean"), (24 * 60, "full", "clean")]


def test_a_run_whose_process_died_is_closed_and_one_that_was_stopped_begins_anew(app):
    run = proofs.request(TEST, "full")
    with atomic() as session:
        session.execute(update(ProofRun).values(state="running"))
    proofs.overdue()
    assert (proofs.get(run.id).state, proofs.get(run.id).error) == ("failed", "The process that made it ended.")
    again = proofs.request(TEST, "full")

    def stop(_finding: object) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        proving.run(again.id, stop)
    assert proofs.get(again.id).state == "queued" and proofs.findings(again.id) == []
    jobs.prove(again.id)
    db.session.rollback()  # the test has read before, and SQLite shows it the same since
    assert proofs.get(again.id).state == "clean" and proofs.standing().failed is None


def test_a_job_that_comes_when_the_run_is_made_leaves_it_as_it_is(app, monkeypatch):
    run = proofs.request(TEST, "full")
    proving.run(run.id)
    monkeypatch.setattr(chain, "extend", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        proving.run(run.id)
    assert (proofs.get(run.id).state, proofs.get(run.id).error) == ("clean", "")


def test_who_asks_twice_waits_for_one_run(app):
    assert proofs.request(TEST, "full").id == proofs.request(TEST, "full").id


def test_a_law_that_cannot_be_asked_makes_the_run_fail_and_says_why(app):
    run = proofs.request(TEST, "full")
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE account_days RENAME TO account_days_lost"))
    try:
        with pytest.raises(Exception, match="account_days"):
            proving.run(run.id)
    finally:
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE account_days_lost RENAME TO account_days"))
    kept = proofs.get(run.id)
    assert kept.state == "failed" and "account_days" in kept.error and proofs.standing().failed.id == run.id


def test_what_clean_runs_have_counted_is_let_go_of_but_not_the_runs(wallet):
    whole = proofs.standing().full
    prove("incremental")
    with at(utcnow() + timedelta(days=31)):
        proofs.forget()
    kept = {run_id for (run_id,) in db.session.execute(text("SELECT DISTINCT run_id FROM proof_findings"))}
    assert whole is not None and kept == {whole.id} and len(proofs.history("", "", None, 10)[0]) == 2
