"""The list as a file."""

import csv
import io
from contextvars import Context

from flask.testing import FlaskClient

from crm.services import exports
from crm.tabular import writing
from tests import people

EXPORT = "/customers/export/"


def rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))


def test_the_file_is_a_csv_to_be_saved(viewer, anna):
    answer = viewer.get(EXPORT)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=customers.csv"
    assert answer.data.startswith(b"\xef\xbb\xbfid,")
    assert [(row["name"], row["phone"], row["tags"]) for row in rows(answer)] == [
        ("Анна Иванова", "+79123456789", "vip")
    ]


def test_it_has_just_what_the_list_shows(viewer, anna):
    people.crowd(40)
    for query in (
        "",
        "?status=",
        "?q=ан&status=",
        "?tag=vip",
        "?city=орел&channel=email&sort=-created",
        "?q=zzz",
        "?status=zzz",
    ):
        listed = viewer.get(f"/customers/{query}").text
        shown = [row["id"] for row in rows(viewer.get(EXPORT + query))]
        assert all(f'id="customer-row-{pk}"' in listed for pk in shown) and listed.count('id="customer-row-') == len(
            shown
        )


def test_it_is_streamed(app, viewer, monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 10)
    monkeypatch.setattr(writing, "PIECE", 10)
    people.crowd(95)

    def read() -> list[bytes]:
        answer = FlaskClient.open(viewer, EXPORT + "?status=")
        assert answer.is_streamed and "Content-Length" not in answer.headers
        return list(answer.response)

    chunks = Context().run(read)  # as a server reads it: with no context around but the request's
    assert len(chunks) >= 10 and max(len(chunk.splitlines()) for chunk in chunks) <= 12


def test_no_cell_runs_in_a_spreadsheet(viewer):
    people.add("=1+1", notes="@x")
    (row,) = rows(viewer.get(EXPORT))
    assert (row["name"], row["notes"]) == ("'=1+1", "'@x")


def test_strangers_customers_and_other_methods(client, stranger, manager, anna):
    assert [browser.get(EXPORT).status_code for browser in (client, stranger)] == [302, 404]
    assert manager.post(EXPORT).status_code == 405
