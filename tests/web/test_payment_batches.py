"""The pages of batches: how far one has come, what became of each payment, and the list of them."""

import csv
import io
import uuid

import pytest

from crm.models.ledger import PaymentKind
from crm.services import payments, posting
from crm.services.audit import Actor
from crm.services.movements import Movement
from tests import money
from tests.web.pages import page

BATCHES = "/payments/batches/"


def accept(user, *amounts: int, name: str = "november.csv") -> str:
    """The address of a batch that spends these amounts from a wallet with 10 rubles."""
    wallet = money.wallet(balance=1000)
    movements = [Movement(PaymentKind.SPEND, amount, wallet, None, "sales", f"Order {amount}") for amount in amounts]
    batch = payments.accept_batch(Actor(user.id, ""), movements, name).batch_id
    return f"{BATCHES}{uuid.UUID(batch)}/"


def counters(shown) -> list[str]:
    boxes = shown.all("dd")
    return [one.text for one in boxes]


def test_a_batch_tells_how_far_it_is_and_stops_asking_when_it_is_over(viewer, boris):
    address = accept(boris, 100, 5000, 200)
    whole, part = page(viewer.get(address)), page(viewer.get(address, htmx=True))
    root = f"batch-{address.split('/')[-2]}"
    assert whole.is_whole and [one["id"] for one in part.roots] == [root]
    for shown in (whole, part):
        assert counters(shown) == ["0", "0", "3"] and shown.one(id=root)["hx-get"] == address
    assert posting.drain() == (2, 1)
    over = page(viewer.get(address, htmx=True))
    assert counters(over) == ["2", "1", "0"] and "hx-get" not in over.one(id=root).attrs
    assert "100 %" in over.one(id=root).text and "Started by Boris" in over.one(id=root).text


def test_each_payment_has_its_result_and_its_reason(viewer, boris):
    address = accept(boris, 100, 5000, 200)
    posting.drain()
    shown = page(viewer.get(address))
    second = shown.one(id="result-2").text
    assert "Order 5000" in second and "There is not enough money in the wallet." in second and "Анна" in second
    failed = page(viewer.get(f"{address}?status=FAILED"))
    assert [row["id"] for row in failed.all("tr") if "id" in row.attrs] == ["result-2"]
    assert "No such payments" in page(viewer.get(f"{address}?status=INITIATED")).one(id="results").text


def test_long_batches_come_in_pages(viewer, boris):
    address = accept(boris, *[1] * 60)
    first = page(viewer.get(address))
    link = first.one("a", href=f"{address}?after=50")
    assert link.text == "Next" and len(first.all("tr")) == 51
    assert len(page(viewer.get(link["href"])).all("tr")) == 11


@pytest.mark.parametrize("query", ["status=hat", "after=-1", "after=x", "after=" + "9" * 30, "status=%00&after=%00"])
def test_an_address_that_makes_no_sense_is_the_whole_batch(viewer, boris, query):
    assert viewer.get(f"{accept(boris, 1)}?{query}").status_code == 200


def test_the_results_come_as_a_file(viewer, boris):
    address = accept(boris, 100, 5000)
    posting.drain()
    answer = viewer.get(f"{address}results/")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.mimetype == "text/csv" and [row["number"] for row in rows] == ["1", "2"]
    assert [(row["amount"], row["status"], row["failure_code"]) for row in rows] == [
        ("1.00", "COMPLETED", ""),
        ("50.00", "FAILED", "insufficient_funds"),
    ]


def test_what_an_earlier_batch_paid_is_told(viewer, boris):
    wallet = money.wallet()
    actor = Actor(boris.id, "")
    once = [Movement(PaymentKind.DEPOSIT, 5, None, wallet, "cash", key=key) for key in ("a", "b")]
    payments.accept_batch(actor, once[:1])
    batch = payments.accept_batch(actor, once)
    posting.drain()
    shown = page(viewer.get(f"{BATCHES}{uuid.UUID(batch.batch_id)}/"))
    assert counters(shown) == ["1", "0", "0"] and "1 payment was accepted before" in shown.one("main").text


def test_the_list_has_the_newest_first_and_comes_in_pieces(viewer, boris):
    assert "No batches yet" in page(viewer.get(BATCHES)).one("main").text
    for number in range(23):
        accept(boris, 1, name=f"{number}.csv")
    first = page(viewer.get(BATCHES))
    assert len(first.all("li", inside="batches")) == 21 and first.all("strong", inside="batches")[0].text == "22.csv"
    more = first.one("a", inside="more")
    rest = page(viewer.get(more["href"], htmx=True))
    assert not rest.is_whole and len(rest.all("li")) == 3
    assert viewer.get(f"{BATCHES}?before=x").status_code == 200


def test_what_is_not_there_is_not_found(viewer):
    for pk in (uuid.uuid4(), "1", "x"):
        got = [viewer.get(f"{BATCHES}{pk}/").status_code, viewer.get(f"{BATCHES}{pk}/results/").status_code]
        assert got == [404, 404]


def test_strangers_customers_and_other_methods(client, stranger, manager, boris, nothing_changes):
    address = accept(boris, 1)
    with nothing_changes():
        for path in (BATCHES, address, f"{address}results/"):
            assert [client.get(path).status_code, stranger.get(path).status_code] == [302, 404]
            assert manager.post(path).status_code == 405


def test_watching_costs_little(viewer, boris, count_statements):
    address = accept(boris, *[1] * 100)
    with count_statements() as statements:
        viewer.get(address, htmx=True)
    assert len(statements) <= 3, statements
