"""The quick way to a phone number says what phonenumbers says."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from crm import phones

CODES = sorted(COUNTRY_CODE_TO_REGION_CODE)
EXAMPLES = [
    (code, phonenumbers.national_significant_number(example))
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
    for region in regions
    for kind in range(11)
    if (example := phonenumbers.example_number_for_type(region, kind))
]


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """A number near a valid one: some digits changed, blanks and brackets anywhere, with or without the plus."""
    code, national = draw(st.sampled_from(EXAMPLES) | st.tuples(st.just(7), st.from_regex(r"9\d{9}\Z")))
    digits = list(national)
    for _change in range(draw(st.integers(0, 3))):
        digits[draw(st.integers(0, len(digits) - 1))] = draw(st.sampled_from("0123456789"))
    front = draw(st.sampled_from([f"+{code}", f"+{code} ", f"{code}", "8", f"+{draw(st.sampled_from(CODES))}"]))
    value = list(front + "".join(digits) + draw(st.sampled_from(["", "0", "17"])))
    for _mark in range(draw(st.integers(0, 4))):
        value.insert(draw(st.integers(1, len(value))), draw(st.sampled_from(" -()")))
    return "".join(value)


@settings(max_examples=1500, deadline=None)
@given(spellings(), st.sampled_from(["RU", "US", "KZ", "DE"]))
def test_what_the_quick_way_takes_the_library_takes_as_the_same_number(value, region):
    assert phones.quick(value, region) in (None, phones.thorough(value, region))


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="+78 9()-123x#,;доб", max_size=20))
def test_odd_text_is_judged_as_the_library_judges_it(value):
    assert phones.e164(value, "RU") == phones.thorough(value, "RU")


@pytest.mark.parametrize(
    "value",
    ["+79123456789", "8 (912) 345-67-89", "7 912 345 67 89", "+7(912)3456789", "+12125790244"],
)
def test_usual_spellings_go_the_quick_way(value):
    assert phones.quick(value, "RU") is not None


@pytest.mark.parametrize("value", ["", "+", "12345", "+7 000", "8", "not a phone", "+7 912 345 67 8"])
def test_what_is_no_number_is_none(value):
    assert phones.e164(value, "RU") is None
