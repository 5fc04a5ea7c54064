"""A wallet's statement for a period: on a page and as a file."""

import csv
import io
from datetime import date

import pytest

from crm.services import accounts
from crm.web import wallet_statement
from tests import money, people
from tests.web import wallets
from tests.web.pages import page


def address(customer, query: str = "") -> str:
    return f"{wallets.address(customer, 'statement')}{'?' if query else ''}{query}"


def table(answer) -> list[dict[str, str]]:
    assert answer.mimetype == "text/csv" and answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.fixture
def busy(purse) -> int:
    money.SERVICE.spend(purse, 25_050, '=HYPERLINK("x")')
    money.SERVICE.withdraw(purse, 5_000, "cash", "аренда, май")
    return purse


def test_it_sums_up_the_period_and_lists_it(viewer, anna, busy):
    shown = page(viewer.get(address(anna)))
    sums = [one.text for one in shown.all("dd", class_="money")]
    assert sums == ["RUB 0.00", "+RUB 1,000.00", "−RUB 300.50", "RUB 699.50"]
    told = [one.text for one in shown.all("tr", inside="statement-lines")][1:]
    assert len(told) == 3 and "Deposit" in told[0] and "аренда, май" in told[2] and "RUB 699.50" in told[2]


def test_it_is_of_this_month_unless_another_period_is_asked_for(viewer, anna, busy):
    today = date.today()  # noqa: DTZ011
    shown = page(viewer.get(address(anna)))
    assert shown.value("first")[8:] == "01" and abs((date.fromisoformat(shown.value("last")) - today).days) <= 1
    before = page(viewer.get(address(anna, "first=2020-01-01&last=2020-12-31")))
    assert [one.text for one in before.all("dd", class_="money")] == ["RUB 0.00"] * 4
    assert "Nothing happened in this period." in before.one(id="statement-lines").text
    after = page(viewer.get(address(anna, "first=2999-01-01&last=2999-12-31")))
    assert [one.text for one in after.all("dd", class_="money")] == ["RUB 699.50", "RUB 0.00", "RUB 0.00", "RUB 699.50"]


def test_often_asked_periods_are_a_click_away():
    offered = {one.name: (one.first, one.last) for one in wallet_statement.periods(date(2026, 6, 3))}
    assert offered == {
        "Today": (date(2026, 6, 3), date(2026, 6, 3)),
        "This week": (date(2026, 6, 1), date(2026, 6, 3)),
        "This month": (date(2026, 6, 1), date(2026, 6, 3)),
        "Last month": (date(2026, 5, 1), date(2026, 5, 31)),
        "This quarter": (date(2026, 4, 1), date(2026, 6, 3)),
        "This year": (date(2026, 1, 1), date(2026, 6, 3)),
    }
    newyear = {one.name: (one.first, one.last) for one in wallet_statement.periods(date(2026, 1, 1))}
    assert newyear["Last month"] == (date(2025, 12, 1), date(2025, 12, 31))
    assert newyear["This week"] == (date(2025, 12, 29), date(2026, 1, 1))


def test_the_file_has_plain_numbers_and_no_formulas(viewer, anna, busy):
    answer = viewer.get(f"/customers/{anna.id}/wallet/statement.csv?account={busy}")
    lines = table(answer)
    assert [line["Amount"] for line in lines] == ["1000.00", "-250.50", "-50.00"]
    assert [line["Balance after"] for line in lines] == ["1000.00", "749.50", "699.50"]
    assert [line["Number in the account"] for line in lines] == ["1", "2", "3"]
    assert lines[1]["Description"] == '\'=HYPERLINK("x")' and lines[2]["Description"] == "аренда, май"
    assert {line["Currency"] for line in lines} == {"RUB"} and lines[2]["By what way"] == "cash"
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_long_one_is_cut_on_the_page_and_whole_in_the_file(viewer, anna, purse, monkeypatch):
    monkeypatch.setattr(wallet_statement, "SHOWN", 3)
    for _time in range(5):
        money.SERVICE.deposit(purse, 1)
    shown = page(viewer.get(address(anna)))
    assert len(shown.all("tr", inside="statement-lines")) == 1 + 3
    assert "The first 3 operations are shown; the CSV file has all 6." in shown.one(id="statement-lines").text
    assert len(table(viewer.get(f"/customers/{anna.id}/wallet/statement.csv"))) == 6


@pytest.mark.parametrize("file", [False, True])
@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("last", "first=2026-02-01&last=2026-01-31"),
        ("first", "first=31.01.2026"),
        ("first", "first=0001-01-01"),
        ("last", "last=2026-02-30"),
        ("last", "last=%00"),
        ("account", "account=x"),
        ("account", "account=999999"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(viewer, anna, purse, field, query, file):
    path = f"/customers/{anna.id}/wallet/statement.csv?{query}" if file else address(anna, query)
    answer = viewer.get(path)
    shown = page(answer)
    assert answer.status_code == 422
    assert [name for name in ("account", "first", "last") if shown.error(name)] == [field]


def test_the_wallet_of_somebody_else_is_refused(viewer, anna, purse):
    other = money.wallet(name="Борис", balance=77_700)
    for path in (address(anna, f"account={other}"), f"/customers/{anna.id}/wallet/statement.csv?account={other}"):
        answer = viewer.get(path)
        assert answer.status_code == 422 and "777" not in answer.text


def test_a_closed_wallet_still_has_one_and_no_wallet_has_none(viewer, anna):
    assert "No wallet yet" in page(viewer.get(address(anna))).one(id="content").text
    account = money.wallet_of(anna.id)
    accounts.set_status(people.CLI, account, "closed")
    assert viewer.get(address(anna, f"account={account}")).status_code == 200


def test_the_partial_is_the_statement_alone(viewer, anna, busy):
    part = page(viewer.get(address(anna), htmx=True))
    assert [root["id"] for root in part.roots] == [f"statement-{anna.id}"]


def test_strangers_customers_missing_ones_and_other_methods(client, stranger, viewer, anna, purse):
    for path in (address(anna), f"/customers/{anna.id}/wallet/statement.csv"):
        assert [one.get(path).status_code for one in (client, stranger)] == [302, 404]
        assert viewer.get(path.replace(f"/{anna.id}/", "/999999/")).status_code == 404
        assert viewer.post(path).status_code == 405
