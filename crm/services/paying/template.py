"""A spreadsheet of payments to begin with: the columns, and a row of each kind to be written over."""

from crm.i18n import gettext as _
from crm.tabular.writing import csv_pieces

COLUMNS = ("kind", "customer", "amount", "currency", "source", "to customer", "to currency", "description", "key")


def template_csv() -> str:
    """The file as CSV (comma, UTF-8 with BOM for Excel), with texts in the reader's language."""
    rows = [
        ("deposit", "C-1001", "1250.50", "RUB", "bank_transfer", "", "", _("Prepayment"), "2026-001"),
        ("withdrawal", "anna@example.com", "300", "RUB", "e_wallet", "", "", _("Bonus paid out"), "2026-002"),
        ("spend", "+7 912 345-67-89", "499.90", "RUB", "", "", "", _("Order 1042"), "2026-003"),
        ("transfer", "C-1001", "100", "RUB", "", "C-1002", "", _("Shared order"), "2026-004"),
        ("conversion", "C-1001", "200", "RUB", "", "", "USD", "", "2026-005"),
    ]
    return "".join(csv_pieces(COLUMNS, rows))
