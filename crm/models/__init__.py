"""What there is: every table of the product, imported here so that migrations see them all."""

from crm.models.audit import AuditEntry
from crm.models.balances import AccountBalance, AccountDay, Hold
from crm.models.batches import PaymentBatch, PendingPayment
from crm.models.chain import ChainLink
from crm.models.currency import CommissionRule, Currency, ExchangeRate
from crm.models.customer import ContactChannel, Customer, CustomerTag, Tag
from crm.models.exports import Export
from crm.models.imports import Import, ImportKey, ImportMapping, ImportOpening, ImportRow
from crm.models.ledger import Account, Operation, Payment
from crm.models.mail import Mail
from crm.models.proofs import ProofFinding, ProofQuery, ProofRun
from crm.models.token import Scope, Token
from crm.models.user import Permission, Role, User

__all__ = [
    "Account",
    "AccountBalance",
    "AccountDay",
    "AuditEntry",
    "ChainLink",
    "CommissionRule",
    "ContactChannel",
    "Currency",
    "Customer",
    "CustomerTag",
    "ExchangeRate",
    "Export",
    "Hold",
    "Import",
    "ImportKey",
    "ImportMapping",
    "ImportOpening",
    "ImportRow",
    "Mail",
    "Operation",
    "Payment",
    "PaymentBatch",
    "PendingPayment",
    "Permission",
    "ProofFinding",
    "ProofQuery",
    "ProofRun",
    "Role",
    "Scope",
    "Tag",
    "Token",
    "User",
]
