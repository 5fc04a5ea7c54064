"""A row becomes a customer, or a list of all that is wrong with it."""

from typing import Any

import pytest

from crm.services.importing.plan import Column, Plan
from crm.services.importing.rows import Format, Row, parse, rows

CURRENCIES = frozenset({"RUB", "USD", "EUR", "JPY", "KWD"})


def row_of(cells: dict[str, str] | list[str], columns: list[str] | None = None) -> Row:
    """The row of these cells; the columns are called as their fields are, unless they are given."""
    if isinstance(cells, list):
        fields = [column.split(" ")[0] for column in columns or []]
        return parse(2, cells, Format(columns or [], Plan.of_fields(fields), "RU", "RUB", CURRENCIES))
    names = list(cells) if "name" in cells or "first_name" in cells else ["name", *cells]
    values = list(cells.values()) if len(names) == len(cells) else ["Anna", *cells.values()]
    return parse(2, values, Format(names, Plan.of_fields(names), "RU", "RUB", CURRENCIES))


def channels(row: Row) -> list[tuple[str, str, bool]]:
    return [(channel.type, channel.normalized, channel.is_primary) for channel in row.data.channels]


def test_every_field_is_taken():
    row = row_of(
        {
            "name": " Анна   Иванова ",
            "kind": "Юр. лицо",
            "company": "ООО «Ромашка»",
            "city": "Тверь",
            "notes": "one\r\ntwo",
            "external_id": "C1",
            "tags": "vip, опт;VIP",
            "phone": "8 (912) 345-67-89",
            "email": "Anna@Example.COM",
            "telegram": "@Anna_I",
            "currency": "usd",
            "wallet_balance": "1 250,50",
        }
    )
    assert row.error == ""
    data = row.data
    assert (data.name, data.kind, data.company, data.city) == ("Анна Иванова", "company", "ООО «Ромашка»", "Тверь")
    assert (data.notes, data.external_id, data.tags) == ("one\ntwo", "C1", ["vip", "опт"])
    assert channels(row) == [
        ("phone", "+79123456789", True),
        ("email", "anna@example.com", True),
        ("telegram", "anna_i", True),
    ]
    assert row.keys == (
        ("external_id", "C1"),
        ("email", "anna@example.com"),
        ("phone", "+79123456789"),
        ("telegram", "anna_i"),
    )
    assert row.openings == (("USD", 125050),)
    assert row.derived["phone_key"] == "+79123456789"


def test_names_in_parts_are_joined_in_the_order_of_the_columns():
    assert row_of({"last_name": "Иванова", "first_name": "Анна", "middle_name": ""}).data.name == "Иванова Анна"
    assert row_of({"first_name": "Anna", "last_name": "Ivanova"}).data.name == "Anna Ivanova"


def test_a_whole_name_goes_before_its_parts():
    assert row_of({"first_name": "A", "name": "Anna Ivanova"}).data.name == "Anna Ivanova"
    assert row_of({"first_name": "Anna", "name": " "}).data.name == "Anna"


def test_several_values_in_a_cell_and_in_columns_all_count_and_the_first_is_the_main_one():
    columns = ["name", "email 1", "email 2", "tags"]
    row = row_of(["Anna", "a@example.com ::: b@example.com", "c@example.com", "* myContacts ::: vip ::: new"], columns)
    assert channels(row) == [
        ("email", "a@example.com", True),
        ("email", "b@example.com", False),
        ("email", "c@example.com", False),
    ]
    assert row.data.tags == ["vip", "new"]


def test_a_channel_that_stands_twice_is_one():
    row = row_of(["Anna", "+79123456789", "8 912 345 67 89"], ["name", "phone 1", "phone 2"])
    assert channels(row) == [("phone", "+79123456789", True)]


def test_missing_cells_are_blank_and_blank_ones_too_many_do_no_harm():
    assert row_of(["Anna"], ["name", "city"]).data.city == ""
    assert row_of(["Anna", "Tver", "", " "], ["name", "city"]).error == ""


def test_cells_beyond_the_header_fail_the_row():
    assert (
        row_of(["Anna", "Tver", "x"], ["name", "city"]).error == "This row has 1 cell more than the header has columns."
    )
    assert row_of(["Anna", "Tver", "", "x"], ["name", "city"]).error.startswith("This row has 2 cells more")


