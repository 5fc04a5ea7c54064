"""The laws of the ledger as data, in the order in which they are proved."""

from crm.ledger.laws import accounts, chained, held, kept, operations, payments, reversals
from crm.ledger.laws.law import Law

LAWS: tuple[Law, ...] = (
    *operations.LAWS,
    *accounts.LAWS,
    *payments.LAWS,
    *reversals.LAWS,
    *held.LAWS,
    *chained.LAWS,
    *kept.LAWS,
)
BY_CODE = {law.code: law for law in LAWS}
