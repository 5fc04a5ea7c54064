"""Imports for programs: sent with options, followed, stopped, and what was not taken."""

import csv
import io
import json
from contextvars import Context
from typing import Any

import pytest
from werkzeug.test import TestResponse

from crm.db import db
from crm.models import Import
from crm.services import imports
from tests.api.programs import Program

TABLE = "name,phone\nAnna,+79123456789\nBoris,12\n"
WITH_BALANCES = "name,balance,currency\nAnna,100.00,RUB\n"


def send(program: Program, table: str | bytes = TABLE, name: str = "customers.csv", **fields: Any) -> TestResponse:
    """Send the table as a form, with the fields."""
    raw = table.encode() if isinstance(table, str) else table
    client = program.app.test_client(use_cookies=False)
    data = fields | {"file": (io.BytesIO(raw), name)}
    headers = {"Authorization": f"Bearer {program.token}"}
    call = lambda: super(type(client), client).open("/api/v1/imports", method="POST", data=data, headers=headers)  # noqa: E731
    answer: TestResponse = Context().run(call)
    db.session.rollback()
    return answer


def test_a_file_is_taken_followed_and_what_was_not_taken_comes_back(manager):
    sent = send(manager)
    assert (sent.status_code, sent.json["status"], sent.json["total_rows"]) == (202, "queued", 2), sent.text
    assert sent.json["mapping"] == {"name": "name", "phone": "phone"} and sent.json["on_duplicate"] == "skip"
    imports.run(sent.json["id"])
    told = manager.get(sent.headers["Location"]).json
    assert (told["status"], told["created"], told["failed"], told["read_rows"]) == ("done", 1, 1, 2)
    answer = manager.get(f"/imports/{told['id']}/errors")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.mimetype == "text/csv" and [row["name"] for row in rows] == ["Boris"] and rows[0]["error"]
    assert [one["id"] for one in manager.get("/imports?status=done").json["items"]] == [told["id"]]


def test_a_check_stores_no_customer(manager):
    sent = send(manager, check="true")
    imports.run(sent.json["id"])
    assert manager.get(sent.headers["Location"]).json["status"] == "checked"
    assert manager.get("/customers").json["items"] == []


def test_columns_and_duplicates_are_decided(manager):
    sent = send(
        manager, "Client,Fax\nAnna,1\n", mapping=json.dumps({"Client": "name", "Fax": ""}), on_duplicate="update"
    )
    assert sent.json["mapping"] == {"Client": "name", "Fax": None} and sent.json["on_duplicate"] == "update"


def test_balances_need_the_scope_of_money_and_others_that_of_writing(program_of, boris):
    for scope, table, status in (
        ("write", TABLE, 202), ("money", WITH_BALANCES, 202), ("money", TABLE, 403), ("write", WITH_BALANCES, 403),
        ("read", TABLE, 403),
    ):  # fmt: skip
        answer = send(program_of(boris, scope), table)
        assert (scope, table, answer.status_code) == (scope, table, status)
    assert db.session.query(Import).count() == 2
    folder = program_of(boris).app.config["CRM_INSTANCE"] / "uploads"
    assert len(list(folder.iterdir())) == 2


def test_an_import_is_stopped(manager):
    sent = send(manager)
    stopped = manager.post(f"/imports/{sent.json['id']}/cancel")
    assert (stopped.status_code, stopped.json["status"]) == (202, "cancelled")
    assert manager.post(f"/imports/{sent.json['id']}/cancel").json["status"] == "cancelled"


def test_an_import_is_taken_back(manager, program_of, boris):
    pk = send(manager, WITH_BALANCES).json["id"]
    assert manager.post(f"/imports/{pk}/undo").status_code == 409
    imports.run(pk)
    assert program_of(boris, "write").post(f"/imports/{pk}/undo").status_code == 403
    undone = manager.post(f"/imports/{pk}/undo")
    assert (undone.status_code, undone.json["status"]) == (202, "undoing")
    imports.run(pk)
    told = manager.get(f"/imports/{pk}").json
    assert (told["status"], told["undone"], told["kept"]) == ("undone", 1, 0)


@pytest.mark.parametrize(
    ("table", "fields", "field"),
    [
        ("", {}, "file"),
        (b"\x00\x01", {}, "file"),
        ("x,y\n1,2\n", {}, "file"),
        (TABLE, {"on_duplicate": "burn"}, "on_duplicate"),
        (TABLE, {"mapping": "{"}, "mapping"),
        (TABLE, {"mapping": "[]"}, "mapping"),
        (TABLE, {"mapping": '{"phone": "fax"}'}, "mapping"),
        (TABLE, {"mapping": '{"nowhere": "name"}'}, "mapping"),
        (TABLE, {"mapping": '{"phone": 5}'}, "mapping.phone"),
        (TABLE, {"check": "maybe"}, "check"),
        (TABLE, {"color": "red"}, "color"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(manager, table, fields, field):
    answer = send(manager, table, **fields)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field]), answer.text
    assert db.session.query(Import).count() == 0
    assert not list((manager.app.config["CRM_INSTANCE"] / "uploads").glob("*"))


def test_a_form_without_a_file_names_it_and_json_is_no_form(manager):
    no_file = manager.call("POST", "/imports", b"--x--\r\n", Content_Type="multipart/form-data; boundary=x")
    assert (no_file.status_code, list(no_file.json["errors"])) == (422, ["file"])
    assert manager.post("/imports", {"file": "a"}).status_code == 415


def test_what_is_not_there_is_a_404(manager):
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/undo"), ("GET", "/errors")):
        assert manager.call(method, f"/imports/99{path}", {} if method == "POST" else None).status_code == 404


def test_what_was_checked_is_looked_at_row_by_row_and_started(manager):
    path = send(manager, check="true").headers["Location"]
    pk = int(path.rpartition("/")[2])
    imports.run(pk)
    page = manager.get(f"{path}/rows?limit=1").json
    assert (page["items"][0]["outcome"], page["items"][0]["changes"]["name"], page["next_after"]) == (
        "created", [None, "Anna"], 2,
    )  # fmt: skip
    (failed,) = manager.get(f"{path}/rows?outcome=failed").json["items"]
    assert failed["cells"] == ["Boris", "12"] and failed["message"]
    assert manager.post(f"{path}/start").json["status"] == "queued"
    imports.run(pk)
    assert manager.get(path).json["created"] == 1
    assert manager.post(f"{path}/start").status_code == 409
    assert manager.get(f"{path}/rows?outcome=x").status_code == 422
