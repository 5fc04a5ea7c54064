"""One payment: in a sentence, in figures, as a double-entry table, and what has become of it."""

import uuid

from crm.db import atomic
from crm.ledger import pending
from crm.models import ExchangeRate
from crm.models.currency import SCALE
from crm.models.ledger import PaymentKind
from crm.services import payments
from crm.services.audit import Actor
from crm.services.movements import Movement
from tests import money
from tests.money import SERVICE
from tests.web.pages import Page, page
from tests.web.payments import address, facts


def entries(shown: Page) -> list[list[str]]:
    """The double-entry table: account, part, gave, got, balance after."""
    rows = [row for row in shown.all("tr") if row.attrs.get("id", "").startswith("operation-")]
    return [[cell.text for cell in shown.elements if cell.tag in ("th", "td") and row in cell.parents] for row in rows]


def test_a_payment_is_told_in_a_sentence_and_in_figures(viewer, purse, transfer):
    shown = page(viewer.get(address(transfer)))
    assert shown.one("h1").text == "Transfer of RUB 200.00 from Анна Иванова to Борис"
    told = facts(shown)
    assert (told["Amount"], told["Commission"], told["Arrives"]) == ("RUB 200.00", "RUB 4.00", "RUB 196.00")
    assert told["Terms"].endswith(": 2 %, at least RUB 3.00") and told["Description"] == "Долг"
    assert told["Number"] == str(uuid.UUID(transfer))


def test_its_operations_are_a_table_that_sums_to_nothing(viewer, purse, transfer):
    shown = page(viewer.get(address(transfer)))
    other = next(line for line in entries(shown) if line[0].startswith("Борис"))
    taker = money.technical("commission")
    assert entries(shown) == [
        [f"Анна Иванова No. {purse}", "The money itself", "−RUB 196.00", "", "RUB 804.00"],
        [other[0], "The money itself", "", "+RUB 196.00", "RUB 196.00"],
        [f"Анна Иванова No. {purse}", "Commission", "−RUB 4.00", "", "RUB 800.00"],
        [f"Commission No. {taker}", "Commission", "", "+RUB 4.00", ""],
    ]
    foot = [one.text for one in shown.all("tfoot")]
    assert foot == ["Together in RUB: RUB 0.00 −RUB 200.00 +RUB 200.00"]


def test_reversal_and_original_lead_to_each_other(viewer, transfer):
    reversal = SERVICE.reverse(transfer, 5_000).payment_id
    shown = page(viewer.get(address(transfer)))
    assert (facts(shown)["Reversed"], facts(shown)["Left"]) == ("RUB 50.00", "RUB 150.00")
    assert "partly reversed" in shown.one(role="status", class_="payment-status").text
    assert any(link["href"] == address(reversal) for link in shown.all("a"))
    back = page(viewer.get(address(reversal)))
    assert back.one("h1").text == "Reversal of RUB 50.00: back from Борис to Анна Иванова"
    assert any(link["href"] == address(transfer) for link in back.all("a"))


def test_a_conversion_shows_both_currencies_and_its_rate(viewer, anna, purse):
    with atomic() as session:
        rate = ExchangeRate(
            from_currency="RUB", to_currency="EUR", rate=SCALE // 100, spread=SCALE, valid_from=money.EARLY
        )
        session.add(rate)
    payment = SERVICE.convert(purse, money.wallet_of(anna.id, "EUR"), 10_000).payment_id
    shown = page(viewer.get(address(payment)))
    assert shown.one("h1").text == "Conversion of RUB 100.00 into €0.99 for Анна Иванова"
    assert facts(shown)["Terms"].endswith("1 RUB = 0.01 EUR · spread 1 %")
    assert [one.text.split(":")[0] for one in shown.all("th", colspan="2")] == ["Together in EUR", "Together in RUB"]


def test_one_that_waits_follows_itself_until_it_is_done(viewer, purse):
    accepted = payments.accept(Actor(None, "test"), Movement(PaymentKind.SPEND, 700, purse, None, "sales"))
    path, pk = address(accepted.payment_id), str(uuid.UUID(accepted.payment_id))
    shown = page(viewer.get(path))
    followed = shown.one(id=f"payment-{pk}")
    assert (followed["data-follow"], followed["hx-get"], followed["hx-trigger"]) == (pk, path, "changed")
    assert "Waiting" in shown.one(class_="payment-status").text and entries(shown) == []
    pending.post(pending.claim())
    after = page(viewer.get(path, htmx=True))
    assert [root["id"] for root in after.roots] == [f"payment-{pk}"] and "data-follow" not in after.roots[0].attrs
    assert len(entries(after)) == 2


def test_one_that_failed_says_why(viewer, purse):
    failed = money.draft(purse, money.technical("cash"), 10**7, kind="withdrawal")
    money.post([failed])
    shown = page(viewer.get(address(failed.id)))
    assert "There is not enough money in the wallet." in shown.one(class_="payment-status").text
    assert entries(shown) == []


def test_what_came_with_it_is_shown_as_text(viewer, purse):
    movement = Movement(PaymentKind.SPEND, 1, purse, None, "sales", "<b>x</b>", metadata='{"a":"<i>"}')
    accepted = payments.accept_batch(Actor(None, "test"), [movement], "Март.xlsx")
    answer = viewer.get(address(accepted.payments[0].payment_id))
    shown = page(answer)
    assert "<b>x" not in answer.text and facts(shown)["Data of the program that sent it"] == '{"a":"<i>"}'
    assert facts(shown)["Batch"] == "Март.xlsx row 1"
    batch = next(link for link in shown.all("a") if link.text == "Март.xlsx")
    assert viewer.get(batch["href"]).status_code == 200


def test_histories_lead_to_their_payments(viewer, anna, transfer):
    for path in (f"/customers/{anna.id}/", f"/accounts/{money.technical('commission')}/", "/accounts/operations/"):
        assert address(transfer) in [link["href"] for link in page(viewer.get(path)).all("a")], path
    statement = page(viewer.get(f"/customers/{anna.id}/wallet/statement/"))
    assert address(transfer) in [link["href"] for link in statement.all("a")]


def test_page_and_partial_cost_the_same_whatever_was_given_back(viewer, transfer, count_statements):
    for _time in range(5):
        SERVICE.reverse(transfer, 100)
    for htmx in (False, True):
        with count_statements() as statements:
            assert page(viewer.get(address(transfer), htmx=htmx)).is_whole is not htmx
        assert len(statements) <= 6, statements


def test_only_administrators_are_offered_to_give_back(viewer, admin, transfer):
    for browser, offered in ((viewer, False), (admin, True)):
        links = [link["href"] for link in page(browser.get(address(transfer))).all("a")]
        assert (address(transfer, "reverse/") in links) is offered


def test_strangers_missing_ones_and_other_methods(client, stranger, viewer, transfer):
    path = address(transfer)
    assert [browser.get(path).status_code for browser in (client, stranger)] == [302, 404]
    assert viewer.post(path).status_code == 405
    for missing in (f"/payments/{uuid.UUID(int=7)}/", "/payments/x/", "/payments/1/"):
        assert viewer.get(missing).status_code == 404
