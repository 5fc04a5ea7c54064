"""The currencies in use: wallets may be opened in these, and each has its technical accounts."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from crm import money
from crm.db import atomic, db, retrying
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.ledger import accounts
from crm.models import Currency
from crm.services import audit
from crm.services.audit import Actor

_CODES = select(Currency.__table__.c.code).order_by(Currency.__table__.c.code)


def codes() -> list[str]:
    """ISO 4217 codes of the currencies in use, in order."""
    return list(db.session.scalars(_CODES))


@retrying
def add(actor: Actor, code: str) -> None:
    """Take a currency of ISO 4217 into use and open its technical accounts; `Invalid` where that cannot be."""
    code = code.strip().upper()
    if not money.is_currency(code):
        raise Invalid({"currency": [_("%(value)s is not a currency; write a code such as RUB.", value=code[:40])]})
    try:
        with atomic():
            accounts.add_currency(code)
            audit.record(actor, "currency.added", "currency", code)
    except IntegrityError as error:
        raise Invalid({"currency": [_("%(currency)s is in use already.", currency=code)]}) from error
