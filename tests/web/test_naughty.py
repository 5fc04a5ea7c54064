"""Whatever is typed anywhere: a clear answer, nothing half-written, and nothing that runs."""

from contextlib import nullcontext

import pytest
from sqlalchemy import func, select

from crm.db import db
from tests.conftest import PASSWORD
from tests.web.pages import page

STRINGS = [
    "",
    " \u00a0\t\n ",
    "x" * 10_000,
    "я" * 10_000,
    "a\x00b",
    "\x00",
    "\x07\x1b[31m\x7f\x85",
    "\u202eписьмо\u202c \u200f\u2066",
    "\u200b\ufeff\u00ad",
    "\ufffe\uffff",
    "\u0301\u0308",
    "👨‍👩‍👧‍👦🇷🇺",
    "' OR 1=1; DROP TABLE customers; --",
    '"><b id="naughty">x</b><script id="naughty">alert(1)</script>',
    "'><img id=naughty src=x onerror=alert(1)>",
    "{{ 7 * 191 }}{% raw %}${7*191}#{7*191}<%= 7*191 %>",
    "javascript:alert(1)",
    "%s%(name)s%d{0}{name}%%",
    "../../../etc/passwd",
    "9" * 40,
    "-1",
    "1e309",
    "NaN",
    "null",
    "[]",
    "a,b;c",
    "ß" * 200,
    "İıſK",
]
CUSTOMER = {
    "name": "Иван", "kind": "person", "company": "", "city": "", "tags": "", "external_id": "", "notes": "",
}  # fmt: skip
FORMS = {
    "/customers/create/": CUSTOMER | {"phone": "", "email": "", "allow_duplicate": ""},
    "/customers/api/create/": CUSTOMER | {"phone": "", "email": "", "allow_duplicate": ""},
    "/customers/{anna}/edit/": CUSTOMER | {"version": "1"},
    "/customers/{anna}/archive/": {"archived": "1"},
    "/customers/{anna}/channels/add/": {"type": "phone", "value": "+79123456780", "label": "", "is_primary": ""},
    "/customers/import/": {"file": "", "on_duplicate": "skip"},
    "/login": {"email": "boris@example.com", "password": PASSWORD, "next": ""},
    "/preferences": {"locale": "en", "theme": "dark", "next": ""},
    "/settings/profile/": {"name": "Alice", "locale": "", "theme": "auto"},
    "/settings/password/": {"current": "wrong", "new": "a good password"},
    "/settings/users/create/": {
        "email": "ivan@example.com",
        "name": "",
        "role": "viewer",
        "password": "a good password",
    },
    "/settings/users/{boris}/edit/": {"name": "Boris", "role": "viewer", "active": "y", "password": ""},
}
QUERIES = {
    "/customers/": ["q", "status", "tag", "city", "channel", "created_from", "created_to", "sort", "cursor", "page"],
    "/customers/export/": ["q", "status", "tag", "city", "channel", "created_from", "created_to"],
    "/customers/api/search/": ["q"],
    "/customers/duplicates/": ["name", "phone", "email", "tags", "notes", "kind", "version"],
    "/settings/audit/": ["before"],
    "/login": ["next"],
}


WORST = ["", "x" * 10_000, "a\x00b", '"><b id="naughty">x</b>']
HEADERS = [
    "HX-Request", "HX-Target", "HX-Trigger-Name", "HX-Current-URL", "HX-Boosted", "Accept", "Accept-Language", "Cookie",
    "X-CSRFToken", "Referer", "User-Agent", "X-Forwarded-For", "If-None-Match", "Range", "Content-Type",
]  # fmt: skip


def is_harmless(answer) -> bool:
    """Answered, and nothing of what was typed has become a part of the page."""
    assert answer.status_code < 500 and "1337" not in answer.text
    for name, value in answer.headers:
        value.encode("latin-1")
        assert "\n" not in value and "\r" not in value, name
    if answer.mimetype == "text/html" and answer.data:
        assert "<b id" not in answer.text and "<img id" not in answer.text
        assert answer.location or page(answer).elements
    return True


def spoiled(fields: dict[str, str]) -> list[dict[str, str]]:
    """The fields with each string in all of them, and with each of the worst in one at a time."""
    together = [dict.fromkeys(fields, text) for text in STRINGS]
    return together + [fields | {name: text} for name in fields for text in WORST]


def sizes() -> list[int]:
    """How many rows there are, in one statement."""
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in db.metadata.tables.values()]
    with db.engine.connect() as connection:
        return list(connection.execute(select(*counts)).one())


def sendable(texts: list[str]) -> list[str]:
    """Those that a server lets through as a header, as it hands them on."""
    return [text.encode().decode("latin-1") for text in texts if not set(text) & set("\n\r\x00")]


