"""A customer's own page: what is theirs and nothing else, and nothing at all before the e-mail is confirmed."""

import pytest

from crm.db import atomic, db
from crm.models import User
from crm.services import exports, statements
from crm.services.audit import Actor
from crm.services.wallet import WalletService
from tests import money, people
from tests.web.pages import page
from tests.web.portal import signs_in_as


@pytest.fixture
def mine(client_of, anna, purse):
    """The browser of Anna, who has 1 000 roubles."""
    return client_of(signs_in_as(anna.id))


@pytest.fixture
def hers(app) -> int:
    """Somebody else's wallet."""
    other = people.add("Мария Петрова", email="maria@example.com", phone="+79160000001")
    return money.wallet_of(other.id, balance=5_000)


def test_after_signing_in_customers_land_on_their_own_page(mine):
    assert mine.get("/").location == "/me/"
    text = page(mine.get("/me/")).one("div", id="my-wallet").text
    assert "1,000.00" in text and "Deposit" in text


def test_the_page_is_there_as_partial(mine):
    assert [root["id"] for root in page(mine.get("/me/", htmx=True)).roots] == ["my-wallet"]


def test_the_menu_has_nothing_of_the_office(mine):
    text = mine.get("/me/").text
    assert 'href="/me/transfer/"' in text and 'href="/me/statement/"' in text
    assert 'href="/customers/"' not in text and 'href="/payments/' not in text


def test_nobody_of_the_staff_is_named(mine, anna, purse, boris):
    WalletService(Actor(boris.id, "test")).deposit(purse, 100)
    paths = ("/me/", "/me/statement/", "/me/statement.csv", "/me/statement.csv?format=jsonl")
    assert not any("Boris" in mine.get(path).text or "boris" in mine.get(path).text for path in paths)


def test_another_customers_wallet_is_not_shown_nor_told_of(mine, hers):
    text = mine.get(f"/me/?account={hers}").text
    assert "1,000.00" in text and f"No. {hers}" not in text
    assert mine.get(f"/me/statement/?account={hers}").status_code == 422
    assert mine.get(f"/me/statement.csv?account={hers}").status_code == 422


def test_the_other_side_of_a_transfer_is_shown_as_payees_are(mine, purse, hers):
    WalletService(people.CLI).transfer(purse, hers, 100)
    table = page(mine.get("/me/")).one("table").text
    assert "to Мария П." in table and "Петрова" not in mine.get("/me/").text


def test_commission_is_hidden_until_it_is_asked_for(mine, anna, purse, transfer):
    table = page(mine.get("/me/")).one("table").text
    assert "Commission:" not in table and "800.00" in table  # what is left after the commission too
    assert "−RUB 196.00" in table and "commission RUB 4.00" in table
    full = page(mine.get("/me/?commission=1")).one("table").text
    assert "Commission:" in full and "commission RUB 4.00" not in full


def test_the_balance_shown_without_commission_is_that_after_the_payments_last_line(app, purse, transfer):
    whole = statements.history(purse).items
    short = statements.history(purse, commission=False).items
    assert [line.part for line in short] == ["transfer", "transfer"] and len(whole) == 3
    assert short[0].balance_after == whole[0].balance_after == 80_000


def test_more_operations_come_a_page_at_a_time(mine, anna, purse):
    for _number in range(55):
        money.SERVICE.deposit(purse, 1)
    first = page(mine.get("/me/"))
    link = next(one["href"] for one in first.all("a") if "before=" in one["href"])
    rest = mine.get(link, htmx=True, headers={"HX-Target": "more"})
    assert rest.text.count('id="operation-') == 6 and len(first.all("td", class_="op-what")) == 50
    assert mine.get(link).status_code == 200


@pytest.mark.parametrize("query", ["account=x", "before=9999999999999999999999", "before=-1", "account=0&commission=2"])
def test_an_address_that_makes_no_sense_is_no_fault(mine, query):
    assert mine.get(f"/me/?{query}").status_code == 200


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
def test_the_statement_has_a_file_however_long(mine, purse, format_, monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 0)
    answer = mine.get(f"/me/statement.csv?format={format_}")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]


def test_the_statement_has_a_file(mine, purse):
    answer = mine.get("/me/statement.csv")
    assert answer.mimetype == "text/csv" and "1000.00" in answer.text
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "1,000.00" in mine.get("/me/statement/").text
    assert mine.get("/me/statement/?first=x").status_code == 422


def test_who_has_not_confirmed_the_e_mail_sees_nothing_and_is_offered_another_letter(client_of, anna, purse):
    browser = client_of(signs_in_as(anna.id, confirmed=False))
    text = browser.get("/me/").text
    assert "Confirm your e-mail first" in text and "1,000.00" not in text and "Send the letter once more" in text
    for path in ("/me/transfer/", "/me/transfer/preview/", "/me/statement/", "/me/statement.csv"):
        assert browser.get(path).status_code == 403


def test_who_is_nobodys_customer_sees_a_sentence(stranger):
    assert "Nobody's wallet is behind this sign-in yet" in page(stranger.get("/me/")).one("section", id="closed").text


def test_a_customer_without_a_wallet_sees_that_it_is_being_opened(client_of, anna):
    assert "It is being opened" in client_of(signs_in_as(anna.id)).get("/me/").text


def test_staff_have_no_page_of_their_own(manager, admin, viewer):
    assert [one.get("/me/").status_code for one in (manager, admin, viewer)] == [403] * 3


def test_who_leaves_the_customers_loses_the_page_with_the_next_click(mine, anna):
    assert mine.get("/me/").status_code == 200
    with atomic() as session:
        session.query(User).filter_by(customer_id=anna.id).one().customer_id = None
    db.session.rollback()
    assert "1,000.00" not in mine.get("/me/").text
