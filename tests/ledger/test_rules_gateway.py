"""Laws that the database itself keeps of conversions, reversals, rules and rates."""

import pytest

from tests.ledger.scene import balance, ended, operations, payment

pytestmark = pytest.mark.usefixtures("sound_ledger")

FIXED = "does not change"
REVERSAL = {"kind": "'reversal'", "reversal_of_id": ":done", "from_account_id": ":anna", "to_account_id": ":cash"}
BACK = operations("new", ("anna", "transfer", -100, 900, 4), ("cash", "transfer", 100, None, None))


def reversal(amount: int = 100) -> str:
    return payment(**REVERSAL, amount=str(amount))


def counted(amount: int, name: str = "done") -> str:
    return f"UPDATE payments SET reversed_amount = {amount} WHERE id = :{name}"


def test_an_honest_reversal_is_counted_and_completed(scene):
    scene.run(reversal(), BACK, balance("anna", 900, 4), counted(100), ended("new"))


@pytest.mark.parametrize("count", [[], [counted(99)], [counted(100, "waiting")]])
def test_a_reversal_that_is_not_counted_is_not_completed(scene, count):
    because = "counted on its original" if count != [counted(100, "waiting")] else "does not change|reversed_amount"
    last = [] if count == [counted(100, "waiting")] else [ended("new")]
    scene.refuses(because, reversal(), BACK, balance("anna", 900, 4), *count, *last)


def test_what_was_reversed_only_grows_and_never_beyond_the_payment(scene):
    scene.run(reversal(), BACK, balance("anna", 900, 4), counted(100), ended("new"))
    scene.refuses(FIXED, counted(99))
    scene.refuses("ck_payments_reversed_amount", counted(401))
    scene.refuses("does not change|ck_payments_reversed_amount", counted(1, "failed"))
    scene.run(counted(0, "failed"))  # nothing is changed by that


@pytest.mark.parametrize(
    ("because", "values"),
    [
        ("ck_payments_reversal", {"kind": "'reversal'"}),
        ("ck_payments_reversal", {"reversal_of_id": ":done"}),
        ("foreign key", REVERSAL | {"reversal_of_id": ":print_id"}),
        ("ck_payments_conversion", {"kind": "'conversion'"}),
        ("ck_payments_conversion", {"to_amount": "5", "to_currency": "'EUR'", "rate": "1"}),
        ("ck_payments_conversion", {"kind": "'conversion'", "to_amount": "0", "to_currency": "'EUR'", "rate": "1"}),
        ("ck_payments_conversion", {"kind": "'conversion'", "to_amount": "5", "to_currency": "'RUB'", "rate": "1"}),
        ("ck_payments_conversion", {"kind": "'conversion'", "to_amount": "5", "to_currency": "'EUR'", "rate": "0"}),
        ("foreign key", {"batch_id": ":print_id"}),
        ("ck_payments_reversed_amount", {"reversed_amount": "1"}),
    ],
)
def test_a_payment_of_the_gateway_begins_as_the_rules_want_it(scene, because, values):
    scene.names["print_id"] = "0" * 31 + "7"
    scene.refuses(because, payment(**values))


CHANGES = [
    "to_amount = 5, to_currency = 'EUR', rate = 1, kind = 'conversion'",
    "terms = '{}'",
    "reversal_of_id = :failed, kind = 'reversal'",
    "metadata = '{}'",
    "batch_row = 1",
]


@pytest.mark.parametrize("name", ["waiting", "done", "failed"])
def test_what_it_was_priced_by_never_changes(scene, name):
    for change in CHANGES:
        scene.refuses(FIXED, f"UPDATE payments SET {change} WHERE id = :{name}")


RULE = {"payment_kind": "'transfer'", "currency": "'RUB'", "percent": "1", "fixed": "0", "minimum": "0"}
RATE = {"from_currency": "'USD'", "to_currency": "'RUB'", "rate": "1", "spread": "0"}


def stored(table: str, fields: dict[str, str]) -> str:
    fields = fields | {"valid_from": ":later", "created_at": ":later"}
    return f"INSERT INTO {table} ({', '.join(fields)}) VALUES ({', '.join(fields.values())})"


def test_honest_prices_are_stored(scene):
    scene.run(stored("commission_rules", RULE), stored("exchange_rates", RATE))


@pytest.mark.parametrize(
    ("because", "values"),
    [
        ("ck_commission_rules_payment_kind", {"payment_kind": "'adjustment'"}),
        ("ck_commission_rules_percent", {"percent": "100000000001"}),
        ("ck_commission_rules_percent", {"percent": "-1"}),
        ("ck_commission_rules_bounds", {"fixed": "-1"}),
        ("ck_commission_rules_bounds", {"minimum": "10", "maximum": "9"}),
        ("ck_commission_rules_amounts_have_a_currency", {"currency": "NULL", "fixed": "1"}),
        ("ck_commission_rules_source", {"source": "'cash'"}),
        ("ck_commission_rules_source", {"payment_kind": "'deposit'", "source": "'sales'"}),
        ("foreign key", {"currency": "'XXX'"}),
    ],
)
def test_a_commission_rule_makes_sense(scene, because, values):
    scene.refuses(because, stored("commission_rules", RULE | values))


@pytest.mark.parametrize(
    ("because", "values"),
    [
        ("ck_exchange_rates_rate", {"rate": "0"}),
        ("ck_exchange_rates_rate", {"rate": "-1"}),
        ("ck_exchange_rates_rate", {"rate": "1000000000000000000"}),
        ("ck_exchange_rates_spread", {"spread": "100000000000"}),
        ("ck_exchange_rates_pair", {"to_currency": "'USD'"}),
        ("foreign key", {"to_currency": "'XXX'"}),
    ],
)
def test_an_exchange_rate_makes_sense(scene, because, values):
    scene.refuses(because, stored("exchange_rates", RATE | values))


def test_a_pair_has_one_rate_at_a_time(scene):
    scene.refuses("unique", stored("exchange_rates", RATE), stored("exchange_rates", RATE | {"rate": "2"}))
