"""The command line of prices: rates added, imported and listed, rules listed; what is wrong is one sentence."""

import pytest

from crm.services import commission_rules
from crm.services.audit import Actor
from crm.services.commission_terms import RuleData


@pytest.fixture
def command(app):
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=list(arguments))


def test_a_rate_is_added_and_listed(command):
    done = command(
        "rates", "add", "usd", "RUB", "92.5", "--spread", "1", "--valid-from", "2026-01-31 09:00", "--inverse"
    )
    assert done.exit_code == 0 and done.output.startswith("1 USD = 92.5 RUB, 1 % kept, from 2026-01-31")
    assert command("rates", "list").output.count("% kept") == 2
    command("rates", "add", "EUR", "RUB", "100", "--valid-from", "2999-01-01")
    assert command("rates", "list").output.splitlines()[0].endswith("(to come)")


def test_a_refusal_is_a_sentence(command, tmp_path):
    for rate in ("0", "NaN", "1e9"):
        refused = command("rates", "add", "USD", "RUB", rate)
        assert refused.exit_code == 1 and refused.output.startswith("Error: ") and "Traceback" not in refused.output
    file = tmp_path / "rates.csv"
    file.write_text("from_currency,to_currency,rate\nUSD,RUB,1\nUSD,GBP,1\n")
    refused = command("rates", "import", str(file))
    assert refused.exit_code == 1 and "Line 3: GBP is not in use here." in refused.output
    assert command("rates", "list").output == ""
    file.write_text("from_currency,to_currency,rate\nUSD,RUB,1\n")
    assert command("rates", "import", str(file)).output == "1 rates were added.\n"


def test_rules_are_listed_as_they_hold(command, app):
    for percent in ("2", "1.5"):
        commission_rules.add(Actor(None, "test"), RuleData("transfer", "RUB", "", percent, min="30", max="500"))
    output = command("commission-rules", "list").output
    assert output.split(maxsplit=1)[1] == "transfer RUB: 1.5 %, at least 30.00, at most 500.00\n"
