"""The law of export and import: what goes out and comes in again, in any format, changes nothing at all."""

import io

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from crm.db import db
from crm.models import ContactChannel, Customer
from crm.services import customers, imports
from crm.services.customer_data import ChannelData, CustomerData
from crm.services.exporting import customers as exported
from crm.services.exporting import files
from crm.services.importing.choices import Choices
from crm.services.importing.chunks import Pace
from crm.services.search import Criteria
from tests import databases, money
from tests.people import CLI
from tests.uploads import checked, counts, errors, take

ALL = Criteria(status="")
AWKWARD = [
    "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "'=x", "''@x", "'", "'quoted'", '"', 'a "b" c', "a,b;c", "a\\b",
    "00123", "0", "1E5", "1.50", "1,5", "+79120000010", "2024-01-01", "01.02.2024", "12:30", "NULL", "null", "None",
    "TRUE", "nan", "#N/A", "#REF!", "<b>x</b>", "{{ 7*7 }}", "${x}", "Robert'); DROP TABLE customers;--", "a ::: b",
    ":::", "😀 Анна 👩‍👩‍👧", "علي\u200f", "\u200eשלום", "Zoë Ångström", "ﬁ ½ ²", "ё Ё й", "_x000D_", "_x0041_", "%s%n",
    "x" * 100, "* starred", "a|b", "\\N", "-", "--", "x;=cmd|' /C calc'!A0;", "c;'=d",
    ";''+1", "'a;'=b", "=", "@", "+", "…", "a\u0301",
]  # fmt: skip
NOTES = [
    '=1\nдва,\t"три"\r\n+4',
    "a\u00a0b",
    "первая\n\nтретья",
    "x\t" * 4_000,
    "  в\nначале",
    "'=a\n'=b",
    "a;'=b\n=c\t@d\r\n''-e",
    "::: ::: :::",
]


def _populate() -> None:
    for number, text in enumerate(AWKWARD):
        customers.create(
            CLI,
            CustomerData(
                text,
                kind="company" if number % 2 else "person",
                company=text,
                city=text,
                notes=NOTES[number % len(NOTES)] if number % 2 else text,
                external_id=f"{text[:80]}{'' if number % 3 else number}",
                tags=[text.translate({ord(","): " ", ord(";"): " "})[:50], "опт (розница)", "vip"],
                attributes={text[:40].strip(): text, "Размер": "42", "Phone": "=A1"},
                channels=_channels(number, text),
            ),
            allow_duplicate=True,
        )


def _channels(number: int, text: str) -> list[ChannelData]:
    return [
        ChannelData("phone", f"8 912 345-{number:02}-67", "Work"),
        ChannelData("phone", f"+7 (912) 346-{number:02}-68", text[:40], is_primary=True),
        ChannelData("phone", f"+44 7400 1234{number:02}"),
        ChannelData("email", f"Anna+{number}@Example.com", "* дом"),
        ChannelData("email", f"anna.{number}@почта.рф"),
        ChannelData("telegram", f"@Anna_{number}"),
        ChannelData("website", f"https://example.com/{number}?a=:::&b=1,2;3"),
        ChannelData("other", f"{text} {number}"),
        ChannelData("other", f"ещё ::: {number}", "a ::: b", is_primary=True),
    ]


@pytest.fixture
def everybody(app) -> None:
    _populate()
    first, second, third = sorted(db.session.scalars(select(Customer.id)))[:3]
    money.wallet_of(first, balance=125_050)
    money.wallet_of(first, balance=50)
    money.wallet_of(first, "USD", balance=1)
    money.wallet_of(second)
    debtor = money.wallet_of(third, overdraft=1_000)
    money.SERVICE.spend(debtor, 999)


def _file(format_: str, locale: str) -> bytes:
    file = io.BytesIO()
    with force_locale(locale):
        files.write(exported.sheet(ALL), format_, file, lambda _rows: None)
    return file.getvalue()


