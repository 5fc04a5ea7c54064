"""The proof page: how the ledger stands, its laws with their SQL, the history, and the evidence as files."""

import json

import pytest
from sqlalchemy import select

from crm.db import db
from crm.ledger.laws import LAWS
from crm.models import Operation
from crm.services import proofs, proving
from crm.services.audit import Actor
from tests import money
from tests.ledger.tampering import tamper

TEST = Actor(None, "test")


def prove(kind: str = "full") -> int:
    return proving.prove(TEST, kind, lambda _finding: None).id


@pytest.fixture
def broken(app) -> tuple[int, int]:
    """A proof that has found a wrong balance, and the wallet that has it."""
    wallet = money.wallet(balance=1000)
    tamper("UPDATE account_balances SET balance = balance + 1 WHERE account_id = :id", id=wallet)
    return prove(), wallet


def test_before_the_first_proof_the_page_says_so(client_of, vera):
    page = client_of(vera).get("/proof/")
    assert (
        page.status_code == 200 and "Nothing has been proved yet" in page.text and "Prove everything" not in page.text
    )


def test_a_right_ledger_is_called_right_with_every_law_and_its_sql(client_of, alice, vera):
    money.wallet(balance=1000)
    prove()
    money.wallet(balance=500)
    last = proofs.get(prove("incremental"))
    page = client_of(vera).get("/proof/").text
    assert "The ledger is right" in page and page.count('class="law-holds"') == len(LAWS) and "law-broken" not in page
    assert "LEFT JOIN account_balances" in page and "+2" in page and last.head_hash.hex() in page
    assert "Prove everything" in client_of(alice).get("/proof/").text


def test_a_difference_leads_to_its_rows_from_the_page_and_from_the_dashboard(client_of, vera, broken):
    run, wallet = broken
    browser = client_of(vera)
    page, alarm = browser.get(f"/proof/{run}/").text, browser.get("/").text
    assert f'href="/accounts/operations/?account={wallet}"' in page and "1 difference" in page
    assert "The ledger is not right" in alarm and f'href="/proof/{run}/"' in alarm
    assert "The ledger is not right" in browser.get("/proof/").text


def test_an_operation_leads_to_its_payment_and_one_that_is_gone_nowhere(client_of, vera, broken):
    browser = client_of(vera)
    found = db.session.scalar(select(Operation.id).limit(1))
    assert browser.get(f"/proof/operations/{found}/").headers["Location"].startswith("/payments/")
    assert browser.get("/proof/operations/999999/").status_code == 404


def test_evidence_is_offered_as_a_table_and_as_json(client_of, vera, broken):
    run, wallet = broken
    browser = client_of(vera)
    sheet, told = browser.get(f"/proof/{run}/evidence.csv"), browser.get(f"/proof/{run}/evidence.json")
    assert sheet.text.count("\r\n") == 1 + len(LAWS) + 1 and "SELECT accounts.id AS account" in sheet.text
    found = {one["law"]: one["found"] for one in json.loads(told.text)["findings"]}
    assert found["balance"][0]["account"] == wallet and found["zero"] == []
    assert told.headers["Content-Disposition"] == f"attachment; filename=proof-{run}.json"
    assert browser.get("/proof/999999/evidence.csv").status_code == 404


def test_an_administrator_starts_a_proof_and_its_page_asks_for_itself_until_it_is_over(client_of, alice):
    browser = client_of(alice)
    started = browser.post("/proof/start/", data={"kind": "full"})
    run = int(started.headers["Location"].rstrip("/").rpartition("/")[2])
    assert 'hx-trigger="every 1s"' in browser.get(started.headers["Location"]).text
    assert "Prove everything" not in browser.get("/proof/").text
    following = {"HX-Request": "true", "HX-Target": "proof-standing"}
    assert "HX-Refresh" not in browser.get("/proof/", headers=following).headers
    proving.run(run)
    assert "every 1s" not in browser.get(started.headers["Location"], headers={"HX-Request": "true"}).text
    assert browser.get("/proof/", headers=following).headers["HX-Refresh"] == "true"


def test_the_history_is_filtered_and_continued(client_of, vera, app):
    money.wallet(balance=1)
    ids = [prove("incremental" if number else "full") for number in range(22)]
    browser = client_of(vera)
    first = browser.get("/proof/").text
    assert f'href="/proof/{ids[-1]}/"' in first and f"before={ids[2]}" in first
    more = browser.get(f"/proof/?before={ids[2]}", headers={"HX-Request": "true", "HX-Target": "more"}).text
    assert more.count("<tr") == 2 and f'href="/proof/{ids[0]}/"' in more
    only = browser.get("/proof/?kind=full&state=clean", headers={"HX-Request": "true"}).text
    assert f'href="/proof/{ids[0]}/"' in only and f'href="/proof/{ids[1]}/"' not in only
    assert "No proof matches" in browser.get("/proof/?state=failed&kind=nonsense&before=x").text


def test_prometheus_is_told_of_differences_by_law_and_of_the_age(client, broken):
    answer = client.get("/metrics")
    assert answer.mimetype == "text/plain" and 'crm_proof_differences{law="balance"} 1\n' in answer.text
    assert (
        'crm_proof_differences{law="zero"} 0\n' in answer.text and 'crm_proof_age_seconds{kind="full"} ' in answer.text
    )
