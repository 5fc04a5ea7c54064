"""Figures for owners."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import func, select

from crm.db import db
from crm.models import Customer, Payment, PendingPayment


@dataclass(frozen=True)
class CustomerFigures:
    """How many customers there are, how many are new since a day, and the newest of them."""

    active: int
    archived: int
    new_since: date
    new: int
    newest: list[Customer]


def customer_figures(days: int = 7) -> CustomerFigures:
    """Counts by status, those of the last `days` days (today included), and the five newest."""
    zone = ZoneInfo(current_app.config["CRM_TIMEZONE"])
    since = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    counted = select(Customer.status, func.count().label("number")).group_by(Customer.status)
    by_status = {row.status: row.number for row in db.session.execute(counted)}
    new = db.session.scalar(
        select(func.count()).where(Customer.created_at >= since, Customer.status == "active").select_from(Customer)
    )
    newest = db.session.scalars(
        select(Customer)
        .where(Customer.status == "active")
        .order_by(Customer.created_at.desc(), Customer.id.desc())
        .limit(5)
    )
    return CustomerFigures(
        by_status.get("active", 0), by_status.get("archived", 0), since.date(), new or 0, list(newest)
    )


@dataclass(frozen=True)
class PaymentFigures:
    """How many payments have failed, and how many wait to be posted."""

    failed: int
    waiting: int


def payment_figures() -> PaymentFigures:
    """Both in one statement; what failed has an index of its own, and what waits a table."""
    failed = select(func.count()).where(Payment.failure_code.is_not(None)).select_from(Payment).scalar_subquery()
    waiting = select(func.count()).select_from(PendingPayment).scalar_subquery()
    return PaymentFigures(*db.session.execute(select(failed, waiting)).one())
