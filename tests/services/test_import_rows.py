"""A row becomes a customer, or a list of all that is wrong with it."""

import pytest

from crm.services.importing.rows import Format, Row, parse, rows

CURRENCIES = frozenset({"RUB", "USD", "EUR", "JPY", "KWD"})


def row_of(cells: dict[str, str] | list[str], columns: list[str] | None = None) -> Row:
    """The row of these cells; the columns are called as their fields are, unless they are given."""
    if isinstance(cells, list):
        fields = [column.split(" ")[0] for column in columns or []]
        return parse(2, cells, Format(columns or [], fields, "RU", "RUB", CURRENCIES))
    names = list(cells) if "name" in cells or "first_name" in cells else ["name", *cells]
    values = list(cells.values()) if len(names) == len(cells) else ["Anna", *cells.values()]
    return parse(2, values, Format(names, list(names), "RU", "RUB", CURRENCIES))


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
    assert set(row.keys) == {("phone", "+79123456789"), ("email", "anna@example.com"), ("external_id", "C1")}
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
    assert row_of(cells).error.startswith(error)


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
    layout = Format(["name"], ["name"], "RU", "RUB", CURRENCIES)
    records = [["title"], ["name"], [], ["Anna"], [" ", ""], ["Boris"], ["Vera"]]
    assert [(row.number, row.data.name) for row in rows(records, 1, layout)] == [(4, "Anna"), (6, "Boris"), (7, "Vera")]
    assert [row.number for row in rows(records, 1, layout, skip=2)] == [7]
