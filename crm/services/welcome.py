"""What a customer gets who has confirmed the e-mail: wallets, and a bonus where one is set. In the background, once."""

import logging

from flask import current_app
from sqlalchemy import select

from crm.db import atomic, db, locked, retrying, utcnow
from crm.errors import DomainError
from crm.i18n import gettext as _
from crm.models import User
from crm.queue import ring
from crm.services import accounts
from crm.services.audit import Actor
from crm.services.wallet import WalletService

log = logging.getLogger(__name__)
JOB = "crm.jobs.welcome_customers"
ACTOR = Actor(None, "welcome")
_DUE = (User.customer_id.is_not(None), User.email_confirmed_at.is_not(None), User.welcomed_at.is_(None))


def call_worker() -> None:
    """Ring for a worker if somebody has not been welcomed."""
    if db.session.scalar(select(User.id).where(*_DUE).limit(1)) is not None:
        ring(JOB)


def welcome_all() -> int:
    """Open the wallets of everybody who waits for them; how many people that were."""
    waiting = list(db.session.scalars(select(User.id).where(*_DUE).order_by(User.id)))
    for pk in waiting:
        _welcome(pk)
    return len(waiting)


@retrying
def _welcome(pk: int) -> None:
    """All of it or nothing: whoever is killed in the middle leaves it to the next one."""
    with atomic():
        user = locked(User, pk)
        if user.welcomed_at is not None or user.customer_id is None:
            return
        for currency in current_app.config["CRM_SIGNUP_CURRENCIES"]:
            _open(user.customer_id, currency)
        _give(user.customer_id)
        user.welcomed_at = utcnow()


def _open(customer_id: int, currency: str) -> None:
    try:
        accounts.first_in(ACTOR, customer_id, currency)
    except DomainError as error:
        log.error("CRM_SIGNUP_CURRENCIES: customer %d got no wallet in %s: %s", customer_id, currency, error.message)


def _give(customer_id: int) -> None:
    """The bonus, once for each customer, whoever signs in as that."""
    if current_app.config["CRM_WELCOME_BONUS"] is None:
        return
    amount, currency = current_app.config["CRM_WELCOME_BONUS"]
    service, key = WalletService(ACTOR), f"welcome {customer_id}"
    try:
        move = lambda wallet: service.adjust(wallet, amount, _("Welcome bonus"), key)  # noqa: E731
        accounts.into_first(ACTOR, customer_id, currency, move)
    except DomainError as error:
        log.error("CRM_WELCOME_BONUS: customer %d got nothing: %s", customer_id, error.message)
