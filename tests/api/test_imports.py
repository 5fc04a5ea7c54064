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
from crm.services.audit import Actor
from tests.api.programs import Program
from tests.parallel import at_once
from tests.uploads import kept

TABLE = "name,phone\nAnna,+79123456789\nBoris,12\n"
WITH_BALANCES = "name,balance,currency\nAnna,100.00,RUB\n"


def send(
    program: Program, table: str | bytes = TABLE, name: str = "customers.csv", key: str = "", **fields: Any
) -> TestResponse:
    """Send the table as a form, with the fields, and an idempotency key where there is one."""
    raw = table.encode() if isinstance(table, str) else table
    client = program.app.test_client(use_cookies=False)
    data = fields | {"file": (io.BytesIO(raw), name)}
    headers = {"Authorization": f"Bearer {program.token}"} | ({"Idempotency-Key": key} if key else {})
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
    assert len(kept()) == 2


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
    assert kept() == []


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


def test_all_that_the_page_decides_a_program_decides_too(manager):
    table = "Client;Saldo;Phone;City\nAnna;5;380441234567;Tver\n"
    decided = {
        "on_duplicate": "update", "restore": "true", "repair": "true", "encoding": "windows-1251",
        "delimiter": "semicolon", "header": "1", "mapping": json.dumps({"Client": "name", "Saldo": "wallet_balance"}),
        "policies": json.dumps({"City": "fill"}), "currencies": json.dumps({"Saldo": "USD"}),
        "labels": json.dumps({"Phone": "Work"}), "defaults": json.dumps({"tags": "fair"}),
        "match": json.dumps(["phone", "email"]),
    }  # fmt: skip
    sent = send(manager, table.encode("cp1251"), **decided)
    assert sent.status_code == 202, sent.text
    told = sent.json
    for name in ("mapping", "policies", "currencies", "labels", "defaults"):
        assert json.loads(decided[name]).items() <= told[name].items()
    assert (told["match"], told["restore"], told["on_duplicate"]) == (["phone", "email"], True, "update")
    assert told["read_as"] == {
        "kind": "csv", "encoding": "cp1251", "delimiter": "semicolon", "sheet": "", "sheets": [], "header": 1,
    }  # fmt: skip
    (damage,) = told["damage"]
    assert (damage["column"], damage["count"]) == ("Phone", 1)
    assert damage["can_be_repaired"] and damage["is_repaired"]
    assert damage["samples"] == [{"row": 2, "before": "380441234567", "after": "+380441234567"}]
    imports.run(told["id"])
    assert manager.get(f"/imports/{told['id']}").json["created"] == 1
    (anna,) = manager.get("/customers").json["items"]
    assert (anna["tags"], anna["channels"][0]["label"]) == (["fair"], "Work")


def test_what_was_spoilt_is_told_though_nobody_wants_it_repaired(manager):
    sent = send(manager, "name,phone,hat\nAnna,380441234567,7\n")
    assert "damage" not in manager.get("/imports").json["items"][0]
    assert [(one["can_be_repaired"], one["is_repaired"]) for one in sent.json["damage"]] == [(True, False)]
    assert sent.json["notes"] == ["The column hat was not recognised and is left out."]


def test_nobody_gets_a_balance_that_stands_in_no_file(program_of, boris):
    everybody = {"defaults": json.dumps({"wallet_balance": "100"})}
    for scope in ("write", "money"):
        answer = send(program_of(boris, scope), TABLE, **everybody)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["defaults"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"policies": '{"phone": "burn"}'}, "policies.phone"),
        ({"policies": '{"hat": "fill"}'}, "policies"),
        ({"currencies": '{"phone": "EUR"}'}, "currencies"),
        ({"labels": '{"name": "Work"}'}, "labels"),
        ({"defaults": '{"email": "x"}'}, "defaults"),
        ({"match": '["shoe"]'}, "match.0"),
        ({"match": '"email"'}, "match"),
        ({"restore": "1"}, "restore"),
        ({"repair": "yes"}, "repair"),
        ({"encoding": "latin-9"}, "file"),
        ({"encoding": "x" * 41}, "encoding"),
        ({"delimiter": ";"}, "delimiter"),
        ({"header": "0"}, "header"),
        ({"header": "1001"}, "header"),
        ({"sheet": "2026"}, "sheet"),
        ({"policies": '{"phone": "fill", "Phone": "never"}'}, "policies"),
        ({"labels": json.dumps({"phone": "x" * 51})}, "labels"),
        ({"header": "first"}, "header"),
    ],
)
def test_what_cannot_be_decided_is_named(manager, fields, field):
    answer = send(manager, TABLE, **fields)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field]), answer.text
    assert db.session.query(Import).count() == 0


