"""What an export is of, in the reader's words."""

from datetime import date

from flask_babel import format_date, format_decimal

from crm.i18n import lazy_gettext as _l
from crm.models import Export
from crm.services.exporting.orders import Order, restored
from crm.web.trail import VALUES, field_name, value_text

_NOUNS = {
    "customers": _l("Customers"),
    "payments": _l("Payments"),
    "operations": _l("Operations list"),
    "statement": _l("Statement"),
}


def export_title(export: Export) -> str:
    """The list and the format: `Customers, Excel`."""
    return f"{_NOUNS[export.noun]}, {VALUES['format'][export.format]}"


def export_size(export: Export) -> str:
    """How large the file is, in megabytes."""
    return format_decimal(max(round(export.size / 1_000_000, 1), 0.1))


def export_filters(export: Export) -> list[tuple[str, str]]:
    """What the list was narrowed by, as names and values."""
    order = Order(export.noun, restored(export.noun, export.criteria), export.format)
    return [(field_name(name), _said(vars(order.criteria)[name], value, name)) for name, value in order.filters.items()]


def _said(kept: object, told: object, name: str) -> str:
    return format_date(kept, "short") if isinstance(kept, date) else value_text(told, name)
