"""What it costs to move money, for programs: rates, commission rules, currencies."""

from typing import Any

from crm.api import bp
from crm.api.calls import call
from crm.api.listing import asked, query_of
from crm.api.schemas.prices import CurrencyList, Rate, RateIn, RateList, Rule, RuleIn, RuleList
from crm.models import Permission
from crm.services import commission_rules, price_json, rates
from crm.services.commission_terms import RuleData
from crm.services.rates import RateData
from crm.web.guards import actor, requires

RATES = query_of(price_json.RATES)
RULES = query_of(price_json.RULES)


@bp.get("/currencies")
@requires(Permission.READ, own=True)
@call({200: CurrencyList})
def currency_list() -> Any:
    """List the currencies in use"""
    return price_json.currencies()


@bp.get("/rates")
@requires(Permission.READ, own=True)
@call({200: RateList}, query=RATES)
def rate_list() -> Any:
    """List exchange rates

    Those of before and those to come too.
    """
    return price_json.rates(asked())


@bp.post("/rates")
@requires(Permission.ADMIN)
@call({201: Rate})
def rate_create(json: RateIn) -> Any:
    """Add an exchange rate

    It takes the place of the pair's rate from its moment on; what was converted before keeps its rate.
    """
    (added,) = rates.add(actor(), RateData(**_typed(json)))
    return price_json.rate(rates.stored(added)), 201


@bp.get("/commission-rules")
@requires(Permission.READ, own=True)
@call({200: RuleList}, query=RULES)
def rule_list() -> Any:
    """List commission rules

    Those of before and those to come too.
    """
    return price_json.rules(asked())


@bp.post("/commission-rules")
@requires(Permission.ADMIN)
@call({201: Rule})
def rule_create(json: RuleIn) -> Any:
    """Add a commission rule

    The most specific one wins; it takes the place of the one for the same kind, currency and source.
    """
    return price_json.rule(commission_rules.add(actor(), RuleData(**_typed(json)))), 201


def _typed(json: RateIn | RuleIn) -> dict[str, str]:
    """As the services read it: text, '' where nothing is said."""
    return {name: value or "" for name, value in json.model_dump(mode="json").items()}
