"""What a row may change of a customer, by the policy of its columns. Pure."""

import pytest

from crm.services.customer_data import ChannelData, CustomerData
from crm.services.importing.merge import Changes, Record, merge
from crm.services.importing.rows import Row, derive

ANNA = CustomerData(
    "Anna", city="Tver", tags=["vip"], channels=[ChannelData("phone", "+79120000001", "", True, "+79120000001")],
    attributes={"Size": "M"},
)  # fmt: skip


def changes(given: CustomerData, policies: dict[str, str], fields: str = "") -> Changes:
    """What a row with these values makes of Anna; `fields` are those that stand in it, all by default."""
    has = fields.split() if fields else [
        *(name for name in ("name", "company", "city", "notes", "external_id", "tags") if getattr(given, name)),
        *(channel.type for channel in given.channels), *(f"attribute:{name}" for name in given.attributes),
    ]  # fmt: skip
    row = Row(2, [], "", given, frozenset(has))
    return merge(row, Record(ANNA, 1, derived=derive(ANNA)), policies).changes  # type: ignore[arg-type]


def phone(value: str) -> ChannelData:
    return ChannelData("phone", value, "", True, value)


def test_a_column_overwrites_unless_it_is_said_otherwise():
    given = CustomerData("Anna", city="Orel", company="Rose", attributes={"Size": "L", "Source": "Fair"})
    assert changes(given, {}) == {
        "company": ("", "Rose"),
        "city": ("Tver", "Orel"),
        "attribute:Size": ("M", "L"),
        "attribute:Source": (None, "Fair"),
    }


def test_a_column_that_fills_leaves_what_is_there():
    given = CustomerData(
        "Anna II", city="Orel", company="Rose", tags=["new"], attributes={"Size": "L", "Source": "Fair"}
    )
    fill = dict.fromkeys(("name", "city", "company", "tags", "attribute:Size", "attribute:Source"), "fill")
    assert changes(given, fill) == {"company": ("", "Rose"), "attribute:Source": (None, "Fair")}


def test_a_column_that_never_changes_anything_changes_nothing():
    given = CustomerData(
        "Anna II", company="Rose", tags=["new"], channels=[phone("+79120000002")], attributes={"A": "B"}
    )
    never = dict.fromkeys(("name", "company", "tags", "phone", "attribute:A"), "never")
    assert changes(given, never) == {}


def test_a_default_is_for_a_blank_alone_whatever_the_policy():
    given = CustomerData("Anna", city="Orel", company="Rose")
    assert changes(given, {"city": "overwrite", "company": "overwrite"}, "name") == {"company": ("", "Rose")}


def test_a_blank_cell_never_takes_anything_away():
    assert changes(CustomerData(""), {"name": "overwrite", "city": "overwrite"}, "name city") == {}


def test_channels_and_tags_are_added_and_the_changes_say_exactly_which():
    email = ChannelData("email", "A@x.com", "", True, "a@x.com")
    given = CustomerData("Anna", tags=["VIP", "new"], channels=[phone("+79120000001"), phone("+79120000002"), email])
    assert changes(given, {}) == {
        "tags": (["vip"], ["new", "vip"]),
        "phone": (None, ["+79120000002"]),
        "email": (None, ["a@x.com"]),
    }
    assert changes(given, {"phone": "fill", "email": "fill", "tags": "never"}) == {"email": (None, ["a@x.com"])}


def test_the_first_of_a_type_stays_primary():
    merged = merge(Row(2, [], "", CustomerData("Anna", channels=[phone("+79120000002")]), frozenset(["phone"])),
                   Record(ANNA, 1), {})  # fmt: skip
    assert [channel.is_primary for channel in merged.data.channels] == [True, False]


@pytest.mark.parametrize(
    ("policy", "expected"), [("overwrite", {"kind": ("person", "company")}), ("fill", {}), ("never", {})]
)
def test_a_kind_is_never_blank_so_it_is_overwritten_or_left(policy, expected):
    assert changes(CustomerData("Anna", kind="company"), {"kind": policy}, "kind") == expected
    assert changes(CustomerData("Anna", kind="company"), {"kind": policy}, "name") == {}
