"""What the commission takes and what arrives is told before a payment is confirmed, and after it is made."""

import pytest

from crm.services import commission_rules
from crm.services.commission_terms import RuleData
from tests import money, people
from tests.web import wallets
from tests.web.pages import page, toast
from tests.web.wallets import lines, refused, sent


def rule(kind: str, **fields: str) -> None:
    commission_rules.add(people.CLI, RuleData(**{"payment_kind": kind, "percent": "1.5", "currency": "RUB"} | fields))


@pytest.fixture
def said(manager, anna, purse, nothing_changes):
    """`said(action="deposit", amount="1")` is the sentence."""

    def ask(**fields: object) -> str:
        with nothing_changes():
            answer = manager.get(wallets.address(anna, "preview"), query_string=fields, htmx=True)
        return page(answer).roots[0].text

    return ask


def test_each_movement_tells_its_commission(said):
    for kind in ("deposit", "withdrawal", "spend", "transfer"):
        rule(kind, min="3")
    boris = money.wallet(name="Борис")
    deposit, withdrawal = said(action="deposit", amount="100"), said(action="withdraw", amount="400")
    assert deposit.endswith("· commission RUB 3.00 · RUB 97.00 arrives · balance after: RUB 1,097.00")
    assert withdrawal.endswith("· commission RUB 6.00 · RUB 394.00 arrives · balance after: RUB 600.00")
    assert said(action="spend", amount="400").endswith("· commission RUB 6.00 · balance after: RUB 600.00")
    transfer = said(action="transfer", amount="400", to_account=boris)
    assert transfer.endswith("to Борис · commission RUB 6.00 · RUB 394.00 arrives · balance after: RUB 600.00")
    assert "commission" not in said(action="transfer", amount="400")  # to whom decides whether there is one


def test_the_way_that_is_chosen_decides(said):
    rule("deposit", source="card")
    assert "commission RUB 1.50" in said(action="deposit", amount="100", source="card")
    assert "commission" not in said(action="deposit", amount="100", source="cash")


def test_between_wallets_of_one_customer_nothing_is_taken(said, anna):
    rule("transfer")
    assert "commission" not in said(action="transfer", amount="100", to_account=money.wallet_of(anna.id))


def test_a_first_deposit_is_priced_without_a_wallet(said):
    rule("deposit", currency="EUR", percent="10")
    told = said(action="deposit", amount="5", currency="EUR")
    assert told.endswith("· commission €0.50 · €4.50 arrives · balance after: €4.50")
    rule("deposit", currency="EUR", min="5")
    assert said(action="deposit", amount="5", currency="EUR").endswith("The amount must be more than its commission.")


def test_what_its_commission_would_eat_up_is_told_and_refused(said, manager, anna, purse, nothing_changes):
    rule("withdrawal", min="30")
    assert said(action="withdraw", amount="30").endswith("The amount must be more than its commission.")
    with nothing_changes():
        answer = manager.post(wallets.address(anna, "withdraw"), data=sent(amount="30", account=purse))
    assert refused(answer) == {"amount": "The amount must be more than its commission."}


def test_what_was_told_is_what_is_done(said, manager, anna, purse):
    rule("transfer", min="3")
    boris = money.wallet(name="Борис")
    told = said(action="transfer", amount="400", account=purse, to_account=boris)
    form = sent(amount="400", account=purse, to_account=boris)
    answer = manager.post(wallets.address(anna, "transfer"), data=form, htmx=True)
    assert toast(answer).replace("\xa0", " ") == told
    assert [line[1:3] for line in lines(purse)[:2]] == [(-600, 60_000), (-39_400, 60_600)]
    assert lines(boris)[0][1] == 39_400
    history = page(answer).one(id=f"history-{anna.id}").text
    assert "Commission: Transfer" in history
    money.check_ledger()
