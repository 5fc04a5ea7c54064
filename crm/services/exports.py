"""Lists as files: who wants one gets it at once where it is small, and the audit trail says who took what."""

from crm.db import atomic, retrying
from crm.services import audit
from crm.services.audit import Actor
from crm.services.exporting.orders import Order
from crm.services.exporting.sheet import Sheet

AT_ONCE = 10_000  # rows that are written while somebody waits


def is_large(order: Order) -> bool:
    """Whether it is to be made in the background. Raises `Invalid` by field, and `NotFound`."""
    return order.count(AT_ONCE + 1) > AT_ONCE


def taken(actor: Actor, order: Order) -> Sheet:
    """The sheet, to be written at once; that the actor takes it is in the audit trail. Raises as `is_large` does."""
    sheet = order.sheet()
    _record(actor, order, sheet.total)
    return sheet


@retrying
def _record(actor: Actor, order: Order, rows: int) -> None:
    with atomic():
        record(actor, order, rows)


def record(actor: Actor, order: Order, rows: int, entity_id: int | str = "") -> None:
    """Put into the audit trail how many rows of what have gone out, with which filters, in the present transaction."""
    about = {"rows": rows, "format": order.format, **order.filters}
    changes = {name: (None, value) for name, value in about.items()}
    audit.record(actor, f"{order.noun}.exported", "export", entity_id, changes)
