"""What there is: every table of the product, imported here so that migrations see them all."""

from crm.models.audit import AuditEntry
from crm.models.customer import ContactChannel, Customer, CustomerTag, Tag
from crm.models.imports import Import, ImportFailure
from crm.models.user import Permission, Role, User

__all__ = [
    "AuditEntry",
    "ContactChannel",
    "Customer",
    "CustomerTag",
    "Import",
    "ImportFailure",
    "Permission",
    "Role",
    "Tag",
    "User",
]
