"""Setting an import up: how the file reads, what its columns hold, whom rows are taken for; then the check and its
diff.
"""

import io

import pytest

from crm.db import db
from crm.models import Customer
from crm.services import imports
from crm.services.audit import Actor
from crm.services.importing.plan import Plan
from tests import people, uploads
from tests.web.pages import Page, page

UPLOAD = "/customers/import/"
FILE = "Код;ФИО;Телефон;Размер\n7;Анна;8 912 345-67-89;M\n8;Иван;;L\n"


@pytest.fixture
def draft(manager):
    """The address of a draft without its last word."""
    data = {"file": (io.BytesIO(FILE.encode("cp1251")), "клиенты.csv"), "check": "1"}
    answer = manager.post(UPLOAD, data=data)
    assert answer.status_code == 303
    return answer.location.removesuffix("columns/")


def pk(address: str) -> int:
    return int(address.split("/")[-2])


def typed(shown: Page, **changed: str | list[str]) -> dict[str, str | list[str]]:
    """What the form holds, as a browser would send it."""
    form: dict[str, str | list[str]] = {}
    for element in shown.all(inside="import-setup"):
        name = element.attrs.get("name", "")
        if element.tag == "select":
            form[name] = shown.value(name)
        elif element.tag == "input" and (element.attrs.get("type") not in ("radio", "checkbox")):
            form.setdefault(name, [])
            form[name] += [element.attrs.get("value", "")]
        elif element.tag == "input" and "checked" in element.attrs:
            form[name] = [*form.get(name, []), element.attrs["value"]]
    for name in ("encoding", "delimiter", "header", "csrf_token"):
        form.pop(name, None)
    return form | changed


def test_a_file_that_is_to_be_checked_first_waits_for_its_operator(manager, draft):
    upload = imports.get(pk(draft))
    assert (upload.status, upload.encoding, upload.delimiter) == ("draft", "cp1251", ";")
    shown = page(manager.get(f"{draft}columns/"))
    assert [shown.value(f"field-{place}") for place in range(3)] == ["external_id", "name", "phone"]
    assert shown.value("encoding") == "cp1251" and shown.value("delimiter") == ";" and shown.value("header") == "0"
    assert "8 912 345-67-89" in shown.one(id="import-setup").text and "50 % filled" in shown.one(id="import-setup").text
    assert manager.get(draft).location == f"{draft}columns/"


