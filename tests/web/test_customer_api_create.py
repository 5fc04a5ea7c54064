"""Creating a customer from a script, and from the line in the list."""

import pytest
from sqlalchemy import func, select

from crm.db import db
from crm.models import Customer
from crm.services import customers
from tests import people
from tests.web.pages import page, toast

CREATE = "/customers/api/create/"


def stored(pk: int) -> Customer:
    db.session.rollback()
    return customers.get(pk)


def test_json_makes_a_customer(manager, boris, trail):
    body = {
        "name": " Анна ", "kind": "company", "company": "Ромашка", "city": "Тверь", "notes": "раз",
        "external_id": "CRM-1", "tags": ["vip"], "phone": "8 912 345-67-89", "email": "Anna@Example.com",
        "channels": [{"type": "telegram", "value": "@Anna_I", "label": "дом", "is_primary": True},
                     {"type": "phone", "value": "+79123456780", "label": None}],
    }  # fmt: skip
    answer = manager.post(CREATE, json=body)
    pk = answer.json["id"]
    url = f"/customers/{pk}/"
    assert (answer.status_code, answer.mimetype, answer.headers["Location"]) == (201, "application/json", url)
    assert answer.json == {
        "id": pk, "name": "Анна", "phone": "+79123456780", "email": "anna@example.com", "balance": "0.00",
        "currency": "RUB", "url": url,
    }  # fmt: skip
    anna = stored(pk)
    assert (anna.kind, anna.external_id, [tag.name for tag in anna.tags]) == ("company", "CRM-1", ["vip"])
    channels = {(channel.type, channel.normalized, channel.label) for channel in anna.channels}
    assert channels == {("telegram", "anna_i", "дом"), ("phone", "+79123456780", ""), ("phone", "+79123456789", ""),
                        ("email", "anna@example.com", "")}  # fmt: skip
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.origin) == ("customer.created", boris.id, "127.0.0.1")


def test_a_form_makes_a_customer(manager):
    answer = manager.post(CREATE, data={"name": "Анна", "phone": "89123456789", "tags": "vip, опт"})
    assert answer.status_code == 201 and answer.json["phone"] == "+79123456789"
    assert [tag.name for tag in stored(answer.json["id"]).tags] == ["vip", "опт"]


def test_null_and_what_is_left_out_are_blank(manager):
    answer = manager.post(
        CREATE, json={"name": "Анна", "kind": None, "company": None, "tags": None, "channels": None, "phone": None}
    )
    assert answer.status_code == 201 and stored(answer.json["id"]).kind == "person"


def test_the_line_in_the_list_gets_its_row_and_an_empty_form(manager):
    people.add("Иван", tags=["vip"])
    shown = {"HX-Current-URL": "http://localhost/customers/?tag=vip&q=%D0%B8%D0%B2"}
    answer = manager.post(CREATE, data={"name": "Анна <b>", "tags": "vip"}, htmx=True, headers=shown)
    part = page(answer)
    pk = db.session.scalar(select(func.max(Customer.id)))
    assert (answer.status_code, part.roots[0]["id"]) == (201, f"customer-row-{pk}")
    assert part.one("a", inside=f"customer-row-{pk}", class_="row-link").text == "Анна <b>"
    form = part.one("form", id="new-customer")
    assert form["hx-swap-oob"] == "true" and part.value("name", inside="new-customer") == ""
    assert part.one(id="customer-count").text == "1 customer"  # of those that the list shows: Иван
    assert toast(answer) == "Анна <b> was added."


WRONG = {
    "name": ["", " ", None, 5, True, False, 0, [], {}, ["Анна"], {"a": 1}, "x" * 10_000, "А\x00", "\ud800", 1.5],
    "kind": ["robot", 1, False, [], "person "],
    "company": [0, False, [], {}, 10**400, "x" * 201],
    "notes": [0, "x" * 10_001, "\x1b"],
    "external_id": [7, "x" * 101, [1]],
    "tags": [5, 0, False, {}, {"a": 1}, [1], [None], [["a"]], ["x" * 51], [str(n) for n in range(21)]],
    "phone": ["12345", 79123456789, 0, False, [], ["+79123456789"], "1" * 10_000, "\x00"],
    "email": ["anna@", 0, [], {}, "x" * 10_000],
    "channels": ["+79123456789", 1, 0, False, {}, [1], [None], [[]],
                 [{"type": 1}], [{"value": {}}], [{"type": "vk", "value": 0}],
                 [{"type": "phone", "value": "+79123456789", "primary": True}],
                 [{"type": "phone", "value": "+79123456789", "is_primary": "yes"}],
                 [{"type": "phone", "value": "+79123456789", "is_primary": 0}]],
    "allow_duplicate": ["1", 1, 0, [], {}],
    "balance": ["5.00", None],
    "": ["x"],
    "channels\x00": [[]],
}  # fmt: skip


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_field_is_refused_by_name_and_nothing_is_written(manager, nothing_changes, field):
    with nothing_changes():
        for value in WRONG[field]:
            answer = manager.post(CREATE, json={"name": "Анна", field: value})
            assert (value, answer.status_code) == (value, 422)
            assert (value, list(answer.json), list(answer.json["errors"])) == (value, ["errors"], [field])
            assert all(isinstance(text, str) and text for text in answer.json["errors"][field])