@pytest.mark.parametrize(
    ("cells", "error"),
    [
        ({"name": "  "}, "name: Enter a name."),
        ({"first_name": " ", "last_name": ""}, "first_name: Enter a name."),
        ({"name": "x" * 201}, "name: This is longer than 200 characters."),
        ({"name": "An\x00na"}, "name: This has characters that cannot be shown."),
        ({"notes": "a\x07b"}, "notes: This has characters that cannot be shown."),
        ({"email": "not-an-email"}, "email: not-an-email is not a valid e-mail address."),
        ({"phone": "+7 000"}, "phone: +7 000 is not a valid phone number."),
        ({"phone": "7.91E+10"}, "phone: Excel has shortened this number to 7.91E+10. Make the column text"),
        (
            {"phone": "12125790244"},
            "phone: 12125790244 is not a valid phone number. A number from abroad begins",
        ),
        ({"telegram": "a b"}, "telegram: a b is not a valid user name."),
        ({"kind": "robot"}, "kind: robot is neither a person nor a company."),
        ({"tags": "x" * 51}, "tags: A tag is longer than 50 characters."),
        ({"wallet_balance": "12,5,0"}, "wallet_balance: 12,5,0 is not an amount; write it like 1250.50."),
        ({"wallet_balance": "1,250.00"}, "wallet_balance: 1,250.00 is not an amount"),
        ({"wallet_balance": "#REF!"}, "wallet_balance: #REF! is not an amount"),
        ({"wallet_balance": "01.02.2026"}, "wallet_balance: 01.02.2026 is not an amount"),
        ({"wallet_balance": "NaN"}, "wallet_balance: NaN is not an amount"),
        ({"wallet_balance": "-15.00"}, "wallet_balance: An amount cannot be negative."),
        ({"wallet_balance": "0.001"}, "wallet_balance: RUB has no more than 2 decimals."),
        ({"wallet_balance": "1.5", "currency": "JPY"}, "wallet_balance: JPY has no more than 0 decimals."),
        ({"wallet_balance": "9" * 17}, "wallet_balance: This amount is too large."),
        ({"wallet_balance": "1", "currency": "XYZ"}, "currency: XYZ is not a currency; write a code such as RUB."),
        ({"wallet_balance": "", "currency": "gold"}, "currency: gold is not a currency"),
    ],
)
def test_an_invalid_cell_fails_the_row_with_its_columns_name(cells, error):
    row = row_of(cells)
    assert (row.error or row.debt).startswith(error)  # a debt is a fault unless the wallet owes it already


def test_all_faults_of_a_row_are_told():
    row = row_of({"name": "", "phone": "1", "email": "x", "wallet_balance": "-1"})
    assert row.error == (
        "phone: 1 is not a valid phone number. email: x is not a valid e-mail address. name: Enter a name."
        " wallet_balance: An amount cannot be negative."
    )


def test_a_sentence_never_carries_control_characters_into_the_database():
    assert "\x00" not in row_of({"wallet_balance": "1\x00"}).error


@pytest.mark.parametrize(
    ("cell", "number"),
    [("79120000008.0", "+79120000008"), ("9120000009", "+79120000009"), ("'+79120000010", "+79120000010")],
)
def test_what_excel_did_to_a_phone_is_mended(cell, number):
    assert channels(row_of({"phone": cell})) == [("phone", number, True)]


@pytest.mark.parametrize(
    ("currency", "balance"),
    [("", "0"), ("RUB", "33\u00a0232,30"), ("₽", "1"), ("руб.", "1"), ("kwd", "1.005"), ("", "")],
)
def test_good_balances_pass(currency, balance):
    assert row_of({"currency": currency, "wallet_balance": balance}).error == ""


def test_formulas_are_text_like_any_other():
    row = row_of({"name": "=cmd|' /C calc'!A0", "notes": "'=SUM(1+1)"})
    assert (row.data.name, row.data.notes) == ("=cmd|' /C calc'!A0", "=SUM(1+1)")


def test_blank_rows_are_left_out_and_numbers_are_those_of_the_spreadsheet():
    layout = Format(["name"], Plan.of_fields(["name"]), "RU", "RUB", CURRENCIES)
    records = [["title"], ["name"], [], ["Anna"], [" ", ""], ["Boris"], ["Vera"]]
    assert [(row.number, row.data.name) for row in rows(records, 1, layout)] == [(4, "Anna"), (6, "Boris"), (7, "Vera")]
    assert [row.number for row in rows(records, 1, layout, skip=2)] == [7]


def planned(columns: list[Column], *cells: str, **choices: Any) -> Row:
    """The row of these cells under a plan with these columns, each called as its field."""
    titles = [column.field or "unused" for column in columns]
    return parse(2, list(cells), Format(titles, Plan(tuple(columns), **choices), "RU", "RUB", CURRENCIES))


NAME = Column("name")
USD, EUR, ANY = (Column("wallet_balance", currency=code) for code in ("USD", "EUR", ""))


@pytest.mark.parametrize(
    ("type_", "cell", "normalized"),
    [
        ("email", "a@example.com; b@example.com,c@example.com", ["a@example.com", "b@example.com", "c@example.com"]),
        ("email", "a@example.com\nb@example.com;", ["a@example.com", "b@example.com"]),
        ("phone", "8 912 345-67-89; +1 212-579-0244", ["+79123456789", "+12125790244"]),
        ("phone", "8 912 345-67-89, 8 (495) 100-00-00", ["+79123456789", "+74951000000"]),
        ("phone", "8 912 345-67-89\r\n8 912 345-67-80 ::: ", ["+79123456789", "+79123456780"]),
        ("telegram", "@anna_i, @anna_two", ["anna_i", "anna_two"]),
        ("website", "example.com/?a=1;b,2\nexample.org", ["https://example.com?a=1;b,2", "https://example.org"]),
        ("other", "ICQ 1; 2, by night", ["icq 1; 2, by night"]),
    ],
)
def test_a_cell_may_hold_several_contacts(type_, cell, normalized):
    row = planned([NAME, Column(type_)], "Anna", cell)
    assert (row.error, [channel.normalized for channel in row.data.channels]) == ("", normalized)


