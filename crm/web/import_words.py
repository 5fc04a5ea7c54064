"""The import in the reader's words: what a column may hold, the keys that customers are matched by, encodings."""

from typing import Any

from crm.channel_types import NAMES
from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.money import parse
from crm.services.customer_data import ATTRIBUTE_NAME_LIMIT
from crm.services.importing.plan import ATTRIBUTE
from crm.web.money_text import money
from crm.web.trail import field_name, value_text

_WALLET = "wallet:"  # before the currency of a wallet that was opened
FIELDS = {
    "name": _l("Name"),
    "first_name": _l("First name"),
    "middle_name": _l("Middle name"),
    "last_name": _l("Last name"),
    "kind": _l("Kind"),
    "company": _l("Company"),
    "city": _l("City"),
    "notes": _l("Notes"),
    "external_id": _l("External ID"),
    "crm_id": _l("CRM ID"),
    "tags": _l("Tags"),
    "wallet_balance": _l("Balance"),
    "currency": _l("Currency of the balance"),
    "label": _l("Label of the contact beside it"),
} | {type_.value: name for type_, name in NAMES.items()}
GROUPS = [
    (_l("Customer"), ("name", "last_name", "first_name", "middle_name", "company", "city", "tags", "notes", "kind")),
    (_l("Contacts"), (*NAMES, "label")),
    (_l("Wallet"), ("wallet_balance", "currency")),
    (_l("Recognising"), ("external_id", "crm_id")),
]
POLICIES = {
    "overwrite": _l("Overwrite"),
    "fill": _l("Fill in blanks"),
    "never": _l("Leave as it is"),
}
KEYS = {
    "external_id": _l("External ID"),
    "email": _l("E-mail"),
    "phone": _l("Phone"),
    "channel": _l("Any other contact"),
}
FOUND = {
    "saved": _l("as last time"),
    "exact": _l("by its name"),
    "fuzzy": _l("similar name"),
    "preset": _l("known program"),
}
DELIMITERS = {
    ",": _l("Comma"),
    ";": _l("Semicolon"),
    "\t": _l("Tab"),
    "|": _l("Vertical bar"),
}
OUTCOMES = {
    "created": _l("Created"),
    "updated": _l("Updated"),
    "unchanged": _l("Unchanged"),
    "skipped": _l("Skipped"),
    "failed": _l("Failed"),
}


def change_name(field: str) -> str:
    """What was touched: a field, a custom attribute by its own name, the wallet in a currency."""
    if field.startswith(ATTRIBUTE):
        return field.removeprefix(ATTRIBUTE)
    if field.startswith(_WALLET):
        return _("Wallet in %(currency)s", currency=field.removeprefix(_WALLET))
    return str(FIELDS[field]) if field in FIELDS else field_name(field)


def change_value(value: Any, field: str) -> str:
    """A value before or after, '' where there is none."""
    if value is not None and field.startswith(_WALLET):
        currency = field.removeprefix(_WALLET)
        return money(parse(str(value), currency), currency)
    return value_text(value, field)


def field_options(title: str, held: str | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column of this title may hold, by group; `held` is what it holds, which is among them."""
    groups = [(str(group), [(field, str(FIELDS[field])) for field in fields]) for group, fields in GROUPS]
    own = dict.fromkeys(f"{ATTRIBUTE}{name}" for name in (title.strip()[:ATTRIBUTE_NAME_LIMIT],) if name)
    if held and held.startswith(ATTRIBUTE):
        own[held] = None
    if own:
        groups.append((_("Own field"), [(field, field.removeprefix(ATTRIBUTE)) for field in own]))
    return groups