def test_an_undo_is_looked_at_first(manager):
    pk = send(manager, "external_id,name,balance\nC1,Anna,100\nC2,Boris,\n").json["id"]
    assert manager.get(f"/imports/{pk}/undo").status_code == 409
    imports.run(pk)
    (boris,) = manager.get("/customers?external_id=C2").json["items"]
    assert manager.call("PATCH", f"/customers/{boris['id']}", {"city": "Tver"}, If_Match="*").status_code == 200
    foreseen = manager.get(f"/imports/{pk}/undo").json
    assert (foreseen["rows"], foreseen["undone"], foreseen["kept"]) == (2, 1, 1)
    assert foreseen["returned"] == {"RUB": "100.00"} and foreseen["staying"] == {}
    (left,) = foreseen["kept_rows"]
    assert (left["row"], left["customer"]) == (3, "Boris") and left["message"]
    assert manager.get(f"/imports/{pk}").json["status"] == "done"
    manager.post(f"/imports/{pk}/undo")
    imports.run(pk)
    told = manager.get(f"/imports/{pk}").json
    assert (told["undone"], told["kept"]) == (foreseen["undone"], foreseen["kept"])


def test_what_a_file_brings_and_what_an_undo_leaves_is_told(manager):
    table = "external_id,name,balance,city,city\nC1,Anna,100,Tver,\nC2,Boris,5.50,,\n"
    checked = send(manager, table, check="true").json
    imports.run(checked["id"])
    brought = [{"currency": "RUB", "wallets": 2, "amount": "105.50"}]
    told = manager.get(f"/imports/{checked['id']}").json
    assert (told["openings"], told["uploaded_before"], told["mapping"]["city"]) == (brought, None, "city")
    pk = send(manager, table).json["id"]
    imports.run(pk)
    assert manager.get(f"/imports/{pk}").json["openings"] == brought
    again = send(manager, table).json
    assert again["uploaded_before"] == pk
    (boris,) = manager.get("/customers?external_id=C2").json["items"]
    assert manager.call("PATCH", f"/customers/{boris['id']}", {"city": "Tver"}, If_Match="*").status_code == 200
    manager.post(f"/imports/{pk}/undo")
    imports.run(pk)
    rows = {
        row["row"]: (row["undo"], bool(row["undo_message"])) for row in manager.get(f"/imports/{pk}/rows").json["items"]
    }
    assert rows == {2: ("undone", False), 3: ("kept", True)}


def test_a_file_that_is_sent_again_with_its_key_is_imported_once(manager):
    table = "name,balance\nAnna,100\n"
    first, again = (send(manager, table, key="clients-7", on_duplicate="create") for _ in range(2))
    assert (first.status_code, first.headers.get("Idempotent-Replayed")) == (202, None), first.text
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert again.json["id"] == first.json["id"] and len(kept()) == 1
    imports.run(first.json["id"])
    assert send(manager, table, key="clients-7").json["created"] == 1
    other = send(manager, "name\nBoris\n", key="clients-7")
    assert other.status_code == 409 and kept() == []
    assert send(manager, table, key="k" * 201).status_code == 422
    assert send(manager, table).json["id"] != send(manager, table).json["id"] != first.json["id"]


def test_a_key_that_comes_twice_at_once_means_one_import(app, boris):
    actor = Actor(boris.id, "test")

    def sent() -> int:
        return imports.accept(actor, io.BytesIO(TABLE.encode()), "a.csv", start=False, key="at once").id

    assert len(set(at_once(app, [sent] * 6))) == 1
    db.session.rollback()
    assert db.session.query(Import).count() == 1 and len(kept()) == 1
