"""The audit trail in the reader's words: what happened, to which field, from what to what."""

from typing import Any

from crm.channel_types import NAMES
from crm.forms.auth import THEME_NAMES
from crm.forms.customer import KIND_NAMES
from crm.forms.prices import PAYMENT_NAMES
from crm.forms.wallet import SOURCE_NAMES
from crm.i18n import LANGUAGES
from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.models.user import ROLE_NAMES
from crm.services.importing.plan import ATTRIBUTE

ACTIONS = {
    "customer.created": _l("Customer added"),
    "customer.updated": _l("Customer changed"),
    "customer.archived": _l("Customer archived"),
    "customer.active": _l("Customer brought back"),
    "customer.deleted": _l("Customer deleted"),
    "channel.added": _l("Contact added"),
    "channel.removed": _l("Contact removed"),
    "channel.made_primary": _l("Main contact chosen"),
    "account.opened": _l("Wallet opened"),
    "account.updated": _l("Wallet changed"),
    "account.frozen": _l("Wallet frozen"),
    "account.open": _l("Wallet in use again"),
    "account.closed": _l("Wallet closed"),
    "payment.captured": _l("Reserved money taken"),
    "payment.voided": _l("Reserved money released"),
    "token.created": _l("Token made"),
    "token.revoked": _l("Token revoked"),
    "currency.added": _l("Currency taken into use"),
    "commission_rule.added": _l("Commission rule added"),
    "commission_rule.ended": _l("Commission rule ended"),
    "rate.added": _l("Exchange rate added"),
    "rate.imported": _l("Exchange rates taken from a file"),
    "import.accepted": _l("Import started"),
    "import.cancel_requested": _l("Import asked to stop"),
    "import.done": _l("Import done"),
    "import.failed": _l("Import failed"),
    "import.cancelled": _l("Import stopped"),
    "import.undo_requested": _l("Import asked to be undone"),
    "import.undone": _l("Import undone"),
    "customers.exported": _l("Customers exported"),
    "export.downloaded": _l("Exported file downloaded"),
    "payments.exported": _l("Payments exported"),
    "operations.exported": _l("Operations exported"),
    "statement.exported": _l("Statement exported"),
    "user.created": _l("User added"),
    "user.updated": _l("User changed"),
    "user.password_changed": _l("Password changed"),
    "user.signed_in": _l("Signed in"),
    "user.signed_up": _l("Signed up"),
    "user.confirmed": _l("E-mail confirmed"),
    "user.invited": _l("Invited to sign in"),
}
FIELDS = {type_.value: name for type_, name in NAMES.items()} | {
    "name": _l("Name"),
    "kind": _l("Kind"),
    "company": _l("Company"),
    "city": _l("City"),
    "notes": _l("Notes"),
    "external_id": _l("External ID"),
    "tags": _l("Tags"),
    "status": _l("Status"),
    "channels": _l("Contacts"),
    "currency": _l("Currency"),
    "held": _l("Reserved"),
    "captured": _l("Taken"),
    "reason": _l("Reason"),
    "overdraft_limit": _l("Overdraft"),
    "payment_kind": _l("Payments"),
    "source": _l("By what way"),
    "percent": _l("Percent"),
    "fixed": _l("Fixed part"),
    "min": _l("At least"),
    "max": _l("At most"),
    "valid_from": _l("Valid from"),
    "pair": _l("Currencies"),
    "rate": _l("Rate"),
    "spread": _l("Spread in percent"),
    "customer": _l("Customer"),
    "role": _l("Role"),
    "active": _l("May sign in"),
    "locale": _l("Language"),
    "theme": _l("Theme"),
    "filename": _l("File"),
    "total_rows": _l("Rows"),
    "read_rows": _l("Rows read"),
    "created": _l("Created"),
    "undone": _l("Taken back"),
    "kept": _l("Kept"),
    "updated": _l("Updated"),
    "unchanged": _l("Unchanged"),
    "skipped": _l("Skipped"),
    "failed": _l("Failed"),
    "rows": _l("Rows"),
    "format": _l("Format"),
    "q": _l("Looked for"),
    "tag": _l("Tag"),
    "channel": _l("Has contact"),
    "created_from": _l("Created from"),
    "created_to": _l("Created to"),
    "balance_from": _l("Balance from"),
    "balance_to": _l("Balance to"),
    "debt": _l("Has debt"),
    "account": _l("Number of the account"),
    "amount_from": _l("Amount from"),
    "amount_to": _l("Amount to"),
    "batch": _l("Batch"),
    "who": _l("Who"),
    "code": _l("Technical account"),
    "part": _l("Part"),
    "direction": _l("Which way"),
    "first": _l("From"),
    "last": _l("To"),
}
VALUES: dict[str, dict[Any, Any]] = {
    "kind": {choice.value: choice.label for choice in KIND_NAMES} | dict(PAYMENT_NAMES),
    "channel": {type_.value: name for type_, name in NAMES.items()},
    "format": {"csv": "CSV", "xlsx": "Excel", "jsonl": "JSON lines"},
    "debt": {True: _l("yes")},
    "status": {
        "": _l("All"),
        "active": _l("in the list"),
        "archived": _l("in the archive"),
        "open": _l("in use"),
        "frozen": _l("frozen"),
        "closed": _l("closed"),
    },
    "payment_kind": dict(PAYMENT_NAMES),
    "source": dict(SOURCE_NAMES),
    "role": {role.value: name for role, name in ROLE_NAMES.items()},
    "active": {True: _l("yes"), False: _l("no")},
    "locale": dict(LANGUAGES),
    "theme": {choice.value: choice.label for choice in THEME_NAMES},
}


def happened(action: str) -> str:
    """What was done."""
    return str(ACTIONS.get(action, action))


def field_name(field: str) -> str:
    """The field that was changed; `main phone` is which of the phones is the main one, and a field of
    the business's own has its own name.
    """
    if field.startswith(ATTRIBUTE):
        return field.removeprefix(ATTRIBUTE)
    main, _blank, type_ = field.partition(" ")
    if main == "main" and type_ in FIELDS:
        return f"{FIELDS[type_]} ({_('main')})"
    return str(FIELDS.get(field, field))


def value_text(value: Any, field: str) -> str:
    """The field's value, '' where there is none."""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(VALUES.get(field, {}).get(value, value))
