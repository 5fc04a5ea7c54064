"""Fields of the business's own: shown on the customer's page, changed in the form, named in the audit trail."""

import pytest

from crm.services import customers
from tests import people
from tests.web.pages import page


@pytest.fixture
def anna(app):
    return people.add("Анна", city="Тверь", attributes={"Договор №": "12", "Размер": "M"})


def address(customer) -> str:
    return f"/customers/{customer.id}/edit/"


def typed(*pairs: tuple[str, str, str], version: int = 1) -> dict[str, str]:
    """The form with these fields: what each was called, is called now, and its value."""
    form = {"name": "Анна", "kind": "person", "city": "Тверь", "version": str(version)}
    for index, pair in enumerate(pairs):
        form |= {f"attributes-{index}-{part}": text for part, text in zip(("was", "name", "value"), pair, strict=True)}
    return form


CONTRACT, SIZE = ("Договор №", "Договор №", "12"), ("Размер", "Размер", "M")


def test_they_stand_on_the_customers_page(manager, anna):
    text = manager.get(f"/customers/{anna.id}/").text
    assert "Договор №" in text and "12" in text and "Размер" in text


def test_the_form_has_them_and_blank_ones_for_more(manager, anna):
    shown = page(manager.get(address(anna)))
    assert [shown.value(f"attributes-{index}-name") for index in range(5)] == ["Договор №", "Размер", "", "", ""]
    assert [shown.value(f"attributes-{index}-value") for index in range(2)] == ["12", "M"]


def test_they_are_changed_added_renamed_and_taken_away(manager, anna, trail):
    sent = typed(("Договор №", "Договор №", "13"), ("Размер", "Рост", "M"), ("", " Менеджер ", "Ольга"), ("", "", ""))
    assert manager.post(address(anna), data=sent).status_code == 303
    assert customers.get(anna.id).attributes == {"Договор №": "13", "Рост": "M", "Менеджер": "Ольга"}
    assert trail()[-1].changes == {
        "attribute:Договор №": ["12", "13"],
        "attribute:Рост": [None, "M"],
        "attribute:Менеджер": [None, "Ольга"],
        "attribute:Размер": ["M", None],
    }
    assert manager.post(address(anna), data=typed(("Рост", "Рост", " "), version=2)).status_code == 303
    assert customers.get(anna.id).attributes == {"Договор №": "13", "Менеджер": "Ольга"}


def test_a_form_without_them_leaves_them_alone(manager, anna, nothing_changes):
    with nothing_changes():
        assert manager.post(address(anna), data=typed()).status_code == 303
        assert manager.post(address(anna), data=typed(CONTRACT, SIZE)).status_code == 303


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("", "", "x")], "cannot be blank"),
        ([("", "x" * 51, "x")], "longer than 50 characters"),
        ([("", "x", "y" * 501)], "longer than 500 characters"),
        ([("", "a", "1"), ("", " a ", "2")], "have the same name"),
        ([("", f"n{number}", "x") for number in range(29)], "There are more than 30 attributes."),
        ([("", "x", "y\x00")], "characters that cannot be shown"),
    ],
)
def test_what_is_wrong_is_said_beside_them_and_nothing_is_lost(manager, anna, nothing_changes, pairs, said, htmx):
    with nothing_changes():
        answer = manager.post(address(anna), data=typed(*pairs), htmx=htmx)
    shown = page(answer)
    assert answer.status_code == 422 and said in shown.one(id="attributes-help").text
    if "\x00" not in pairs[0][2]:  # which HTML cannot have
        assert shown.value("attributes-0-value") == pairs[0][2]


def test_somebody_elses_change_is_shown(manager, anna):
    customers.change(people.CLI, anna.id, None, {"attributes": {"Размер": "L"}})
    answer = manager.post(address(anna), data=typed(CONTRACT, SIZE))
    assert answer.status_code == 409 and "Размер: L" in answer.text.replace("<q>", "").replace("</q>", "")


def test_the_audit_log_names_them(admin, manager, anna):
    manager.post(address(anna), data=typed(("Размер", "Размер", "L")))
    text = admin.get("/settings/audit/").text
    assert "Размер" in text and "attribute:" not in text


def test_names_that_look_like_markup_are_text(manager, anna):
    sent = typed(("", "<b>x</b>", "<script>alert(1)</script>"))
    assert manager.post(address(anna), data=sent).status_code == 303
    assert b"<script>alert" not in manager.get(f"/customers/{anna.id}/").data
    assert b"<script>alert" not in manager.get(address(anna)).data
