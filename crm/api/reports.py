"""Reports and statements for programs."""

from typing import Any

from flask import url_for

from crm.api import bp
from crm.api.calls import call
from crm.api.schemas.reports import PeriodQuery, Statement, TechnicalReport
from crm.models import Permission
from crm.services import report_json
from crm.web.guards import owner, requires


@bp.get("/reports/technical")
@requires(Permission.READ)
@call({200: TechnicalReport}, query=PeriodQuery)
def technical_report(query: PeriodQuery) -> Any:
    """See what went through the technical accounts

    How much commission was taken, how much came in by bank transfer, how much left to e-wallets, by currency.
    """
    return report_json.technical_report(query.first, query.last)


@bp.get("/accounts/<int:pk>/statement")
@requires(Permission.READ, own=True)
@call({200: Statement}, query=PeriodQuery)
def account_statement(pk: int, query: PeriodQuery) -> Any:
    """See what a wallet held and what came and went"""
    found = report_json.statement(pk, query.first, query.last, owner())
    lines = url_for("api.account_operations", pk=pk)
    return found | {"operations": f"{lines}?{found['operations']}"}