def test_the_form_is_there_as_page_and_partial(manager, draft):
    whole, part = page(manager.get(f"{draft}columns/")), page(manager.get(f"{draft}columns/", htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["import-setup"]


def test_what_was_decided_is_kept_and_checked(manager, draft):
    form = typed(page(manager.get(f"{draft}columns/")), on_duplicate="update", restore="1")
    form |= {"field-3": "attribute:Размер", "policy-1": "fill", "default-city": " Тверь ", "label-2": "Work"}
    answer = manager.post(f"{draft}columns/", data=form | {"next": "check"})
    upload = imports.get(pk(draft))
    assert (answer.status_code, answer.location, upload.status) == (303, draft, "checking")
    assert [column["field"] for column in upload.plan["columns"]] == [
        "external_id", "name", "phone", "attribute:Размер",
    ]  # fmt: skip
    assert (upload.plan["columns"][1]["policy"], upload.plan["columns"][2]["label"]) == ("fill", "Work")
    assert (upload.plan["defaults"], upload.plan["on_duplicate"], upload.plan["restore"]) == (
        {"city": "Тверь"}, "update", True,
    )  # fmt: skip


def test_it_can_be_imported_without_a_check(manager, draft):
    form = typed(page(manager.get(f"{draft}columns/"))) | {"next": "start"}
    assert manager.post(f"{draft}columns/", data=form).location == draft
    imports.run(pk(draft))
    upload = imports.get(pk(draft))
    assert (upload.status, uploads.counts(upload)) == ("done", {"created": 2})


SPOILT = "Имя;Поле\nАнна;79123456789.0\nИван;-\n"


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_spoilt_in_a_column_as_it_was_chosen_is_shown_before_anything_is_done(manager, htmx):
    upload = uploads.draft(SPOILT, "spoilt.csv")
    address = f"{UPLOAD}{upload.id}/columns/"
    shown = page(manager.get(address))
    assert shown.all("input", name="repair") == []
    answer = manager.post(address, data=typed(shown, **{"field-1": "phone"}) | {"next": "start"}, htmx=htmx)
    shown = page(answer)
    assert answer.status_code == 422 and "more is spoilt" in shown.one(class_="alert-warning").text
    ticks = {one["value"]: "checked" in one.attrs for one in shown.all("input", name="repair")}
    assert ticks == {"decimal:1": True, "nothing:1": True}
    assert (
        "79123456789.0 → 79123456789" in shown.one(class_="damage").text
        and "- → blank" in shown.one(class_="damage").text
    )
    assert imports.get(upload.id).status == "draft"
    answer = manager.post(address, data=typed(shown, repair=["decimal:1"]) | {"next": "start"}, htmx=htmx)
    assert answer.status_code in (204, 303)
    imports.run(upload.id)
    assert uploads.counts(imports.get(upload.id)) == {"created": 1, "failed": 1}


def test_what_was_put_right_is_forgotten_with_what_the_column_was_taken_for(manager):
    upload = uploads.draft(SPOILT.replace("Поле", "Телефон"), "spoilt.csv")
    address = f"{UPLOAD}{upload.id}/columns/"
    assert imports.get(upload.id).plan["repairs"] == ["decimal:1", "nothing:1"]
    form = typed(page(manager.get(address)), **{"field-1": "attribute:Поле"})
    assert manager.post(address, data=form | {"next": "check"}).status_code == 303
    db.session.rollback()
    assert (imports.get(upload.id).plan["repairs"], imports.get(upload.id).damage) == ([], [])


def test_the_order_of_matching_is_moved_without_a_script(manager, draft):
    form = typed(page(manager.get(f"{draft}columns/")), **{"default-city": "Тверь"})
    shown = page(manager.post(f"{draft}columns/", data=form | {"move": "up:phone"}))
    keys = [one["value"] for one in shown.all("input", name="order")]
    assert keys == ["external_id", "phone", "email", "channel"] and shown.value("default-city") == "Тверь"
    answer = manager.post(f"{draft}columns/", data=typed(shown, match=["phone", "email"]) | {"next": "check"})
    assert answer.status_code == 303 and imports.get(pk(draft)).plan["match"] == ["phone", "email"]


@pytest.mark.parametrize("htmx", [False, True])
def test_what_cannot_be_is_told_at_422_and_changes_nothing(manager, draft, nothing_changes, htmx):
    form = typed(page(manager.get(f"{draft}columns/")))
    with nothing_changes():
        answer = manager.post(f"{draft}columns/", data=form | {"field-1": ""}, htmx=htmx)
        assert answer.status_code == 422 and "column with the customers" in page(answer).one(id="columns-help").text
        assert manager.post(f"{draft}columns/", data=form | {"field-2": "name"}, htmx=htmx).status_code == 422
        assert manager.post(f"{draft}columns/", data=form | {"field-2": "shoe"}, htmx=htmx).status_code == 422
        assert manager.post(f"{draft}columns/", data=form | {"on_duplicate": "x"}, htmx=htmx).status_code == 422
        assert manager.post(f"{draft}columns/", data=form | {"match": []}, htmx=htmx).status_code == 422


def test_the_file_is_read_in_another_way(manager, draft):
    fields = {"encoding": "cp1251", "delimiter": ";", "header": "1"}
    assert manager.post(f"{draft}reading/", data=fields).location == f"{draft}columns/"
    upload = imports.get(pk(draft))
    assert (upload.header_line, upload.columns, upload.total_rows) == (1, ["7", "Анна", "8 912 345-67-89", "M"], 1)
    shown = page(manager.post(f"{draft}reading/", data=fields | {"encoding": "koi8_r"}, htmx=True))
    assert [root["id"] for root in shown.roots] == ["import-setup"] and shown.value("encoding") == "koi8_r"


def test_a_reading_that_fails_leaves_it_as_it_was(manager, draft, nothing_changes):
    with nothing_changes():
        for fields in ({"encoding": "utf-8"}, {"encoding": "ebcdic"}, {"header": "99"}):
            answer = manager.post(f"{draft}reading/", data=fields, htmx=True)
            assert answer.status_code == 422 and page(answer).all(role="alert", inside="import-setup"), fields


def test_a_sheet_is_chosen(manager):
    from tests.sheets import ods

    upload = uploads.draft(ods({"People": [["name"], ["Anna"]], "More": [["name"], ["Boris"], ["Vera"]]}), "a.ods")
    assert imports.get(upload.id).total_rows == 1
    manager.post(f"{UPLOAD}{upload.id}/reading/", data={"sheet": "1"})
    db.session.rollback()
    assert (imports.get(upload.id).sheet, imports.get(upload.id).total_rows) == ("More", 2)


def test_the_check_is_a_diff_with_every_number_a_link_to_its_rows(manager):
    people.add("Анна", external_id="7", phone="+79123456780")
    upload = uploads.checked(FILE + "9;Вера;12;S\n", on_duplicate="update")
    address = f"{UPLOAD}{upload.id}/"
    shown = page(manager.get(address))
    assert {link["aria-label"] for link in shown.all("a") if link.attrs.get("id", "").startswith("show-")} == {
        "Read: 3", "Created: 1", "Updated: 1", "Failed: 1",
    }  # fmt: skip
    assert "12" in shown.one(id="import-rows").text  # what failed is shown first
    updated = page(manager.get(f"{address}?show=updated")).one(id="import-rows").text
    assert "+79123456789" in updated and "Анна" in updated
    assert "Иван" in page(manager.get(f"{address}?show=created", htmx=True)).one(id="import-rows").text
    assert shown.one("button", class_="btn-primary").text == "Import 2 rows"
    assert manager.post(f"{address}start/").location == address
    imports.run(upload.id)
    assert uploads.counts(imports.get(upload.id)) == {"created": 1, "updated": 1, "failed": 1}
    done = page(manager.get(f"{address}?show=updated"))
    anna = db.session.query(Customer).filter_by(external_id="7").one()
    assert done.one("a", class_="row-link")["href"] == f"/customers/{anna.id}/"


def test_rows_are_paged_by_their_number(manager):
    upload = uploads.checked("name\n" + "".join(f"Customer {n}\n" for n in range(120)))
    address = f"{UPLOAD}{upload.id}/?show=created"
    first = page(manager.get(address))
    assert [row.text for row in first.all("td", class_="col-row")] == [str(n) for n in range(2, 52)]
    second = page(manager.get(first.one("a", id="rows-next")["href"]))
    assert second.all("td", class_="col-row")[0].text == "52"
    for wrong in ("?show=x", "?after=-1", "?after=x", f"?after={10**30}", "?show=noted", "?show=kept"):
        assert manager.get(f"{UPLOAD}{upload.id}/{wrong}").status_code == 200


def test_a_draft_that_has_begun_is_watched_instead(manager, draft):
    form = typed(page(manager.get(f"{draft}columns/"))) | {"next": "start"}
    manager.post(f"{draft}columns/", data=form)
    assert manager.get(f"{draft}columns/").location == draft
    assert manager.post(f"{draft}columns/", data=form).status_code == 409
    assert manager.post(f"{draft}reading/", data={}).status_code == 409
    assert manager.post(f"{draft}start/").location == draft


def test_a_draft_is_thrown_away(manager, draft, app):
    manager.post(f"{draft}cancel/")
    db.session.rollback()
    assert imports.get(pk(draft)).status == "cancelled"
    assert uploads.kept() == []


def test_who_may_only_look_sees_that_it_is_a_draft(viewer, draft):
    assert "Draft" in page(viewer.get(draft)).one("main").text
    assert viewer.get(f"{draft}columns/").status_code == 403


def test_the_pages_cost_little(manager, count_statements, draft):
    upload = uploads.checked(FILE)
    for address, budget in ((f"{draft}columns/", 5), (f"{UPLOAD}{upload.id}/", 6), (UPLOAD, 3)):
        with count_statements() as statements:
            manager.get(address)
        assert len(statements) <= budget, statements


def test_an_import_that_has_ended_is_told_until_it_is_looked_at(manager, boris):
    upload = imports.draft(Actor(boris.id, "test"), io.BytesIO(FILE.encode()), "a.csv")
    imports.start(uploads.CLERK, upload.id)
    at_work = page(manager.get("/")).one(id="import-news")
    assert at_work["hx-get"].startswith(f"{UPLOAD}news/") and "hidden" in at_work.attrs
    imports.run(upload.id)
    told = manager.get(at_work["hx-get"], htmx=True)
    assert page(told).one(id="import-news").text == "1" and "ended" in told.headers["HX-Trigger"]
    assert page(manager.get("/")).one(id="import-news").text == "1"
    assert "hidden" in page(manager.get(f"{UPLOAD}{upload.id}/")).one(id="import-news").attrs
    assert "hidden" in page(manager.get("/")).one(id="import-news").attrs


def test_companies_of_a_known_program_stay_companies_when_the_page_is_saved(manager):
    text = "Название компании;Рабочий телефон;Рабочий e-mail;Корпоративный сайт\nООО Ромашка;+79123456789;;\n"
    upload = uploads.draft(text)
    assert Plan.from_json(upload.plan).defaults == {"kind": "company"}
    shown = page(manager.get(f"/customers/import/{upload.id}/columns/"))
    manager.post(f"/customers/import/{upload.id}/columns/", data=typed(shown) | {"next": "check"})
    assert Plan.from_json(imports.get(upload.id).plan).defaults == {"kind": "company"}


def test_a_form_about_another_table_decides_nothing(manager, draft):
    form = typed(page(manager.get(f"{draft}columns/")))
    manager.post(f"{draft}reading/", data={"encoding": "cp1251", "delimiter": ";", "header": "1"})
    answer = manager.post(f"{draft}columns/", data=form | {"next": "start"})
    assert answer.status_code == 422 and "have changed meanwhile" in page(answer).one(id="columns-help").text
    assert imports.get(pk(draft)).status == "draft"
