"""What a movement will do, told while it is typed; nothing of it is written."""

import pytest

from crm.services import accounts
from tests import money, people
from tests.web import wallets
from tests.web.pages import page


@pytest.fixture
def said(admin, anna, purse, nothing_changes):
    """`said(action="deposit", amount="1")` is the sentence."""

    def ask(**fields: object) -> str:
        with nothing_changes():
            answer = admin.get(wallets.address(anna, "preview"), query_string=fields, htmx=True)
        shown = page(answer)
        assert answer.status_code == 200 and [root["id"] for root in shown.roots] == [f"preview-{anna.id}"]
        return shown.roots[0].text

    return ask


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"action": "deposit"}, "+RUB 250.00 to Анна Иванова · balance after: RUB 1,250.00"),
        ({"action": "withdraw"}, "−RUB 250.00 from Анна Иванова · balance after: RUB 750.00"),
        ({"action": "spend"}, "−RUB 250.00 from Анна Иванова for a purchase · balance after: RUB 750.00"),
        ({"action": "adjust"}, "+RUB 250.00 to Анна Иванова as a correction · balance after: RUB 1,250.00"),
        (
            {"action": "adjust", "direction": "take"},
            "−RUB 250.00 from Анна Иванова as a correction · balance after: RUB 750.00",
        ),
        ({"action": "transfer"}, "−RUB 250.00 from Анна Иванова · balance after: RUB 750.00"),
        ({"action": "x"}, "+RUB 250.00 to Анна Иванова · balance after: RUB 1,250.00"),
    ],
)
def test_each_movement_has_its_sentence(said, fields, sentence):
    assert said(amount="250", **fields) == sentence


def test_a_transfer_tells_to_whom(said):
    payee = money.wallet(name="Борис")
    told = said(action="transfer", amount="250", to_account=payee)
    assert told == "−RUB 250.00 from Анна Иванова to Борис · balance after: RUB 750.00"
    assert "Борис" not in said(action="transfer", amount="250", to_account="x")


def test_what_is_missing_is_told_calmly(said, purse):
    assert said(action="withdraw", amount="1000").endswith("balance after: RUB 0.00")
    assert said(action="withdraw", amount="1 500").endswith("RUB 500.00 more than there is")
    assert said(action="spend", amount="1", currency="EUR") == "The customer has no wallet in EUR."
    accounts.set_status(people.CLI, purse, "frozen")
    assert said(action="withdraw", amount="1", account=purse).endswith("The wallet is frozen.")


def test_a_first_deposit_is_told_too(said):
    told = said(action="deposit", amount="3.5", currency="EUR")
    assert told == "+€3.50 to Анна Иванова · balance after: €3.50"


def test_nothing_typed_is_nothing_said_and_nonsense_is_no_fault(said):
    assert said() == said(amount="", account="x") == ""
    assert said(amount="abc") == "abc is not an amount; write it like 1250.50."
    for naughty in ("\x00", "٣", "9" * 3000, "<b>"):
        assert said(amount=naughty, account=naughty, direction=naughty, to_account=naughty)


def test_who_may_not_move_money_is_told_nothing(client, viewer, stranger, manager, anna):
    path = wallets.address(anna, "preview")
    assert [one.get(path).status_code for one in (client, viewer, stranger)] == [302, 403, 404]
    assert manager.get("/customers/999999/wallet/preview/").status_code == 404
    assert manager.post(path).status_code == 405