def test_a_channel_is_refused_at_its_type(manager, nothing_changes):
    with nothing_changes():
        for type_, value in (
            ("telegram", "ан"),
            ("fax", "1"),
            ("phone", "1"),
            ("", ""),
            ("x" * 10_000, "1"),
            ("\x00", "1"),
        ):
            answer = manager.post(CREATE, json={"name": "Анна", "channels": [{"type": type_, "value": value}]})
            assert (answer.status_code, list(answer.json["errors"])) == (422, [type_])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"[1]", b'"x"', b"5", b"true", b"NaN", b"\xff\xfe", b"[" * 100_000, b'{"name":' * 5_000,
     b"9" * 5_000, b'{"name": "\xd0"}'],
)  # fmt: skip
def test_a_body_that_is_no_object_is_refused(manager, nothing_changes, body):
    with nothing_changes():
        answer = manager.post(CREATE, data=body, content_type="application/json")
    assert (answer.status_code, answer.json["errors"]) == (422, {"": ["Send a JSON object."]})


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", "multipart/form-data", "multipart/form-data; boundary=x"]
)
def test_another_kind_of_body_is_an_empty_form(manager, nothing_changes, content_type):
    with nothing_changes():
        answer = manager.post(CREATE, data=b'{"name": "Anna"}', content_type=content_type)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["name"])


def test_all_that_is_wrong_is_said_at_once(manager):
    answer = manager.post(CREATE, json={"name": 1, "tags": 2, "channels": 3, "age": 4})
    assert set(answer.json["errors"]) == {"name", "tags", "channels", "age"}


def test_the_channel_of_another_is_refused_with_its_owner_unless_it_is_meant(manager, anna, nothing_changes):
    body = {"name": "Пётр", "phone": "8 912 345-67-89"}
    with nothing_changes():
        answer = manager.post(CREATE, json=body)
        assert answer.status_code == 422 and list(answer.json["errors"]) == ["phone"]
        assert answer.json["owner"] == {"id": anna.id, "name": "Анна Иванова", "url": f"/customers/{anna.id}/"}
        assert manager.post(CREATE, json=body | {"allow_duplicate": False}).status_code == 422
    assert manager.post(CREATE, json=body | {"allow_duplicate": True}).status_code == 201


def test_a_refusal_in_the_list_is_the_form_with_what_was_typed(manager, anna, nothing_changes):
    with nothing_changes():
        answer = manager.post(CREATE, data={"name": "", "phone": "89123456789", "city": "Орёл"}, htmx=True)
        part = page(answer)
        assert (answer.status_code, [root["id"] for root in part.roots]) == (422, ["new-customer"])
        assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#new-customer", "outerHTML")
        assert "hidden" not in part.roots[0].attrs
        assert part.error("new-name") and part.value("city", inside="new-customer") == "Орёл"
        part = page(manager.post(CREATE, data={"name": "Пётр", "phone": "89123456789"}, htmx=True))
        assert part.error("new-phone") and part.one("a", href=f"/customers/{anna.id}/")
        assert part.one("button", name="allow_duplicate")["value"] == "1"


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager, nothing_changes):
    with nothing_changes():
        got = [browser.post(CREATE, json={"name": "Анна"}) for browser in (client, viewer, stranger)]
        assert [(one.status_code, list(one.json)) for one in got] == [
            (401, ["error"]),
            (403, ["error"]),
            (404, ["error"]),
        ]
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            answer = manager.open(CREATE, method=method)
            assert (answer.status_code, list(answer.json)) == (405, ["error"])


def test_without_a_token_nothing_is_made(manager, nothing_changes):
    with nothing_changes():
        answer = manager.post(CREATE, json={"name": "Анна"}, csrf=False)
    assert (answer.status_code, list(answer.json)) == (400, ["error"])
