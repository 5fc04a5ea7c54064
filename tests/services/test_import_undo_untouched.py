"""What nobody has touched since an import is foreseen as a set: as many statements however many rows."""

from crm.services import customers, imports
from crm.services.audit import Actor
from crm.services.importing import undo
from tests.services.test_import_undo import undo as undone
from tests.uploads import take

HEAD = "external_id,name,phone,currency,wallet_balance\n"


def rows(mark: str, count: int) -> str:
    balances = ("RUB,12.50", "USD,3", ",")
    return HEAD + "".join(f"{mark}{number},Anna,,{balances[number % 3]}\n" for number in range(count))


def test_as_many_statements_however_many_rows(app, monkeypatch, count_statements):
    monkeypatch.setattr(undo, "_BLOCK", 5)

    def cost(count: int) -> int:
        upload = take(rows(f"C{count}-", count))
        with count_statements() as statements:
            preview = imports.undo_preview(upload.id)
        assert (preview.undone, preview.removed, preview.archived) == (count, count // 3, count - count // 3)
        assert preview.returned == {"RUB": 1250 * count // 3, "USD": 300 * count // 3} and not preview.kept
        return len(statements)

    assert cost(9) == cost(60) <= 6


def test_who_was_changed_since_is_decided_on_alone(app, monkeypatch):
    monkeypatch.setattr(undo, "_BLOCK", 2)
    upload = take(rows("C", 9))
    for row in imports.rows(upload.id).items[:3]:
        customer = customers.get(row.customer_id)
        customers.set_archived(Actor(None, "somebody"), customer.id, True)
    preview = imports.undo_preview(upload.id)
    assert (preview.undone, preview.kept, len(preview.kept_rows)) == (6, 3, 3)
    assert undone(upload).kept == 3
