"""Exports of other programs are known by their headers, and become customers without a person's help."""

from pathlib import Path

import pytest

from crm.services.importing import file, presets, proposals
from crm.services.importing.proposals import Proposal
from crm.services.importing.rows import Format, Row, parse

EXPORTS = Path(__file__).parent.parent / "files" / "exports"
HOME, WORK, MOBILE = "Home", "Work", "Mobile"


def read(name: str) -> tuple[Proposal, list[str], list[Row]]:
    """What is proposed for a file, its header, and its rows as they would be taken."""
    path = EXPORTS / name
    layout = file.examine(path)
    header = layout.header.columns
    proposal = proposals.propose(header, near=False)
    form = Format(header, proposal.plan, "RU", "RUB", frozenset({"RUB"}))
    return proposal, header, [parse(number, cells, form) for number, cells in layout.rows(path)]


def channels(row: Row) -> list[tuple[str, str, str, bool]]:
    return [(one.type, one.normalized, one.label, one.is_primary) for one in row.data.channels]


def about(row: Row) -> tuple[str, ...]:
    data = row.data
    return (data.name, data.kind, data.company, data.city, data.notes, data.external_id, ",".join(data.tags))


def test_google_contacts():
    proposal, _header, (anna, boris) = read("google-contacts.csv")
    assert proposal.source == "Google Contacts" and (anna.error, boris.error) == ("", "")
    assert about(anna) == ("Anna Petrovna Ivanova", "person", "Globex", "Tver", "Calls in the evening", "", "vip")
    assert channels(anna) == [
        ("email", "anna@example.org", HOME, False),
        ("email", "a.ivanova@example.com", WORK, True),
        ("email", "office@example.com", WORK, False),
        ("phone", "+79123456789", MOBILE, True),
        ("website", "https://example.com/anna", "Profile", True),
    ]
    assert channels(boris) == [("phone", "+74951000000", WORK, True)]


def test_google_contacts_of_the_older_kind():
    proposal, _header, (anna,) = read("google-contacts-old.csv")
    assert (proposal.source, anna.error) == ("Google Contacts", "")
    assert about(anna) == ("Anna Ivanova", "person", "Globex", "Tver", "Calls in the evening", "", "vip")
    assert channels(anna) == [
        ("email", "anna@example.org", WORK, True),
        ("phone", "+79123456789", MOBILE, True),
        ("phone", "+74951000000", HOME, False),
    ]


def test_outlook():
    proposal, _header, (anna,) = read("outlook.csv")
    assert (proposal.source, anna.error) == ("Outlook", "")
    assert about(anna) == ("Anna P. Ivanova", "person", "Globex", "Tver", "Calls in the evening", "", "vip,new")
    assert channels(anna) == [
        ("phone", "+74951000000", WORK, True),
        ("phone", "+79123456789", MOBILE, False),
        ("email", "anna@example.org", "", True),
        ("email", "a.ivanova@example.com", "", False),
        ("website", "http://example.com/anna", "", True),
    ]


def test_outlook_in_russian():
    proposal, _header, (anna,) = read("outlook-ru.csv")
    assert (proposal.source, anna.error) == ("Outlook", "")
    assert about(anna)[:3] == ("Анна Петровна Иванова", "person", "ООО «Ромашка»")
    assert (anna.data.notes, anna.data.tags) == ("Звонить вечером", ["vip", "опт"])
    assert channels(anna) == [
        ("phone", "+74951000000", WORK, True),
        ("phone", "+79123456789", MOBILE, False),
        ("email", "anna@example.org", "", True),
        ("email", "a.ivanova@example.com", "", False),
    ]


def test_hubspot():
    proposal, _header, (anna,) = read("hubspot.csv")
    assert (proposal.source, anna.error) == ("HubSpot", "")
    assert about(anna) == ("Anna Ivanova", "person", "Globex", "Tver", "", "8001", "")
    assert channels(anna) == [
        ("email", "anna@example.org", "", True),
        ("phone", "+74951000000", "", True),
        ("phone", "+79123456789", MOBILE, False),
        ("email", "a.ivanova@example.com", "Other", False),
        ("email", "office@example.com", "Other", False),
    ]


def test_amocrm_with_people_and_companies():
    proposal, _header, (anna, company) = read("amocrm.csv")
    assert proposal.source == "amoCRM" and (anna.error, company.error) == ("", "")
    notes = "Звонить вечером\nНе писать"
    assert about(anna) == ("Анна Иванова", "person", "ООО «Ромашка»", "", notes, "12345", "vip,опт")
    assert channels(anna) == [
        ("phone", "+74951000000", WORK, True),
        ("phone", "+79123456789", MOBILE, False),
        ("email", "anna@example.org", WORK, True),
        ("email", "a.ivanova@example.com", HOME, False),
        ("website", "https://example.com", "", True),
    ]
    assert (company.data.name, company.data.kind) == ("ООО «Лютик»", "company")


def test_bitrix24_in_russian():
    proposal, _header, (anna,) = read("bitrix24.csv")
    assert (proposal.source, anna.error) == ("Bitrix24", "")
    assert about(anna) == ("Анна Петровна Иванова", "person", "ООО «Ромашка»", "Тверь", "Звонить вечером", "77", "")
    assert channels(anna) == [
        ("phone", "+74951000000", WORK, True),
        ("phone", "+74951000001", WORK, False),
        ("phone", "+79123456789", MOBILE, False),
        ("vk", "anna_i", "", True),
        ("email", "anna@example.org", WORK, True),
        ("email", "a.ivanova@example.com", HOME, False),
        ("telegram", "anna_i", "", True),
    ]


def test_bitrix24_in_english():
    proposal, _header, (anna,) = read("bitrix24-en.csv")
    assert (proposal.source, anna.error) == ("Bitrix24", "")
    assert about(anna) == ("Anna Ivanova", "person", "Globex", "Tver", "Calls in the evening", "77", "")
    assert [one.label for one in anna.data.channels] == [WORK, MOBILE, WORK, HOME, ""]


def test_bitrix24s_companies_are_companies():
    proposal, _header, (company,) = read("bitrix24-companies.csv")
    assert (proposal.source, company.error) == ("Bitrix24", "")
    assert about(company)[:4] == ("ООО «Ромашка»", "company", "", "Тверь")
    assert company.data.external_id == ""  # a contact may have the same number


def test_a_deal_is_not_the_customer_who_made_it():
    header = "ID;Название сделки;Теги;Примечание 2;Полное имя контакта;Компания контакта;Рабочий телефон;Рабочий email"
    proposal = proposals.propose(header.split(";"))
    assert proposal.source == "amoCRM"
    assert proposal.plan.fields == [None, None, None, None, "name", "company", "phone", "email"]


@pytest.mark.parametrize("name", sorted(path.name for path in EXPORTS.iterdir()))
def test_no_fax_and_no_deal_becomes_anything(name):
    proposal, header, _rows = read(name)
    for column, place in zip(proposal.plan.columns, header, strict=True):
        if any(word in place.casefold() for word in ("fax", "факс", "owner", "ответств", "сделк", "photo", "birth")):
            assert column.field is None, place


def test_a_preset_never_gives_one_name_to_two_fields():
    for preset in presets.PRESETS:
        said = [presets.spelled(name) for names in preset.fields.values() for name in names.split(",")]
        once = [name for name in set(said) if said.count(name) > 1 and "#" not in name]
        assert once == [], preset.name


def test_a_header_of_nobody_known_has_no_source():
    assert proposals.propose(["First Name", "Last Name", "Email"]).source == ""