def _imported(data: bytes, format_: str, on_duplicate: str):
    upload = imports.accept(CLI, io.BytesIO(data), f"customers.{format_}", Choices(on_duplicate), start=False)
    imports.run(upload.id)
    db.session.rollback()
    done = imports.get(upload.id)
    assert (done.status, done.failed) == ("done", 0), "".join(imports.failures_csv(done.id))[:2_000]
    return done


def _stored() -> list[tuple]:
    """Everything that a file can bring back, without ids."""
    found = []
    for one in db.session.scalars(select(Customer).order_by(Customer.id).execution_options(populate_existing=True)):
        order = (ContactChannel.is_primary.desc(), ContactChannel.id)
        channels = db.session.scalars(
            select(ContactChannel).where(ContactChannel.customer_id == one.id).order_by(*order)
        )
        contacts = {}
        for channel in channels:
            told = (channel.value, channel.normalized, channel.label, channel.is_primary)
            contacts.setdefault(channel.type, []).append(told)
        texts = (one.name, one.kind, one.company, one.city, one.notes, one.external_id)
        found.append((*texts, sorted(tag.name for tag in one.tags), one.attributes, contacts))
    return found


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
def test_nothing_changes_when_a_file_comes_back(everybody, format_, locale):
    before = _stored()
    done = _imported(_file(format_, locale), format_, "update")
    assert (done.unchanged, done.updated, done.created, done.skipped) == (len(AWKWARD), 0, 0, 0)
    assert _stored() == before


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
def test_everything_is_there_again_in_an_empty_database(app, run, format_):
    _populate()
    before, data = _stored(), _file(format_, "ru")
    db.session.rollback()
    databases.empty(app, run)
    assert _imported(data, format_, "create").created == len(AWKWARD)
    for old, new in zip(before, _stored(), strict=True):
        assert new == old


def test_a_row_with_more_own_fields_than_a_customer_has_fails_at_the_last(app):
    names = [f"Field: n{number}" for number in range(31)]
    done = take(f"name,{','.join(names)}\nAnna,{','.join('x' * 31)}\nBoris,{',' * 30}x\n")
    assert (done.created, done.failed) == (1, 1)


@pytest.mark.parametrize("on_duplicate", ["update", "skip"])
@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
def test_who_has_no_key_of_their_own_is_known_by_the_number_of_the_export(app, format_, on_duplicate):
    shared = [ChannelData("phone", "8 912 345-67-89")]
    for name, channels in (("Anna", []), ("Anna", []), ("Web", [ChannelData("website", "example.com")]),
                           ("Ivan", shared), ("Vera", shared)):  # fmt: skip
        customers.create(CLI, CustomerData(name, channels=channels), allow_duplicate=True)
    before = _stored()
    done = _imported(_file(format_, "ru"), format_, on_duplicate)
    assert (done.created, done.updated, done.unchanged + done.skipped) == (0, 0, 5)
    assert _stored() == before


@pytest.mark.parametrize("on_duplicate", ["update", "skip"])
def test_the_number_of_an_export_means_nobody_of_another_name(app, on_duplicate):
    anna = customers.create(CLI, CustomerData("Anna", channels=[ChannelData("website", "example.com")]))
    done = take(f"CRM ID,name,website\n{anna.id},Vera,\n{anna.id},Vera,example.com\nA-17,Boris,\n", on_duplicate)
    assert counts(done) == {"created": 3}


@pytest.mark.parametrize("on_duplicate", ["update", "skip"])
@pytest.mark.parametrize("row", ["Anna,Z9,,", "Anna,,anna@example.com,", "Anna,,,+79123456788", "anna,,,"])
def test_who_has_the_number_and_the_name_but_other_contacts_is_neither_changed_nor_made_twice(app, row, on_duplicate):
    anna = customers.create(CLI, CustomerData("Anna", channels=[ChannelData("phone", "+79123456789")]))
    done = take(f"CRM ID,name,external id,email,phone,balance\n{anna.id},{row},5\n", on_duplicate)
    assert counts(done) == {"failed": 1}
    assert errors(done) == [
        f"Anna with the CRM ID {anna.id} has other contacts here. Mend them, or leave the ID blank."
    ]