@pytest.fixture
def place(anna, boris):
    return lambda path: path.format(anna=anna.id, boris=boris.id)


@pytest.mark.parametrize("path", FORMS)
def test_in_every_field_of_every_form(admin, place, path):
    for data in spoiled(FORMS[path]):
        before = sizes()
        answer = admin.post(place(path), data=data)
        assert is_harmless(answer), data
        assert answer.status_code < 400 or sizes() == before, data


@pytest.mark.parametrize("path", QUERIES)
def test_in_every_parameter_of_every_address(admin, anna, path, nothing_changes):
    with nullcontext() if "export" in path else nothing_changes():  # what goes out is in the audit trail
        for number, query in enumerate(spoiled(dict.fromkeys(QUERIES[path], ""))):
            answer = admin.get(path, query_string=query, htmx=number % 2 == 0)
            assert is_harmless(answer) and answer.status_code < 400, query


def test_what_was_stored_is_text_wherever_it_is_shown(admin, alice, nothing_changes):
    stored = []
    for number, text in enumerate(STRINGS):
        fields = {"name": text[:200], "company": text[:200], "city": text[:100], "notes": text, "tags": text[:50]}
        answer = admin.post("/customers/create/", data=fields | {"external_id": f"{number}{text[:90]}"})
        if answer.status_code == 303:
            stored.append(answer.location)
            contact = {"type": "other", "value": text[:300], "label": text[:50]}
            admin.post(f"{answer.location}channels/add/", data=contact)
    admin.post("/settings/profile/", data={"name": STRINGS[13], "theme": "auto"})
    assert len(stored) > len(STRINGS) / 2
    with nothing_changes():
        pages = [
            "/",
            "/customers/",
            "/settings/users/",
            "/settings/audit/",
            "/customers/?q=naughty",
        ]
        for path in [*pages, *stored, *(f"{one}edit/" for one in stored)]:
            answer = admin.get(path)
            assert answer.status_code == 200 and is_harmless(answer)
        assert is_harmless(admin.get("/customers/api/search/?q=naughty", htmx=True))
    assert is_harmless(admin.get("/customers/export/"))


def test_in_the_path(admin, anna):
    for text in STRINGS:
        for path in (f"/customers/{text}/", f"/customers/channels/{text}/delete/", f"/{text}"):
            assert is_harmless(admin.get(path))


def test_in_every_header(admin, client):
    urls = ["http://localhost/customers/?" + "q=a&" * 5_000, "http://[/?q=a", "?created_from=x&q=%ff%00&status=%ff"]
    for text in sendable(STRINGS):
        together = {name: text for name in HEADERS if name not in ("Cookie", "X-CSRFToken")}
        for browser in (admin, client):
            assert is_harmless(browser.get("/customers/", headers=together))
            assert is_harmless(browser.post("/customers/api/create/", data={}, headers=together))
    for name in HEADERS:
        for text in sendable([*WORST, *urls]):
            assert is_harmless(admin.post("/customers/api/create/", data={}, headers={name: text}))


def test_a_new_line_in_the_list_believes_no_address(admin):
    odd = [
        "http://x/?q=%00&status=%ff&created_from=9999-99-99&sort=x",
        "?" + "&".join(["tag=x"] * 3_000),
        "http://[/?q=a",
    ]
    for address in sendable([*STRINGS, *odd]):
        shown = {"HX-Current-URL": address}
        answer = admin.post("/customers/api/create/", data={"name": "Иван"}, htmx=True, headers=shown)
        assert answer.status_code == 201 and is_harmless(answer)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"[1]"),
        ("application/json", b'{"name": {"a": [1]}, "type": 5, "email": null, "version": 1.5}'),
        ("application/json", b'"x"'),
        ("application/json", b"null"),
        ("application/json", b"{"),
        ("application/json", b"\xff"),
        ("application/json", b"[" * 50_000),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAnna"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken\r\n--x--"),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%ZZ&&&=&name"),
        ("application/x-www-form-urlencoded", b"a=b&" * 2_000),
        ("application/x-www-form-urlencoded; charset=utf-16", b"name=x"),
        ("text/plain", b"name=Anna"),
        ("", b"name=Anna"),
    ],
)  # fmt: skip
def test_in_a_body_of_any_kind(admin, place, content_type, body):
    for path in FORMS:
        before = sizes()
        answer = admin.post(place(path), data=body, content_type=content_type)
        assert is_harmless(answer), path
        assert answer.status_code < 400 or sizes() == before, path


def test_many_fields_and_a_huge_one_are_refused(admin, nothing_changes):
    with nothing_changes():
        assert admin.post("/customers/create/", data={"name": "x" * 2_000_000}).status_code in (413, 422)
        parts = {f"field{number}": "x" for number in range(2_000)}
        assert admin.post("/customers/create/", data=parts, content_type="multipart/form-data").status_code == 413
