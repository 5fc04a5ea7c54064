"""Laws of commission rules: added and ended, never changed; the newest of its kind holds; what is wrong is named."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from crm.db import atomic, db, utcnow
from crm.errors import Invalid, NotFound
from crm.models import AuditEntry, CommissionRule
from crm.models.currency import SCALE
from crm.services import commission_rules, currencies
from crm.services.audit import Actor
from crm.services.commission_rules import State
from crm.services.commission_terms import RuleData
from tests import money
from tests.money import SERVICE

TEST = Actor(None, "test")


@pytest.fixture(autouse=True)
def sound_ledger(app):
    yield
    money.check_ledger()


def add(**fields: str) -> int:
    return commission_rules.add(TEST, RuleData(**{"payment_kind": "transfer"} | fields)).id


def states() -> dict[int, State]:
    db.session.rollback()
    return {one.row.id: one.state for one in commission_rules.listed()}


def begin(pk: int, ago: timedelta) -> None:
    """As if the rule was to begin so long ago."""
    with atomic() as session:
        session.execute(update(CommissionRule).where(CommissionRule.id == pk).values(valid_from=utcnow() - ago))


def taken(amount: int = 10_000) -> int:
    """What a transfer of so much costs now."""
    payer, payee = money.wallet(balance=amount), money.wallet()
    SERVICE.transfer(payer, payee, amount)
    return amount - SERVICE.balance(payee)


def refused(**fields: str) -> dict[str, list[str]]:
    before = money.rows("commission_rules"), money.rows("audit_entries")
    with pytest.raises(Invalid) as refusal:
        add(**fields)
    assert (money.rows("commission_rules"), money.rows("audit_entries")) == before
    return refusal.value.fields


def test_a_rule_is_kept_as_it_was_typed_and_noted(app):
    row = commission_rules.add(
        TEST, RuleData("deposit", "RUB", "card", "1,5", fixed="10", min="30,00", max="1 000", valid_from="")
    )
    assert (row.payment_kind, row.currency, row.source) == ("deposit", "RUB", "card")
    assert (row.percent, row.fixed, row.minimum, row.maximum) == (15 * SCALE // 10, 1_000, 3_000, 100_000)
    assert abs(row.valid_from - utcnow()) < timedelta(seconds=30) and row.ended_at is None
    entry = db.session.query(AuditEntry).one()
    assert (entry.action, entry.entity_id) == ("commission_rule.added", str(row.id))
    assert entry.changes["percent"] == [None, "1.5"] and entry.changes["min"] == [None, "30.00"]


def test_a_newer_rule_takes_the_place_of_the_one_before(app):
    first = add(percent="2")
    assert taken() == 200
    second = add(percent="3")
    assert states() == {first: State.PAST, second: State.IN_FORCE} and taken() == 300
    elsewhere = add(percent="1", currency="EUR")
    assert states()[second] == states()[elsewhere] == State.IN_FORCE and taken() == 300


def test_a_rule_to_come_holds_from_its_moment_on(app):
    first, later = add(percent="2"), add(percent="5", valid_from=(utcnow() + timedelta(days=1)).isoformat())
    assert states() == {first: State.IN_FORCE, later: State.COMING} and taken() == 200
    standing = commission_rules.get(first)
    assert standing.until == commission_rules.get(later).row.valid_from
    begin(later, timedelta(0))
    assert states() == {first: State.PAST, later: State.IN_FORCE} and taken() == 500


def test_an_ended_rule_takes_nothing_and_no_older_one_comes_back(app):
    first, second = add(percent="2"), add(percent="3")
    commission_rules.end(TEST, second)
    assert states() == {first: State.PAST, second: State.PAST} and taken() == 0
    actions = [entry.action for entry in db.session.query(AuditEntry).filter_by(entity="commission_rule")]
    assert actions.count("commission_rule.ended") == 1
    before = money.rows("commission_rules"), money.rows("audit_entries")
    commission_rules.end(TEST, second)  # once more is nothing more
    assert (money.rows("commission_rules"), money.rows("audit_entries")) == before


def test_what_was_called_off_before_it_began_changes_nothing(app):
    first, later = add(percent="2"), add(percent="5", valid_from=(utcnow() + timedelta(days=1)).isoformat())
    commission_rules.end(TEST, later)
    assert states() == {first: State.IN_FORCE, later: State.PAST}
    with atomic() as session:  # as if its moment had come
        moved = {"valid_from": utcnow(), "ended_at": utcnow() - timedelta(days=1)}
        session.execute(update(CommissionRule).where(CommissionRule.id == later).values(moved))
    assert states() == {first: State.IN_FORCE, later: State.PAST} and taken() == 200


def test_what_another_rule_has_replaced_cannot_be_ended(app):
    first = add(percent="2")
    add(percent="3")
    with pytest.raises(Invalid):
        commission_rules.end(TEST, first)
    with pytest.raises(NotFound):
        commission_rules.end(TEST, 10**9)
    with pytest.raises(NotFound):
        commission_rules.get(10**9)


def test_a_rule_that_takes_nothing_exempts(app):
    add(percent="2")
    add(currency="RUB")
    assert taken() == 0


def test_a_minimum_of_a_currency_without_decimals(app):
    currencies.add(TEST, "JPY")
    assert commission_rules.checked(RuleData("spend", "JPY", min="30"))[0].minimum == 30
    assert refused(payment_kind="spend", currency="JPY", min="30.5") == {"min": ["JPY has no more than 0 decimals."]}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"payment_kind": ""}, "payment_kind"),
        ({"payment_kind": "conversion"}, "payment_kind"),
        ({"payment_kind": "x\x00"}, "payment_kind"),
        ({"currency": "GBP"}, "currency"),
        ({"currency": "руб"}, "currency"),
        ({"payment_kind": "deposit", "source": "sales"}, "source"),
        ({"payment_kind": "deposit", "source": "x"}, "source"),
        ({"payment_kind": "spend", "source": "card"}, "source"),
        ({"percent": "100.000000001"}, "percent"),
        ({"percent": "-1"}, "percent"),
        ({"percent": "1.0000000001"}, "percent"),
        ({"percent": "NaN"}, "percent"),
        ({"percent": "1e2"}, "percent"),
        ({"percent": "9" * 40}, "percent"),
        ({"percent": "2 %"}, "percent"),
        ({"fixed": "1"}, "fixed"),
        ({"min": "1"}, "min"),
        ({"max": "0"}, "max"),
        ({"currency": "RUB", "fixed": "-1"}, "fixed"),
        ({"currency": "RUB", "fixed": "1.001"}, "fixed"),
        ({"currency": "RUB", "min": "x"}, "min"),
        ({"currency": "RUB", "max": "99999999999999999"}, "max"),
        ({"currency": "RUB", "min": "2", "max": "1.99"}, "max"),
        ({"valid_from": "2020-01-01"}, "valid_from"),
        ({"valid_from": "tomorrow"}, "valid_from"),
        ({"valid_from": "9999-12-31T23:59:59-23:59"}, "valid_from"),
        ({"valid_from": "0001-01-01"}, "valid_from"),
    ],
)
def test_what_is_wrong_is_named_at_its_field(app, fields, wrong):
    assert list(refused(**fields)) == [wrong]


def test_everything_that_is_wrong_is_told_at_once(app):
    found = refused(payment_kind="x", currency="y", source="z", percent="a", fixed="b", valid_from="c")
    assert set(found) == {"payment_kind", "currency", "source", "percent", "valid_from"}


def test_the_bounds_themselves_are_taken(app):
    for fields in ({"percent": "100"}, {"percent": "0"}, {"currency": "RUB", "min": "5", "max": "5"}):
        assert add(**fields)


def test_the_list_is_by_kind_and_forgets_what_is_long_past(app):
    old = [add(percent="1") for _time in range(3)]
    spend, deposit = add(payment_kind="spend"), add(payment_kind="deposit", source="cash")
    kinds = [one.row.payment_kind for one in commission_rules.listed()]
    assert kinds == ["deposit", "spend", "transfer", "transfer", "transfer"]
    assert {one.row.id for one in commission_rules.listed(past=1)} == {spend, deposit, *old[1:]}
    assert {one.row.id for one in commission_rules.listed(past=0)} == {spend, deposit, old[2]}


def test_a_rule_does_not_touch_what_was_paid_before(app):
    payer, payee = money.wallet(balance=10_000), money.wallet()
    payment = SERVICE.transfer(payer, payee, 10_000).payment_id
    add(percent="2")
    SERVICE.reverse(payment)
    assert SERVICE.balance(payer) == 10_000