def test_the_number_chooses_among_those_who_share_a_contact(app):
    shared = [ChannelData("phone", "+79123456789")]
    anna, boris = (
        customers.create(CLI, CustomerData(name, channels=shared), allow_duplicate=True) for name in ("Anna", "Boris")
    )
    for one in (anna, boris):
        customers.set_archived(CLI, one.id, True)
    rows = f"CRM ID,name,phone\n{boris.id},Boris,+79123456789\n"
    assert counts(take(rows, "skip", restore=True)) == {"updated": 1}
    db.session.expire_all()
    assert {one.name: one.status for one in db.session.scalars(select(Customer))} == {
        "Anna": "archived",
        "Boris": "active",
    }


@pytest.mark.parametrize("names", [("Anna",), ("Anna", "Boris")])
def test_a_number_is_known_however_late_it_comes_again(app, names, monkeypatch):
    monkeypatch.setattr(Pace, "limit", 20)
    shared = [ChannelData("phone", "+79123456789"), ChannelData("email", "f@example.com")] if len(names) > 1 else []
    people = [customers.create(CLI, CustomerData(name, channels=shared), allow_duplicate=True) for name in names]
    mine = f"{people[0].id},Anna,{','.join(one.value for one in shared) or ','}"
    others = "".join(f",Nobody {number},,,\n" for number in range(100))
    data = f"CRM ID,name,phone,email,city\n{mine},Tver\n{others}{mine},Perm\n"
    foreseen = checked(data, on_duplicate="update")
    assert counts(take(data, "update")) == counts(foreseen) == {"created": 100, "updated": 2}


def test_no_cell_begins_with_a_formula_where_a_program_goes_by_semicolons(app):
    _populate()
    for line in _file("csv", "ru").decode().splitlines():
        for cell in line.replace("\t", ";").split(";"):
            assert not cell.lstrip('"').startswith(("=", "@")), cell


@pytest.mark.parametrize("on_duplicate", ["update", "skip"])
def test_the_number_of_an_export_never_means_who_came_with_the_same_file(app, on_duplicate, monkeypatch):
    monkeypatch.setattr(Pace, "limit", 20)
    last = customers.create(CLI, CustomerData("Boris")).id
    rows = "".join(f"{last + number if number % 2 else ''},Anna,{number}\n" for number in range(1, 201))
    data = f"CRM ID,name,balance\n{rows}{last},Boris,\n"
    foreseen = checked(data, on_duplicate=on_duplicate)
    done = take(data, on_duplicate)
    assert (
        counts(done) == counts(foreseen) == {"created": 200, "unchanged" if on_duplicate == "update" else "skipped": 1}
    )
    assert sum(one.amount for one in imports.openings(done.id)) == 100 * sum(range(1, 201))


def test_debts_do_no_harm_where_no_balance_is_touched(app):
    debtor = customers.create(CLI, CustomerData("Anna", external_id="A1"))
    money.SERVICE.spend(money.wallet_of(debtor.id, overdraft=1_000), 999)
    rows = "external_id,name,city,balance\nA1,Anna,Tver,{}\n"
    assert counts(take(rows.format("-9.99"))) == {"skipped": 1}
    assert counts(take(rows.format("-1.00"), "update")) == {"failed": 1}
    assert counts(take(rows.format("-1.00"), "update", policies={"balance": "never"})) == {"updated": 1}
    for debt in ("-9.99", "−9,99", "- 9.99"):
        assert counts(take(rows.format(f'"{debt}"'), "update")) == {"unchanged": 1}