def test_what_is_no_number_by_itself_does_not_cut_a_phone():
    assert channels(planned([NAME, Column("phone")], "Anna", "8 912 345-67-89, 12")) == [
        ("phone", "+79123456789", True)
    ]


def test_labels_stand_before_their_contacts_or_behind_them():
    label, phone = Column("label"), Column("phone", label="Other")
    labels = [channel.label for channel in planned([NAME, label, phone, label, phone], "Anna", "Home",
              "+79123456789", "", "+79123456780").data.channels]  # fmt: skip
    assert labels == ["Home", "Other"]
    behind = planned([NAME, phone, label, Column("email")], "Anna", "+79123456789", "Home", "a@example.com")
    assert [channel.label for channel in behind.data.channels] == ["Other", "Home"]
    assert planned([NAME, phone, label], "Anna", "+79123456789", "Home").data.channels[0].label == "Home"


def test_googles_star_marks_the_main_contact():
    columns = [NAME, Column("label"), Column("phone"), Column("label"), Column("phone")]
    row = planned(columns, "Anna", "Home", "+79123456789", "* Work", "+79123456780 ::: +79123456781")
    found = [(channel.label, channel.is_primary) for channel in row.data.channels]
    assert found == [("Home", False), ("Work", True), ("Work", False)]


def test_each_value_of_a_cell_may_have_a_label():
    row = planned([NAME, Column("label"), Column("email")], "Anna", "Work ::: Home", "a@example.com ::: b@example.com")
    assert [channel.label for channel in row.data.channels] == ["Work", "Home"]


def test_several_wallets_of_one_row():
    row = planned([NAME, USD, EUR, ANY, Column("currency")], "Anna", "10", "0", "5,50", "руб.")
    assert (row.error, row.openings) == ("", (("USD", 1000), ("RUB", 550)))


def test_two_balances_in_one_currency_fail_the_row():
    row = planned([NAME, USD, ANY, Column("currency")], "Anna", "10", "5", "USD")
    assert row.error == "wallet_balance: There is another balance in USD in this row."
    assert planned([NAME, USD, ANY, Column("currency")], "Anna", "10", "", "USD").openings == (("USD", 1000),)


def test_a_default_stands_in_for_a_blank_and_is_not_given():
    columns = [NAME, Column("city")]
    blank = planned(columns, "Anna", " ", defaults={"city": "Тверь"})
    assert (blank.data.city, blank.given) == ("Тверь", {"name"})
    full = planned(columns, "Anna", "Perm", defaults={"city": "Тверь"})
    assert (full.data.city, full.given) == ("Perm", {"name", "city"})


def test_a_constant_is_for_blanks_but_for_tags_which_are_added():
    row = planned([NAME], "Anna", defaults={"tags": "new, 2026", "kind": "company", "attribute:From": "Excel"})
    assert (row.data.tags, row.data.kind, row.data.attributes) == (["new", "2026"], "company", {"From": "Excel"})
    assert row.given == {"name", "tags"}


def test_a_default_currency_is_that_of_balances_without_one():
    columns = [NAME, ANY, Column("currency")]
    assert planned(columns, "Anna", "5", "", defaults={"currency": "USD"}).openings == (("USD", 500),)
    assert planned(columns, "Anna", "5", "EUR", defaults={"currency": "USD"}).openings == (("EUR", 500),)
    assert planned(columns[:2], "Anna", "5", defaults={"currency": "€"}).openings == (("EUR", 500),)


def test_keys_are_in_the_order_of_the_plan_and_only_those():
    columns = [NAME, Column("phone"), Column("email"), Column("telegram"), Column("external_id")]
    cells = ["Anna", "+79123456789", "a@example.com", "anna_i", "C1"]
    row = planned(columns, *cells, match=("channel", "external_id", "phone"))
    assert row.keys == (("telegram", "anna_i"), ("external_id", "C1"), ("phone", "+79123456789"))
    assert planned(columns, *cells, match=()).keys == ()


def test_attributes_are_kept_by_name_and_blank_ones_are_not():
    columns = [NAME, Column("attribute:Contract no."), Column("attribute:Size")]
    row = planned(columns, "Anna", " 12  a ", " ")
    assert (row.data.attributes, row.given) == ({"Contract no.": "12 a"}, {"name", "attribute:Contract no."})
    assert planned(columns, "Anna", "x" * 501).error == "attribute:Contract no.: This is longer than 500 characters."


def test_tags_of_several_columns_come_together():
    assert planned([NAME, Column("tags"), Column("tags")], "Anna", "vip;new", "VIP, old").data.tags == [
        "vip", "new", "old",
    ]  # fmt: skip
