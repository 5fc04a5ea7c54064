"""Cells that a spreadsheet would run are disarmed, and come back as they were."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.spreadsheet import escaped, guarded, unguarded


@given(st.text(alphabet="';=+-@\t\r\n 1a(.\u00a0"))
def test_every_cell_comes_back_as_it_was(cell):
    assert unguarded(guarded(cell)) == cell
    assert unguarded(escaped(cell)) == cell


@given(st.text(alphabet="';=@\t\r\n 1a\""))
def test_no_formula_begins_where_another_program_ends_a_cell(cell):
    for part in re.split(r"[;\t\r\n]", guarded(cell)):
        assert not part.startswith(("=", "@"))


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(1)", "+1+1", "-2+3", "\t1", "\r1", "-cmd|' /C calc'!A0", "+A1"])
def test_a_formula_is_disarmed(cell):
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Anna", "-15.00", "+7 (912) 345-67-89", "1=1", "'s-Hertogenbosch"])
def test_what_cannot_run_stays_as_it_is(cell):
    assert guarded(cell) == cell


def test_an_apostrophe_that_a_person_has_put_before_a_number_is_taken_off():
    assert unguarded("'+79120000010") == "+79120000010"
