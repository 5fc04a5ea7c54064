"""Laws of accounts: what may be overdrawn, what is read fast, and what is closed."""

from crm.i18n import lazy_gettext as _l
from crm.ledger.laws.law import Law
from crm.ledger.laws.spans import over

LAWS = (
    Law(
        "floor",
        _l("No balance is below what may be overdrawn"),
        *over(
            "{balances}",
            """
        SELECT account_id AS account, balance, held, overdraft_limit FROM {balances} AS balances
        WHERE balance - held < -overdraft_limit OR held < 0 OR overdraft_limit < 0""",
        ),
    ),
    Law(
        "copies",
        _l("What is read fast says the same of an account as the account itself"),
        *over(
            "{balances}",
            """
        SELECT accounts.id AS account FROM {balances} AS balances JOIN accounts ON accounts.id = balances.account_id
        WHERE accounts.customer_id IS NULL OR accounts.customer_id <> balances.customer_id
            OR accounts.currency <> balances.currency OR accounts.status <> balances.status
            OR accounts.overdraft_limit <> balances.overdraft_limit""",
        ),
    ),
    Law(
        "closed",
        _l("A closed account is empty; technical accounts are open"),
        *over(
            "{accounts}",
            """
        SELECT accounts.id AS account, accounts.status FROM {accounts} AS accounts
        LEFT JOIN account_balances ON account_balances.account_id = accounts.id
        WHERE (accounts.customer_id IS NULL AND accounts.status <> 'open')
            OR (accounts.status = 'closed' AND (account_balances.balance <> 0 OR account_balances.held <> 0))""",
        ),
    ),
)
