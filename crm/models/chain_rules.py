"""The rules of the hash chain as triggers: links are never changed or removed, and a new one follows the last."""

_FOLLOWS = "operation_chain: a link follows the last one"
_BELONGS = "operation_chain: a link belongs to an operation"


def _sqlite_refuse(name: str, event: str) -> str:
    return f"""
        CREATE TRIGGER {name} BEFORE {event} ON operation_chain BEGIN
            SELECT RAISE(ABORT, 'operation_chain is append-only');
        END"""


SQLITE = {
    "operation_chain_no_update": _sqlite_refuse("operation_chain_no_update", "UPDATE"),
    "operation_chain_no_delete": _sqlite_refuse("operation_chain_no_delete", "DELETE"),
    "operation_chain_follows": f"""
        CREATE TRIGGER operation_chain_follows BEFORE INSERT ON operation_chain BEGIN
            SELECT CASE
                WHEN new.position IS NOT coalesce((SELECT max(position) FROM operation_chain), 0) + 1
                    THEN RAISE(ABORT, '{_FOLLOWS}')
                WHEN NOT EXISTS (SELECT 1 FROM operations WHERE id = new.operation_id)
                    THEN RAISE(ABORT, '{_BELONGS}')
            END;
        END""",  # noqa: S608  (own names)
}
POSTGRESQL = {
    "operation_chain_append_only": """
        CREATE TRIGGER operation_chain_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operation_chain
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    # Index look-ups whatever the tables held when the plans were made, as in `ledger_rules`.
    "check_operation_chain": f"""
        CREATE FUNCTION check_operation_chain() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
        DECLARE first bigint; last bigint; links bigint; fault text;
        BEGIN
            SELECT min(written.position), max(written.position), count(*) INTO first, last, links FROM written;
            IF links <> last - first + 1 OR last <> (SELECT max(chain.position) FROM operation_chain AS chain)
                    OR first <> 1 + coalesce((SELECT max(chain.position) FROM operation_chain AS chain
                        WHERE chain.position < first), 0) THEN
                fault := '{_FOLLOWS}';
            ELSE
                SELECT '{_BELONGS}' INTO fault FROM written
                LEFT JOIN LATERAL (
                    SELECT id FROM operations WHERE id = written.operation_id LIMIT 1
                ) AS operation ON true
                WHERE operation.id IS NULL LIMIT 1;
            END IF;
            IF fault IS NOT NULL THEN
                RAISE EXCEPTION '%', fault USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END $$""",  # noqa: S608  (own names)
    "operation_chain_follows": """
        CREATE TRIGGER operation_chain_follows AFTER INSERT ON operation_chain REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION check_operation_chain()""",
}
NAMES = tuple(dict.fromkeys((*POSTGRESQL, *SQLITE)))  # functions stand before what calls them


def of(dialect: str) -> dict[str, str]:
    """Name → statement for the engine (`sqlite` or `postgresql`), in the order they are made."""
    return SQLITE if dialect == "sqlite" else POSTGRESQL
