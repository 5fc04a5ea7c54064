"""Every answer tells browsers what not to run, frame, guess or keep."""

import re

import pytest

from tests import people
from tests.web.pages import page

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def answers(client, manager, anna) -> list:
    """One of every kind: pages, pieces, redirects, JSON, files, refusals, errors."""
    read = ["/login", "/", "/healthz", "/static/app.css", "/none", "/static/none.css", "/customers/api/search/"]
    inside = ["/customers/", "/customers/api/search/?q=a", "/customers/export/", "/settings/users/"]
    return [
        *map(client.get, read),
        client.get("/", htmx=True),
        client.post("/login", data={}),
        client.post("/login", csrf=False),
        *map(manager.get, inside),
        manager.get("/customers/", htmx=True),
        manager.post("/customers/create/", data={}),
        manager.post("/customers/api/create/", json=1),
        manager.post(f"/customers/{anna.id}/archive/"),
        manager.post("/customers/"),
        manager.open("/customers/", method="OPTIONS"),
    ]


def test_every_kind_of_answer_has_them(client, manager, anna):
    for answer in answers(client, manager, anna):
        where = (answer.request.path, answer.status_code)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, where
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'self'" and policy["object-src"] == policy["base-uri"] == "'none'", where
        assert policy["frame-ancestors"] == "'none'" and policy["form-action"] == "'self'"
        assert "unsafe" not in answer.headers["Content-Security-Policy"] and "script-src" not in policy
        assert "Permissions-Policy" in answer.headers


def test_no_page_is_kept_and_partials_are_told_from_pages(client, manager, anna):
    for answer in answers(client, manager, anna):
        if not answer.request.path.startswith("/static/"):
            assert answer.headers["Cache-Control"] == "no-store"
            assert "HX-Request" in answer.headers["Vary"]


def test_static_files_are_kept_for_ever_under_an_address_that_changes_with_them(client):
    addresses = re.findall(r'(?:href|src)="(/static/[^"#]+)', client.get("/login").text)
    assert len(addresses) >= 5
    for address in addresses:
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
        assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", "")
    assert "immutable" not in client.get("/static/app.css").headers.get("Cache-Control", "")


@pytest.fixture
def everywhere(admin, anna) -> list[str]:
    """The addresses of pages."""
    own = [f"/customers/{anna.id}/{page}" for page in ("", "edit/", "delete/")]
    settings = [f"/settings/{page}/" for page in ("profile", "users", "users/create", "audit")]
    return ["/", "/customers/", "/customers/create/", "/customers/import/", "/none", *own, *settings]


def test_no_page_needs_what_the_policy_forbids(admin, everywhere, client):
    for answer in [admin.get(path) for path in everywhere] + [client.get("/login")]:
        for element in page(answer).elements:
            assert "style" not in element.attrs and element.tag != "style", (answer.request.path, element.tag)
            assert not [name for name in element.attrs if name.startswith(("on", "hx-on"))]
            assert element.tag != "script" or element["src"].startswith("/static/")
            for name in ("src", "href", "action"):
                assert not element.attrs.get(name, "").lower().startswith(("javascript:", "//", "http:"))


def test_every_form_that_changes_something_has_a_token(admin, everywhere, client):
    for answer in [admin.get(path) for path in everywhere] + [client.get("/login")]:
        shown = page(answer)
        for form in shown.all("form", method="post"):
            tokens = [one for one in shown.all("input", name="csrf_token") if form in one.parents]
            assert len(tokens) == 1 and len(tokens[0]["value"]) > 40


def test_every_field_has_its_name_for_who_cannot_see(admin, everywhere, client):
    for answer in [admin.get(path) for path in everywhere] + [client.get("/login")]:
        shown = page(answer)
        labelled = {label["for"] for label in shown.all("label") if "for" in label.attrs}
        for field in (one for one in shown.elements if one.tag in ("input", "select", "textarea")):
            hidden = field.attrs.get("type") in ("hidden", "submit")
            wrapped = any(parent.tag == "label" for parent in field.parents)
            assert hidden or wrapped or field.attrs.get("id") in labelled or field.attrs.get("aria-label"), field.attrs


def test_a_website_is_opened_without_a_way_back(viewer):
    anna = people.add("Анна", website="https://example.com/x?a=1&b=2")
    link = page(viewer.get(f"/customers/{anna.id}/")).one("a", href="https://example.com/x?a=1&b=2")
    assert "noopener" in link["rel"]


def test_production_asks_for_https_for_ever(app, client, monkeypatch):
    assert "Strict-Transport-Security" not in client.get("/login").headers
    monkeypatch.setitem(app.config, "CRM_ENV", "production")
    assert client.get("/login").headers["Strict-Transport-Security"] == "max-age=31536000"
