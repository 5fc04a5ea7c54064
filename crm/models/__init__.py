"""What there is: every table of the product, imported here so that migrations see them all."""

from crm.models.audit import AuditEntry
from crm.models.currency import Currency
from crm.models.customer import ContactChannel, Customer, CustomerTag, Tag
from crm.models.imports import Import, ImportFailure, ImportNote, ImportOpening
from crm.models.ledger import Account, AccountBalance, AccountDay, Operation, Payment
from crm.models.user import Permission, Role, User

__all__ = [
    "Account",
    "AccountBalance",
    "AccountDay",
    "AuditEntry",
    "ContactChannel",
    "Currency",
    "Customer",
    "CustomerTag",
    "Import",
    "ImportFailure",
    "ImportNote",
    "ImportOpening",
    "Operation",
    "Payment",
    "Permission",
    "Role",
    "Tag",
    "User",
]
