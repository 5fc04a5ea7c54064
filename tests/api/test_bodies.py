"""What is sent is read strictly: whatever is not what it should be is a problem that names the field."""

import pytest
from sqlalchemy import func, select

from crm.db import db
from crm.models import Customer


def refused(answer, status, *fields):
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert answer.json["status"] == status and answer.json["title"] and answer.json["detail"]
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert tuple(answer.json.get("errors") or ()) == fields
    assert db.session.scalar(select(func.count(Customer.id))) == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"name": 5}', "name"),
        (b'{"name": null}', "name"),
        (b'{"name": ["Anna"]}', "name"),
        (b'{"name": ""}', "name"),
        (b"{}", "name"),
        (b"[]", "body"),
        (b"null", "body"),
        (b"5", "body"),
        (b'"text"', "body"),
        (b'{"name": "Anna", "age": 5}', "age"),
        (b'{"name": "Anna", "name": "Boris"}', "name"),
        (b'{"name": "Anna", "channels": [{"type": "phone", "type": "email", "value": "1"}]}', "type"),
        (b'{"name": "An\\u0000na"}', "name"),
        (b'{"name": "\\ud800"}', "name"),
        (b'{"na\\ud800me": "x", "name": "x"}', "body"),
        (b'{"name": "Anna", "tags": ["a", "\\udfff"]}', "tags.1"),
        (b'{"name": "Anna\\u202e"}', "name"),
        (b'{"name": "Anna", "kind": "dog"}', "kind"),
        (b'{"name": "Anna", "tags": "vip"}', "tags"),
        (b'{"name": "Anna", "tags": [1]}', "tags.0"),
        (b'{"name": "Anna", "allow_duplicate": 1}', "allow_duplicate"),
        (b'{"name": "Anna", "channels": [{"type": "phone", "value": "12"}]}', "channels.0.value"),
        (b'{"name": "Anna", "channels": [{"type": "pigeon", "value": "12"}]}', "channels.0.type"),
        (b'{"name": "Anna", "channels": [{"type": "phone"}]}', "channels.0.value"),
        (b'{"name": "Anna", "channels": [{"type": "phone", "value": "+79123456789", "x": 1}]}', "channels.0.x"),
        (b'{"name": "Anna", "phone": "12"}', "phone"),
        (b'{"name": "Anna", "phone": 79123456789}', "phone"),
    ],
)
def test_a_wrong_field_is_named(manager, body, field):
    refused(manager.post("/customers", body), 422, field)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{",
        b"name=Anna",
        b'{"name": "Anna"} x',
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "\xff"}',
        b'{"name": "a\x00b"}',
        b"{'name': 'Anna'}",
        b"[" * 100_000,
        b'{"name": ' + b"9" * 10_000 + b"}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_json_is_a_400(manager, body):
    refused(manager.post("/customers", body), 400)


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"]
)
def test_another_kind_of_content_is_a_415(manager, kind):
    refused(manager.post("/customers", b'{"name": "Anna"}', Content_Type=kind), 415)


def test_a_body_too_large_is_a_413(manager):
    refused(manager.post("/customers", b'{"name": "' + b"a" * 17 * 1024 * 1024 + b'"}'), 413)


def test_parameters_that_nobody_asked_for_are_refused(manager):
    refused(manager.post("/customers?x=1", {"name": "Anna"}), 422, "x")
    refused(manager.get("/me?limit=1"), 422, "limit")


@pytest.mark.parametrize("path", ["/nothing", "/customers/0", "/customers/9223372036854775808", "/customers/x", ""])
def test_what_is_not_there_is_a_404(manager, path):
    refused(manager.get(path), 404)


def test_another_method_is_a_405_that_names_those_there_are(manager):
    answer = manager.call("PUT", "/customers/1", {})
    refused(answer, 405)
    assert {"GET", "PATCH", "DELETE"} <= set(answer.headers["Allow"].split(", "))


def test_a_fault_of_ours_is_a_500_that_tells_nothing(app, manager, monkeypatch):
    def fault(_asked):
        raise RuntimeError("secret")

    monkeypatch.setattr("crm.services.customer_json.page", fault)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = manager.get("/customers")
    refused(answer, 500)
    assert "secret" not in answer.text


def test_a_request_keeps_the_id_that_it_came_with(manager):
    assert manager.get("/me", X_Request_Id="trace-1.A_b").headers["X-Request-Id"] == "trace-1.A_b"
    for unfit in ("a b", "x" * 65, "", "a\u00e9"):
        given = manager.get("/me", X_Request_Id=unfit).headers["X-Request-Id"]
        assert given != unfit and len(given) == 24


def test_sentences_are_in_the_readers_language(manager):
    answer = manager.post("/customers", {}, Accept_Language="ru")
    assert answer.json["errors"]["name"] == ["Это нужно."]
