"""Laws of a spreadsheet of payments: whose wallet a row means, what it asks for, and what is wrong with it."""

import csv
import io

import pytest

from crm.db import atomic, db
from crm.errors import Invalid, NotFound
from crm.models import ExchangeRate, Payment, PaymentBatch
from crm.models.currency import SCALE
from crm.services import accounts, posting
from crm.services.audit import Actor
from crm.services.paying import uploads
from crm.services.wallet import WalletService
from tests import money, people
from tests.money import SERVICE


@pytest.fixture(autouse=True)
def sound_ledger(app):
    yield
    money.check_ledger()


@pytest.fixture
def clerk(boris) -> Actor:
    return Actor(boris.id, "127.0.0.1")


@pytest.fixture
def anna(app) -> int:
    """The rouble wallet of a customer with an external id, an e-mail and a phone: 1 000.00."""
    customer = people.add("Анна", external_id="C1", email="anna@example.com", phone="+79120000001")
    return money.wallet_of(customer.id, balance=100_000)


@pytest.fixture
def ivan(app) -> int:
    return money.wallet_of(people.add("Иван", external_id="C2").id)


def keep(clerk: Actor, text: str | bytes, name: str = "payments.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    return uploads.get(clerk, uploads.keep(clerk, io.BytesIO(data), name))


def check(clerk: Actor, text: str | bytes, may_adjust: bool = False):
    return uploads.check(clerk, keep(clerk, text), may_adjust)


def asked(sheet) -> list[tuple]:
    assert sheet.problems == []
    return [(one.kind.value, one.amount, one.from_account, one.to_account, one.source) for one in sheet.movements]


def wrong(clerk: Actor, text: str, may_adjust: bool = False) -> list[tuple[int, str]]:
    sheet = check(clerk, text, may_adjust)
    assert not sheet.is_clean
    return [(problem.row, problem.column) for problem in sheet.problems]


@pytest.mark.parametrize("who", ["C1", "ANNA@example.com", "8 912 000-00-01", "+7 912 000 00 01"])
def test_a_customer_is_known_by_external_id_email_and_phone(clerk, anna, who):
    sheet = check(clerk, f"kind;customer;amount;currency\ndeposit;{who};10,50;RUB\n")
    assert asked(sheet) == [("deposit", 1050, None, anna, "bank_transfer")]


def test_a_wallet_is_known_by_its_number(clerk, anna, ivan):
    sheet = check(clerk, f"kind,account,amount,to account\ntransfer,{anna},5,{ivan}\nspend,{anna}.0,1,\n")
    assert asked(sheet) == [("transfer", 500, anna, ivan, None), ("spend", 100, anna, None, "sales")]


def test_russian_names_and_words_are_understood(clerk, anna, ivan):
    text = (
        "Отчёт за ноябрь\nВид платежа;Клиент;Сумма;Валюта;Способ оплаты;Получатель;Назначение;№ документа\n"
        "Пополнение;C1;1 250,50;руб.;Наличные;;Аванс;7\nПеревод;C1;10;₽;;C2;;8\nВывод;C1;3;;карта;;;9\n"
    )
    sheet = check(clerk, text.replace("₽", "руб").encode("cp1251"))
    assert asked(sheet) == [
        ("deposit", 125_050, None, anna, "cash"),
        ("transfer", 1000, anna, ivan, None),
        ("withdrawal", 300, anna, None, "card"),
    ]
    assert [one.key for one in sheet.movements] == ["7", "8", "9"] and sheet.movements[0].description == "Аванс"


def test_a_conversion_goes_to_the_other_wallet_of_the_owner(clerk, anna, app):
    owner = people.add("Олег", external_id="C3").id
    rub, usd = money.wallet_of(owner, balance=100), money.wallet_of(owner, "USD")
    with atomic() as session:
        session.add(ExchangeRate(from_currency="RUB", to_currency="USD", rate=SCALE // 2, valid_from=money.EARLY))
    sheet = check(clerk, "kind,customer,amount,currency,to currency\nconversion,C3,1,RUB,\nобмен,C3,1,RUB,usd\n")
    assert asked(sheet) == [("conversion", 100, rub, usd, None)] * 2
    assert [(one.to_currency, one.exchange.amount) for one in sheet.drafts] == [("USD", 50)] * 2


def test_an_adjustment_may_be_taken_and_is_for_administrators(clerk, anna):
    text = "kind,customer,amount,description\nadjustment,C1,5,A mistake\nadjustment,C1,−3,A mistake\n"
    assert asked(check(clerk, text, may_adjust=True)) == [
        ("adjustment", 500, None, anna, "adjustment"),
        ("adjustment", 300, anna, None, "adjustment"),
    ]
    assert wrong(clerk, text) == [(2, "kind"), (3, "kind")]


def test_the_first_open_wallet_in_the_currency_is_meant(clerk, anna, app):
    owner = people.add("Олег", external_id="C3").id
    frozen, second, _third = (money.wallet_of(owner) for _time in range(3))
    accounts.set_status(clerk, frozen, "frozen")
    assert asked(check(clerk, "kind,customer,amount\ndeposit,C3,1\n"))[0][3] == second
    money.wallet_of(owner, "USD")
    assert wrong(clerk, "kind,customer,amount\ndeposit,C3,1\n") == [(2, "Currency")]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("gift,C1,,1,RUB,,,,", "kind"),
        (",C1,,1,RUB,,,,", "kind"),
        ("deposit,C9,,1,RUB,,,,", "customer"),
        ("deposit,,,1,RUB,,,,", "customer"),
        ("deposit,,999999,1,RUB,,,,", "account"),
        ("deposit,,Anna,1,RUB,,,,", "account"),
        ("deposit,,{ivan},1,USD,,,,", "currency"),
        ("deposit,C1,{ivan},1,,,,,", "customer"),
        ("deposit,C1,,1,USD,,,,", "customer"),
        ("deposit,C1,,1,hat,,,,", "currency"),
        ("deposit,C1,,0,RUB,,,,", "amount"),
        ("deposit,C1,,,RUB,,,,", "amount"),
        ("deposit,C1,,-1,RUB,,,,", "amount"),
        ('deposit,C1,,"1,250.00",RUB,,,,', "amount"),
        ("deposit,C1,,1.001,RUB,,,,", "amount"),
        ("deposit,C1,,1e5,RUB,,,,", "amount"),
        ("deposit,C1,,1,RUB,sales,,,", "source"),
        ("spend,C1,,1,RUB,cash,,,", "source"),
        ("deposit,C1,,1,RUB,,C2,,", "to customer"),
        ("transfer,C1,,1,RUB,,,,", "to customer"),
        ("transfer,C1,,1,RUB,,C1,,", "to customer"),
        ("transfer,C1,,1,RUB,,C9,,", "to customer"),
        ("conversion,C1,,1,RUB,,,,", "to customer"),
        ("conversion,C1,,1,RUB,,C2,,", "to customer"),
        ("deposit,C1,,1,RUB,,," + "x" * 501 + ",", "description"),
        ("deposit,C1,,1,RUB,,,," + "k" * 201, "key"),
        ("adjustment,C1,,1,RUB,,,,", "kind"),
    ],
)
def test_what_is_wrong_is_said_by_row_and_column(clerk, anna, ivan, row, column):
    head = "kind,customer,account,amount,currency,source,to customer,description,key\n"
    before = money.everything()
    assert wrong(clerk, f"{head}\ndeposit,C1,,1,,,,,\n{row.format(ivan=ivan)}\n") == [(4, column)]
    assert money.everything() == before


def test_a_customer_who_cannot_be_told_from_another_is_asked_for_by_wallet(clerk, anna):
    people.add("Сестра", phone="+79120000001", allow_duplicate=True)
    sheet = check(clerk, "kind,customer,amount\ndeposit,+79120000001,1\n")
    assert [problem.column for problem in sheet.problems] == ["customer"] and "Several" in sheet.problems[0].message


def test_frozen_wallets_and_keys_that_were_used_are_told(clerk, anna, ivan):
    accounts.set_status(clerk, ivan, "frozen")
    WalletService(clerk).deposit(anna, 5, key="a")
    text = f"kind,account,amount,key\ndeposit,{ivan},1,\ndeposit,{anna},6,a\ndeposit,{anna},1,b\nspend,{anna},1,b\n"
    assert wrong(clerk, text) == [(2, "account"), (3, "key"), (5, "key")]


def test_all_of_it_is_accepted_and_posted_in_the_order_of_the_file(clerk, anna, ivan):
    rows = f"deposit,{ivan},5,", f"spend,{ivan},5,", f"spend,{ivan},1,", f"transfer,{anna},7,{ivan}"
    text = "\n".join(("kind,account,amount,to account", *rows))
    upload = keep(clerk, text)
    batch_id = uploads.accept(clerk, upload, False)
    assert posting.drain() == (3, 1)
    db.session.rollback()
    batch = db.session.query(PaymentBatch).one()
    assert (batch.id.hex, batch.name, batch.count, batch.created_by_id) == (batch_id, "payments.csv", 4, clerk.user_id)
    assert (SERVICE.balance(anna), SERVICE.balance(ivan)) == (99_300, 700)


def test_the_same_file_pays_once_whoever_sends_it(clerk, anna, alice):
    text = "kind,customer,amount\ndeposit,C1,1\ndeposit,C1,1\n"
    upload = keep(clerk, text)
    first = uploads.accept(clerk, upload, False)
    assert uploads.accept(clerk, upload, False) == first  # a double click
    again = keep(clerk, text)
    assert uploads.check(clerk, again, False).repeated == 2
    assert uploads.accept(clerk, again, False) == first
    other = Actor(alice.id, "127.0.0.1")
    sheet = check(other, text)
    assert not sheet.is_clean and sheet.sender == ("Boris", first)
    with pytest.raises(Invalid):
        uploads.accept(other, keep(other, text), False)
    assert posting.drain() == (2, 0) and SERVICE.balance(anna) == 100_200
    db.session.rollback()
    assert db.session.query(PaymentBatch).count() == 1


def test_a_row_that_was_paid_by_another_file_is_not_paid_again(clerk, anna):
    uploads.accept(clerk, keep(clerk, "kind,customer,amount,key\ndeposit,C1,1,7\n"), False)
    sheet = check(clerk, "kind,customer,amount,key\ndeposit,C1,1,7\ndeposit,C1,2,8\n")
    assert (sheet.is_clean, sheet.repeated, [draft.key for draft in sheet.drafts]) == (True, 1, ["8"])


def test_what_went_wrong_since_the_check_stops_all_of_it(clerk, anna, ivan):
    upload = keep(clerk, f"kind,account,amount\ndeposit,{anna},1\ndeposit,{ivan},1\n")
    assert uploads.check(clerk, upload, False).is_clean
    accounts.set_status(clerk, ivan, "frozen")
    with pytest.raises(Invalid):
        uploads.accept(clerk, upload, False)
    db.session.rollback()
    assert db.session.query(Payment).filter_by(status="INITIATED").count() == 0


def test_the_file_comes_back_with_what_is_wrong(clerk, anna):
    text = "kind;customer;amount;error\ndeposit;C1;1;old\ndeposit;=C9;x;old\n"
    sheet = check(clerk, text)
    lines = list(csv.reader(io.StringIO("".join(sheet.errors_csv()).removeprefix("\ufeff")), delimiter=";"))
    assert lines[0] == ["kind", "customer", "amount", "error"] and lines[1] == ["deposit", "C1", "1", ""]
    assert lines[2][:3] == ["deposit", "'=C9", "x"] and lines[2][3].startswith("customer: No customer")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"kind,customer,amount\n",
        b"name,phone\nAnna,1\n",
        b"%PDF-1.7",
        b"PK\x03\x04broken",
        b"kind,customer,amount\n" + b"deposit,C1,1\n" * 10_001,
    ],
)
def test_a_file_that_cannot_be_is_refused_and_not_kept(app, clerk, data):
    with pytest.raises(Invalid) as refused:
        keep(clerk, data)
    assert list(refused.value.fields) == ["file"]
    assert not any(path.is_file() for path in (app.config["CRM_INSTANCE"] / "uploads").rglob("*"))


def test_an_upload_is_its_senders_alone(clerk, anna, alice):
    upload = keep(clerk, "kind,customer,amount\ndeposit,C1,1\n")
    for actor, token in [(Actor(alice.id, ""), upload.token), (clerk, "0" * 32), (clerk, "../x"), (clerk, "")]:
        with pytest.raises(NotFound):
            uploads.get(actor, token)


def test_checking_costs_as_many_statements_however_many_rows(clerk, anna, ivan, count_statements):
    def cost(rows: int) -> int:
        upload = keep(clerk, "kind,customer,amount\n" + "deposit,C1,1\nspend,C2,1\n" * rows)
        with count_statements() as statements:
            uploads.check(clerk, upload, False)
        return len(statements)

    assert cost(1) == cost(200) <= 10
