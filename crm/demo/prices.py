"""What the business of the demo takes and gives: commission rules that were changed once, rates that change weekly."""

import random
from decimal import Decimal

from crm.services import commission_rules, currencies, rates
from crm.services.audit import Actor
from crm.services.commission_terms import RuleData
from crm.services.rates import RateData

CURRENCIES = ("RUB", "USD", "EUR")
_FIRST_RULES = (
    RuleData("transfer", percent="2"),
    RuleData("deposit", "RUB", "card", percent="1.8"),
    RuleData("withdrawal", "RUB", percent="1", min="30"),
    RuleData("withdrawal", "USD", percent="1.5", min="1"),
    RuleData("withdrawal", "EUR", percent="1.5", min="1"),
)
_LATER_RULES = (
    RuleData("transfer", "RUB", percent="1.5", min="10", max="500"),
    RuleData("withdrawal", "RUB", "e_wallet", percent="2.5", min="50"),
)
_SPREAD = "0.5"


def set_first(actor: Actor) -> None:
    """Take the currencies into use and set the first rules."""
    known = currencies.codes()
    for code in CURRENCIES:
        if code not in known:
            currencies.add(actor, code)
    for rule in _FIRST_RULES:
        commission_rules.add(actor, rule)


def set_later(actor: Actor) -> None:
    """What the owner thought better of later."""
    for rule in _LATER_RULES:
        commission_rules.add(actor, rule)


class Rates:
    """What a dollar and a euro cost in roubles, drifting from week to week."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        self.roubles = {"USD": Decimal("92.40"), "EUR": Decimal("100.10")}

    def quote(self, actor: Actor) -> None:
        """The week's rates, both ways and between the two."""
        for code, rate in self.roubles.items():
            drift = Decimal(self.pick.randint(-150, 160)) / 100
            self.roubles[code] = max(Decimal(50), rate + drift)
            rates.add(actor, RateData(code, "RUB", str(self.roubles[code]), _SPREAD), with_inverse=True)
        cross = (self.roubles["EUR"] / self.roubles["USD"]).quantize(Decimal("0.0001"))
        rates.add(actor, RateData("EUR", "USD", str(cross), _SPREAD), with_inverse=True)
