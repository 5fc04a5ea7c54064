"""Customers for programs: made, read, changed by version, archived or deleted."""

import pytest

from tests import money, people

ANNA = {
    "name": " Anna  Ivanova ", "kind": "person", "external_id": "CRM-1", "company": "Tea", "city": "Tver",
    "notes": "a\nb", "attributes": {"Size": "M"},
    "tags": ["vip", "VIP", "opt"], "channels": [{"type": "telegram", "value": "@Anna_I", "label": "home"}],
    "phone": "8 912 345-67-89", "email": "Anna@Example.com",
}  # fmt: skip


def test_a_customer_is_made_and_read_as_sent(manager):
    made = manager.post("/customers", ANNA)
    assert made.status_code == 201 and made.headers["ETag"] == '"1"'
    assert manager.get(made.headers["Location"]).json == made.json
    told = made.json
    assert (told["name"], told["status"], told["tags"], told["external_id"]) == (
        "Anna Ivanova", "active", ["opt", "vip"], "CRM-1",
    )  # fmt: skip
    assert (told["phone"], told["email"], told["notes"], told["version"]) == (
        "+79123456789",
        "anna@example.com",
        "a\nb",
        1,
    )
    assert [(one["type"], one["normalized"], one["label"], one["is_primary"]) for one in told["channels"]] == [
        ("telegram", "anna_i", "home", True), ("phone", "+79123456789", "", True),
        ("email", "anna@example.com", "", True),
    ]  # fmt: skip


def test_a_name_is_enough(manager):
    told = manager.post("/customers", {"name": "Anna"}).json
    assert (told["external_id"], told["phone"], told["channels"], told["company"]) == (None, None, [], "")


def test_a_channel_of_another_customer_is_refused_with_its_owner_unless_it_is_meant(manager):
    owner = manager.post("/customers", ANNA).json
    twin = {
        "name": "Boris",
        "channels": [{"type": "email", "value": "b@b.ru"}, {"type": "phone", "value": "+79123456789"}],
    }
    refused = manager.post("/customers", twin)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["channels.1.value"])
    assert refused.json["owner"] == {
        "id": owner["id"],
        "name": "Anna Ivanova",
        "url": f"/api/v1/customers/{owner['id']}",
    }
    assert list(manager.post("/customers", {"name": "B", "phone": "+79123456789"}).json["errors"]) == ["phone"]
    assert manager.post("/customers", twin | {"allow_duplicate": True}).status_code == 201


def test_an_external_id_is_given_once(manager):
    manager.post("/customers", ANNA)
    assert list(manager.post("/customers", {"name": "B", "external_id": "CRM-1"}).json["errors"]) == ["external_id"]


def test_a_change_leaves_what_it_does_not_name(manager):
    made = manager.post("/customers", ANNA)
    path = made.headers["Location"]
    answer = manager.patch(path, {"city": "Orel", "tags": []}, If_Match=made.headers["ETag"])
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    same = {name: value for name, value in made.json.items() if name not in ("city", "tags", "version", "updated_at")}
    assert answer.json.items() >= same.items()
    assert (answer.json["city"], answer.json["tags"], answer.json["version"]) == ("Orel", [], 2)
    sizes = manager.patch(path, {"attributes": {"Size": "", "Eyes": "blue"}}, If_Match="*").json["attributes"]
    assert sizes == {"Eyes": "blue"}
    assert manager.patch(path, {"external_id": None}, If_Match='"3"').json["external_id"] is None


def test_a_change_that_changes_nothing_keeps_the_version(manager):
    path = manager.post("/customers", ANNA).headers["Location"]
    assert manager.patch(path, {"city": "Tver"}, If_Match='"1"').headers["ETag"] == '"1"'
    assert manager.patch(path, {}, If_Match='"1"').headers["ETag"] == '"1"'


def test_a_change_needs_the_version_that_it_is_meant_for(manager):
    path = manager.post("/customers", ANNA).headers["Location"]
    assert manager.patch(path, {"city": "Orel"}).status_code == 428
    for wrong in ('"2"', '"x"', "1", '"1", "2"', 'W/"1"', '"-1"', '""'):
        answer = manager.patch(path, {"city": "Orel"}, If_Match=wrong)
        assert (wrong, answer.status_code, answer.mimetype) == (wrong, 412, "application/problem+json")
    assert manager.get(path).json["city"] == "Tver"
    assert manager.patch(path, {"city": "Orel"}, If_Match="*").status_code == 200


def test_a_wrong_change_names_the_field_and_changes_nothing(manager):
    manager.post("/customers", {"name": "B", "external_id": "taken"})
    path = manager.post("/customers", ANNA).headers["Location"]
    for body, field in (
        ({"name": ""}, "name"),
        ({"external_id": "taken", "city": "Orel"}, "external_id"),
        ({"channels": []}, "channels"),
        ({"version": 5}, "version"),
        ({"status": "gone"}, "status"),
        ({"tags": ["a,b"], "status": "archived"}, "tags"),
    ):
        assert list(manager.patch(path, body, If_Match='"1"').json["errors"]) == [field]
    assert manager.get(path).headers["ETag"] == '"1"'


def test_a_customer_is_archived_and_brought_back(manager):
    path = manager.post("/customers", ANNA).headers["Location"]
    assert manager.patch(path, {"status": "archived"}, If_Match='"1"').json["status"] == "archived"
    assert manager.patch(path, {"status": "active", "city": "Orel"}, If_Match="*").json["status"] == "active"


def test_a_customer_without_operations_is_deleted_another_archived(manager):
    path = manager.post("/customers", ANNA).headers["Location"]
    assert manager.delete(path).status_code == 204 and manager.get(path).status_code == 404
    assert manager.delete(path).status_code == 404
    anna = people.add("Anna")
    money.wallet_of(anna.id, balance=100)
    assert manager.delete(f"/customers/{anna.id}").status_code == 204
    assert manager.get(f"/customers/{anna.id}").json["status"] == "archived"


def test_a_channel_is_added_and_taken_away(manager):
    made = manager.post("/customers", {"name": "Anna", "phone": "+79123456789"}).json
    path = f"/customers/{made['id']}/channels"
    added = manager.post(path, {"type": "phone", "value": "+7 912 345-67-80", "is_primary": True})
    assert added.status_code == 201 and added.json["customer_id"] == made["id"]
    assert manager.get(f"/customers/{made['id']}").json["phone"] == "+79123456780"
    told = manager.get(f"/customers/{made['id']}")
    assert (told.headers["ETag"], told.json["version"]) == ('"2"', 2)
    assert manager.patch(f"/customers/{made['id']}", {"city": "Omsk"}, If_Match='"1"').status_code == 412
    assert manager.delete(f"/channels/{added.json['id']}").status_code == 204
    assert manager.get(f"/customers/{made['id']}").json["phone"] == "+79123456789"
    assert manager.delete(f"/channels/{added.json['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "phone", "value": "12"}, "value"),
        ({"type": "phone", "value": "+79123456789"}, "value"),
        ({"type": "owl", "value": "12"}, "type"),
        ({"type": "email", "value": "a@b.ru", "label": "x" * 51}, "label"),
    ],
)
def test_a_wrong_channel_names_the_field(manager, body, field):
    made = manager.post("/customers", {"name": "Anna", "phone": "+79123456789"}).json
    assert list(manager.post(f"/customers/{made['id']}/channels", body).json["errors"]) == [field]
    assert manager.post("/customers/99/channels", {"type": "other", "value": "x"}).status_code == 404
