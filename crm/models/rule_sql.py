"""How the database's own rules are put into words, for either engine."""


def refuse(name: str, event: str, table: str, message: str) -> str:
    """A trigger of SQLite's that refuses whatever comes."""
    return f"""
        CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN
            SELECT RAISE(ABORT, '{message}');
        END"""


def changes(*columns: str) -> str:
    """Whether a row's update changes any of the columns, to SQLite."""
    return " OR ".join(f"new.{name} IS NOT old.{name}" for name in columns)


def distinct(*columns: str) -> str:
    """The same to PostgreSQL."""
    before, after = (", ".join(f"{row}.{name}" for name in columns) for row in ("old", "new"))
    return f"({before})\n            IS DISTINCT FROM ({after})"


def function(name: str, body: str) -> str:
    """Its plans are kept for the whole session, and may be made while the tables are empty. So other tables are asked
    by LATERAL … LIMIT 1 and never by a scan: these are index look-ups, whatever comes later.
    """
    return f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
        DECLARE fault text;
        BEGIN
            {body}
            IF fault IS NOT NULL THEN
                RAISE EXCEPTION '%', fault USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END $$"""


def after(name: str, event: str, table: str, called: str, transition: str) -> str:
    """A trigger that calls the function once for a statement, with all rows that it has written."""
    return f"""
        CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {transition}
        FOR EACH STATEMENT EXECUTE FUNCTION {called}()"""
