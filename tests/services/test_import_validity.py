"""A glance at the first rows tells whether a column can be what it is taken for."""

from dataclasses import replace

from crm.services.importing.plan import Column, Plan
from crm.services.importing.rows import Format
from crm.services.importing.validity import SAMPLED, Validity, validity


def look(columns: list[Column], *rows: list[str]) -> list[Validity | None]:
    header = [column.field or "" for column in columns]
    return validity(rows, Format(header, Plan(tuple(columns)), "RU", "RUB", frozenset({"RUB", "USD"})))


def test_values_that_cannot_be_stored_are_counted_and_the_first_is_shown():
    found = look([Column("name"), Column("phone")], ["Anna", "+79123456789"], ["Boris", "12"], ["Vera", "13"])
    assert found == [Validity(3, 3), Validity(3, 1, "12", "12 is not a valid phone number.")]


def test_every_different_value_counts_once_and_blank_ones_not_at_all():
    assert look([Column("email")], ["a@example.com"], ["a@example.com"], [" "], [""], []) == [Validity(1, 1)]


def test_columns_that_are_left_out_blank_or_full_of_labels_say_nothing():
    assert look([Column(), Column("label"), Column("city")], ["x", "Work", ""]) == [None, None, None]


def test_balances_are_read_in_the_currency_of_their_column():
    usd, yen = Column("wallet_balance", currency="USD"), Column("wallet_balance", currency="JPY")
    assert [one.valid for one in look([usd, yen], ["1.50", "1.50"], ["2", "x"])] == [2, 0]


def test_no_more_are_looked_at_than_a_page_has_time_for():
    (found,) = look([Column("external_id")], *[[f"C{number}"] for number in range(300)])
    assert (found.sampled, found.valid) == (SAMPLED, SAMPLED)


def test_what_the_plan_puts_right_is_looked_at_as_it_will_be():
    plan = Plan((Column("name"), Column("phone")))
    for repairs, valid in ((), 1), (("abroad:1",), 2):
        layout = Format(["name", "phone"], replace(plan, repairs=repairs), "RU", "RUB", frozenset({"RUB"}))
        (_name, phone) = validity([["Anna", "380441234567"], ["Boris", "+79123456789"]], layout)
        assert phone is not None and (phone.sampled, phone.valid) == (2, valid)
