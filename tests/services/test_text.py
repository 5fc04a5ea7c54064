"""Laws of text as people type it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.text import digits, fold, has_control, looks_like_phone, squeeze


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("ИВАНОВ", "иванов"),
        ("Фёдор", "федор"),
        ("Йод", "йод"),
        ("и\u0306од", "йод"),
        ("е\u0308ж", "еж"),
        ("José", "jose"),
        ("Jose\u0301", "jose"),
        ("Łódź", "lodz"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Søren Ægir", "soren aegir"),
        ("İstanbul", "istanbul"),
        ("ﬁnal", "final"),
        ("за\u0301мок", "замок"),
        ("", ""),
    ],
)
def test_text_folds_to_what_people_search_for(typed, folded):
    assert fold(typed) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_folding_does_not_depend_on_how_unicode_is_composed(text):
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text(max_size=50))
def test_folded_text_fits_its_column(text):
    assert len(fold(text)) <= 3 * len(text)


@given(st.text(), st.text())
def test_case_never_matters(text, other):
    assert fold(text.upper()) == fold(text.upper().lower())
    assert fold(text + " " + other).split() == (fold(text) + " " + fold(other)).split()


@given(st.text())
def test_squeezed_text_is_one_line_without_stray_blanks(text):
    squeezed = squeeze(text)
    assert squeezed == squeezed.strip() == squeeze(squeezed)
    assert "  " not in squeezed and "\n" not in squeezed and "\u00a0" not in squeezed


@pytest.mark.parametrize("blank", ["", " ", "\t\r\n", "\u00a0\u202f", "\u2003", "\u200b", "\ufeff", "\u2060 \u00ad"])
def test_what_looks_blank_is_blank(blank):
    assert squeeze(blank) == ""
    assert squeeze(f"{blank}Anna{blank}Ivanova{blank}").replace(" ", "") == "AnnaIvanova"


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x1b", "\x7f", "\x80", "\ud800", "\udfff", "\u202e", "\u2066", "\uffff"]
)
def test_control_characters_are_found(character):
    assert has_control(f"Anna{character}")


@pytest.mark.parametrize("text", ["", "Anna", "two\nlines\tand tabs\r\n", "Ольга 👩‍👩‍👧", "نور", "ك\u200cك"])
def test_ordinary_text_has_no_control_characters(text):
    assert not has_control(text)


def test_digits_of_every_script_are_digits():
    assert digits("+7 (٣٤) 5²x") == "7345"


@pytest.mark.parametrize("query", ["7", "+7 (912) 345-67-89", "8.912.345", "\u00a0912\u202f3", "٣٤"])
def test_these_look_like_phones(query):
    assert looks_like_phone(query)


@pytest.mark.parametrize("query", ["", "+", "()", " - ", "7a", "ivan", "+7 912 доб. 3", "12@example.com", "12\x00"])
def test_these_do_not_look_like_phones(query):
    assert not looks_like_phone(query)


def test_a_long_query_is_judged_in_one_pass():
    assert not looks_like_phone("1" * 100_000 + "a")  # trying anew from every digit would take minutes
