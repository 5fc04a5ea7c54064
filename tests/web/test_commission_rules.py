"""The settings of commissions: rules listed in words, added with an example, ended after a question."""

import pytest

from crm.services import commission_rules
from crm.services.commission_terms import RuleData
from tests.people import CLI
from tests.web.pages import page

LIST = "/settings/commission-rules/"
ADD, PREVIEW = f"{LIST}add/", f"{LIST}preview/"
RULE = {"payment_kind": "transfer", "currency": "RUB", "percent": "1,5", "min": "30"}


def add(**fields: str) -> int:
    return commission_rules.add(CLI, RuleData(**{"payment_kind": "transfer"} | fields)).id


def listed(admin) -> str:
    return page(admin.get(LIST)).one(id="rules").text


def test_a_rule_is_added_and_read_in_words(admin, trail):
    answer = admin.post(ADD, data=RULE)
    assert (answer.status_code, answer.location) == (303, LIST)
    assert "Transfers between customers in RUB: 1.5 %, at least RUB 30.00" in listed(admin)
    assert "Of RUB 1,000.00, RUB 30.00 would be taken." in listed(admin)
    assert [entry.action for entry in trail()] == ["commission_rule.added"]


def test_rules_are_told_as_they_stand(admin):
    assert listed(admin).count("Nothing is taken.") == 4
    add(percent="2")
    add(currency="EUR")
    add(payment_kind="deposit", source="card", currency="RUB", fixed="10", max="50", valid_from="2999-01-01")
    add(percent="3")
    text = listed(admin)
    assert "Transfers between customers in any currency: 3 %" in text and "in EUR: nothing is taken" in text
    assert "Deposits (Card) in RUB: RUB 10.00, at most RUB 50.00 to come" in text
    assert "2 %" in text.partition("Rules that are past")[2]


def test_a_payment_that_its_commission_would_eat_up_is_told(admin):
    add(currency="RUB", min="1000")
    assert "A payment of RUB 1,000.00 would be refused" in listed(admin)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"payment_kind": ""}, ["payment_kind"]),
        ({"percent": "101"}, ["percent"]),
        ({"min": "2", "max": "1"}, ["max"]),
        ({"currency": ""}, ["min"]),
        ({"source": "card", "currency": "x"}, ["currency", "source"]),
        ({"valid_from": "2020-01-01T00:00"}, ["valid_from"]),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_written(admin, nothing_changes, fields, wrong):
    for htmx in (False, True):
        with nothing_changes():
            answer = admin.post(ADD, data=RULE | fields, htmx=htmx)
        shown = page(answer)
        assert answer.status_code == 422 and shown.is_whole is not htmx
        assert [name for name in commission_rules.RuleData.__dataclass_fields__ if shown.error(name)] == wrong


def test_the_example_is_worked_out_while_it_is_typed(admin, nothing_changes):
    with nothing_changes():
        example = page(admin.get(PREVIEW, query_string=RULE, htmx=True)).one(id="rule-example").text
        wrong = page(admin.get(PREVIEW, query_string=RULE | {"percent": "x"}, htmx=True)).one(id="rule-example").text
        assert admin.get(PREVIEW).status_code == 200
    assert example == "Of RUB 1,000.00, RUB 30.00 would be taken."
    assert wrong == "x is not a number; write it like 1.5."


def test_a_rule_is_ended_after_a_question(admin, trail):
    pk = add(percent="2")
    trail()
    asked = page(admin.get(f"{LIST}{pk}/end/", htmx=True))
    assert [root["id"] for root in asked.roots] == ["end-form"] and "2 %" in asked.roots[0].text
    for _time in range(2):  # once more is nothing more
        assert admin.post(f"{LIST}{pk}/end/").location == LIST
    assert [entry.action for entry in trail()] == ["commission_rule.ended"]
    assert "2 %" not in listed(admin).partition("Rules that are past")[0]


def test_what_another_rule_has_replaced_is_not_ended(admin, nothing_changes):
    pk = add(percent="2")
    add(percent="3")
    with nothing_changes():
        answer = admin.post(f"{LIST}{pk}/end/")
    assert answer.status_code == 422 and "Another rule has taken the place" in answer.text


def test_the_list_and_the_form_are_there_as_page_and_partial(admin):
    for path, root in ((LIST, "rules"), (ADD, "rule-form")):
        assert page(admin.get(path)).is_whole
        assert [one["id"] for one in page(admin.get(path, htmx=True)).roots] == [root]


def test_strangers_others_missing_ones_and_other_methods(client, viewer, manager, stranger, admin, nothing_changes):
    with nothing_changes():
        for path in (LIST, ADD, PREVIEW):
            assert [one.get(path).status_code for one in (client, viewer, manager, stranger)] == [302, 403, 403, 404]
        assert [one.post(ADD, data=RULE).status_code for one in (client, viewer, manager, stranger)] == [
            302,
            403,
            403,
            404,
        ]
        assert admin.get(f"{LIST}999999/end/").status_code == admin.post(f"{LIST}999999/end/").status_code == 404
        assert admin.put(ADD).status_code == admin.post(LIST).status_code == 405


def test_it_speaks_the_reader_s_language(admin):
    add(**RULE)
    text = page(admin.get(LIST, headers={"Accept-Language": "ru"})).one(id="rules").text
    assert "Переводы между клиентами в RUB: 1,5 %, не меньше 30,00 ₽" in text
