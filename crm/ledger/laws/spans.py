"""One query for both: of everything, and of what the operations at a span of the chain have touched."""

from crm.ledger.laws.law import Query

NEW = """WITH new AS (
            SELECT operations.* FROM operation_chain JOIN operations ON operations.id = operation_chain.operation_id
            WHERE operation_chain.position > :since AND operation_chain.position <= :until
        ), moved AS (
            SELECT DISTINCT payment_id FROM new
        ), touched AS (
            SELECT account_id, min(sequence) AS first FROM new GROUP BY account_id
        )"""
# A placeholder for a table → the same table, of what is touched.
_OF_NEW = {
    "new": "new",
    "accounts": "(SELECT accounts.* FROM touched JOIN accounts ON accounts.id = touched.account_id)",
    "balances": "(SELECT account_balances.* FROM touched"
    " JOIN account_balances ON account_balances.account_id = touched.account_id)",
    "payments": "(SELECT payments.* FROM moved JOIN payments ON payments.id = moved.payment_id)",
    "operations": "(SELECT operations.* FROM moved JOIN operations ON operations.payment_id = moved.payment_id)",
}
_OF_ALL = {
    "new": "operations",
    "accounts": "accounts",
    "balances": "account_balances",
    "payments": "payments",
    "operations": "operations",
}


def over(rows: str, broken: str, is_ordered: bool = False) -> tuple[Query, Query]:
    """The queries of everything and of what is new, from one with placeholders.

    `{new}` stands for the operations themselves, `{payments}` for those they belong to, `{operations}` for all
    operations of these, `{accounts}` and `{balances}` for those they are on. `rows` is a table, perhaps with a WHERE.
    """
    return whole(rows.format_map(_OF_ALL), broken.format_map(_OF_ALL), is_ordered), new(
        rows.format_map(_OF_NEW), broken.format_map(_OF_NEW)
    )


def whole(rows: str, broken: str, is_ordered: bool = False) -> Query:
    """A query of everything."""
    return Query(f"SELECT count(*) FROM {rows}", broken, is_ordered)  # noqa: S608  (own words)


def new(rows: str, broken: str) -> Query:
    """A query that begins with what is new: `new` are the operations, `moved` their payments, `touched` their accounts
    with the first new place in the account's own chain.
    """
    return Query(f"{NEW}\n        SELECT count(*) FROM {rows}", f"{NEW}{broken}")  # noqa: S608  (own words)
