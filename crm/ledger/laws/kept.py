"""Laws of what is kept beside the ledger: the heads noted before, the rules in the database itself, sums by day."""

from sqlalchemy import text

from crm.db import db, is_postgresql
from crm.i18n import lazy_gettext as _l
from crm.ledger import days
from crm.ledger.laws.law import Law, Looked, Program, Span, looked
from crm.ledger.laws.spans import whole
from crm.models import ledger_rules

_INSTALLED = {
    "postgresql": """
        SELECT tgname FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled = 'O' AND current_setting('session_replication_role') <> 'replica'""",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}


def _guarded(_span: Span | None) -> Looked:
    """The triggers that hold the laws, as `models/ledger_rules` has them."""
    dialect = "postgresql" if is_postgresql() else "sqlite"
    wanted = {name for name, statement in ledger_rules.of(dialect).items() if "CREATE TRIGGER" in statement}
    there = set(db.session.scalars(text(_INSTALLED[dialect])))
    return looked(len(wanted), ({"missing trigger": name} for name in sorted(wanted - there)))


def _days(_span: Span | None) -> Looked:
    return looked(*days.differences())


_TRIGGERS = Program(
    _guarded,
    """
        -- PostgreSQL; no name of a trigger in models/ledger_rules.py may be missing"""
    + _INSTALLED["postgresql"]
    + """;
        -- SQLite
        """
    + _INSTALLED["sqlite"],
)
# Whoever rewrites the chain whole has it sound again, but not with these hashes in these places.
_MOVED = """
        SELECT proof_runs.id AS proof, proof_runs.to_position AS position, proof_runs.finished_at
        FROM ({runs}) AS proof_runs LEFT JOIN operation_chain ON operation_chain.position = proof_runs.to_position
        WHERE operation_chain.hash IS NULL OR operation_chain.hash <> proof_runs.head_hash"""
_ALL_RUNS = "SELECT * FROM proof_runs WHERE state IN ('clean', 'broken') AND to_position > 0"
_LAST_RUNS = f"{_ALL_RUNS} ORDER BY id DESC LIMIT 100"
LAWS = (
    Law(
        "heads",
        _l("The heads that earlier proofs have noted are still in the chain"),
        whole(f"({_ALL_RUNS}) AS runs", _MOVED.format(runs=_ALL_RUNS)),
        whole(f"({_LAST_RUNS}) AS runs", _MOVED.format(runs=_LAST_RUNS)),
    ),
    Law(
        "triggers",
        _l("The triggers that refuse to change or remove what was written are in force"),
        _TRIGGERS,
        _TRIGGERS,
    ),
    Law(
        "days",
        _l("The sums by day are those of the operations"),
        Program(
            _days,
            """
        -- for each day in account_days, from its first moment on to that of the next day, in the product's time zone
        SELECT operations.account_id, operations.kind, count(*) AS count,
            sum(CASE WHEN signed_amount > 0 THEN signed_amount ELSE 0 END) AS incoming,
            sum(CASE WHEN signed_amount < 0 THEN -signed_amount ELSE 0 END) AS outgoing
        FROM operations JOIN accounts ON accounts.id = operations.account_id
        WHERE accounts.code IS NOT NULL AND operations.created_at >= :start AND operations.created_at < :end
        GROUP BY operations.account_id, operations.kind""",
        ),
        None,
    ),
)
