"""What became of every row of an import, the plan it went by, and attributes that customers have of their own"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

from crm.models import triggers

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SEARCH = ("customers_search_insert", "customers_search_delete", "customers_search_update")
FIRST = "'queued', 'running', 'done', 'failed', 'cancelled'"
STATUSES = f"'draft', 'checking', 'checked', {FIRST}, 'undoing', 'undone'"
NOT_CREATED = sa.text("outcome <> 'created'")
NOTED = sa.text("message IS NOT NULL AND outcome IN ('created', 'updated', 'unchanged')")
KEPT = sa.text("undo = 'kept'")
UNSEEN = sa.text("unseen")
# Column of `imports`: its type, and what the imports that are there have in it (None where they may have nothing).
ADDED: dict[str, tuple[sa.types.TypeEngine[Any], str | None]] = {
    "sha256": (sa.String(length=64), "''"),
    "kind": (sa.String(length=5), "'csv'"),
    "sheet": (sa.String(length=200), "''"),
    "sheets": (sa.JSON(), "'[]'"),
    "plan": (sa.JSON(), "'{}'"),
    "damage": (sa.JSON(), "'[]'"),
    "undone": (sa.Integer(), "0"),
    "kept": (sa.Integer(), "0"),
    "undo_until": (sa.DateTime(timezone=True), None),
    "unseen": (sa.Boolean(), "false"),
}
DROPPED: dict[str, tuple[sa.types.TypeEngine[Any], str | None]] = {
    "mapping": (sa.JSON(), "'[]'"),
    "on_duplicate": (sa.String(length=10), "'skip'"),
}


def upgrade() -> None:
    _create_tables()
    plans = [
        (row.id, {"plan": json.dumps(_plan(_loaded(row.mapping), row.on_duplicate))})
        for row in op.get_bind().execute(sa.text("SELECT id, mapping, on_duplicate FROM imports"))
    ]
    _change_imports(ADDED, DROPPED, STATUSES)
    _set("imports", plans)
    op.create_index("ix_imports_sha256", "imports", ["sha256"])
    op.create_index("ix_imports_unseen", "imports", ["created_by_id"], postgresql_where=UNSEEN, sqlite_where=UNSEEN)
    # One row may have had two entries: what was said of it first is kept.
    op.execute(
        "INSERT INTO import_rows (import_id, row, outcome, message, cells)"  # noqa: S608  (own words)
        f" SELECT import_id, row, 'failed', min(error), {_as_json('min(cells)')} FROM import_failures"
        " GROUP BY import_id, row"
    )
    op.execute(
        "INSERT INTO import_rows (import_id, row, outcome, message)"
        " SELECT import_id, row, 'updated', min(note) FROM import_notes GROUP BY import_id, row"
    )
    op.drop_table("import_failures")
    op.drop_table("import_notes")
    _change_customers(True)


def downgrade() -> None:
    _change_customers(False)
    _create_first_tables()
    op.execute(
        "INSERT INTO import_failures (import_id, row, cells, error)"
        " SELECT import_id, row, CAST(cells AS TEXT), message FROM import_rows"
        " WHERE outcome = 'failed' AND cells IS NOT NULL"
    )
    op.execute(
        "INSERT INTO import_notes (import_id, row, note) SELECT import_id, row, message FROM import_rows"
        " WHERE outcome IN ('created', 'updated', 'unchanged') AND message IS NOT NULL"
    )
    op.execute(f"UPDATE imports SET status = 'cancelled' WHERE status NOT IN ({FIRST})")  # noqa: S608  (own words)
    old = []
    for pk, stored in op.get_bind().execute(sa.text("SELECT id, plan FROM imports")):
        plan = _loaded(stored)
        fields = [column["field"] for column in plan["columns"]]
        old.append((pk, {"mapping": json.dumps(fields), "on_duplicate": plan["on_duplicate"]}))
    op.drop_index("ix_imports_unseen", "imports")
    op.drop_index("ix_imports_sha256", "imports")
    _change_imports(DROPPED, ADDED, FIRST)
    _set("imports", old)
    op.drop_table("import_mappings")
    op.drop_table("import_rows")


def _plan(mapping: list[str | None], on_duplicate: str) -> dict[str, Any]:
    columns = [{"field": field, "policy": "overwrite", "currency": "", "label": ""} for field in mapping]
    match = ["external_id", "email", "phone"]
    return {"columns": columns, "defaults": {}, "match": match, "on_duplicate": on_duplicate, "restore": False}


def _loaded(stored: Any) -> Any:
    return json.loads(stored) if isinstance(stored, str) else stored


def _as_json(column: str) -> str:
    return f"CAST({column} AS JSON)" if _is_postgresql() else column


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _set(table: str, rows: Iterable[tuple[int, dict[str, str]]]) -> None:
    for pk, values in rows:
        marks = ", ".join(
            f"{name} = {':' + name if name == 'on_duplicate' else _as_json(':' + name)}" for name in values
        )
        op.get_bind().execute(sa.text(f"UPDATE {table} SET {marks} WHERE id = :pk"), {"pk": pk, **values})  # noqa: S608


def _change_imports(added: dict[str, Any], dropped: dict[str, Any], statuses: str) -> None:
    checks = {"status": f"status IN ({statuses})"}
    if "on_duplicate" in added:
        checks["on_duplicate"] = "on_duplicate IN ('skip', 'update', 'create')"
    if not _is_postgresql():
        _remake("imports", lambda sql: _edited(sql, added, dropped, checks), added)
        return
    op.drop_constraint(op.f("ck_imports_status"), "imports")
    for name, (type_, value) in added.items():
        op.add_column("imports", sa.Column(name, type_, nullable=True))
        if value is not None:
            op.execute(f"UPDATE imports SET {name} = {value}")  # noqa: S608  (own words)
            op.alter_column("imports", name, nullable=False)
    for name in dropped:
        op.drop_column("imports", name)  # with the constraints on it
    for name, condition in checks.items():
        op.create_check_constraint(op.f(f"ck_imports_{name}"), "imports", condition)


def _edited(sql: str, added: dict[str, Any], dropped: dict[str, Any], checks: dict[str, str]) -> str:
    """The statement that made the table, with other columns and checks; each stands in a line of its own."""
    gone = (
        *(f"\t{name} " for name in dropped),
        "\tCONSTRAINT ck_imports_status",
        "\tCONSTRAINT ck_imports_on_duplicate",
    )
    kept = [line for line in sql.splitlines() if not line.startswith(gone)]
    columns = [
        f"\t{name} {type_.compile(op.get_bind().dialect)}{'' if value is None else ' NOT NULL'}, "
        for name, (type_, value) in added.items()
    ]
    limits = [f"\tCONSTRAINT ck_imports_{name} CHECK ({condition}), " for name, condition in checks.items()]
    first = next(number for number, line in enumerate(kept) if line.startswith("\tCONSTRAINT"))
    return "\n".join([*kept[:first], *columns, *limits, *kept[first:]])


def _remake(table: str, edited: Callable[[str], str], added: dict[str, Any]) -> None:
    """SQLite changes no constraints of a table that is there, and puts new columns behind them: a new table takes
    its place."""
    connection = op.get_bind()
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = :type AND tbl_name = :table AND sql IS NOT NULL")
    made = connection.execute(query, {"type": "table", "table": table}).scalar_one()
    indexes = connection.execute(query, {"type": "index", "table": table}).scalars().all()
    anew = edited(made).replace(f"CREATE TABLE {table}", f"CREATE TABLE {table}_anew", 1)
    connection.exec_driver_sql(anew.replace(f'CREATE TABLE "{table}"', f"CREATE TABLE {table}_anew", 1))
    before = [column["name"] for column in sa.inspect(connection).get_columns(table)]
    after = [column["name"] for column in sa.inspect(connection).get_columns(f"{table}_anew")]
    kept = [name for name in after if name in before]
    names, values = [*kept], [*kept]
    for name, (_type, value) in added.items():
        if value is not None:
            names.append(name)
            values.append(value)
    op.execute(f"INSERT INTO {table}_anew ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}")  # noqa: S608
    op.drop_table(table)
    op.rename_table(f"{table}_anew", table)
    for statement in indexes:
        connection.exec_driver_sql(statement)


def _change_customers(has_attributes: bool) -> None:
    column = "\tattributes JSON DEFAULT '{}' NOT NULL, "
    if _is_postgresql():
        if has_attributes:
            op.add_column("customers", sa.Column("attributes", sa.JSON(), server_default="{}", nullable=False))
        else:
            op.drop_column("customers", "attributes")
        return

    def edited(sql: str) -> str:
        lines = [line for line in sql.splitlines() if not line.startswith("\tattributes ")]
        first = next(number for number, line in enumerate(lines) if line.startswith("\tCONSTRAINT"))
        return "\n".join([*lines[:first], *([column] if has_attributes else []), *lines[first:]])

    _remake("customers", edited, {})
    triggers.create(op.get_bind(), *SEARCH)


def _create_tables() -> None:
    op.create_table(
        "import_rows",
        sa.Column("import_id", BigId, autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("outcome", sa.String(length=9), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=True),
        sa.Column("cells", sa.JSON(), nullable=True),
        sa.Column("undo", sa.String(length=6), nullable=True),
        sa.Column("undo_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('created', 'updated', 'unchanged', 'skipped', 'failed')",
            name=op.f("ck_import_rows_outcome"),
        ),
        sa.CheckConstraint("undo IN ('undone', 'kept')", name=op.f("ck_import_rows_undo")),
        sa.PrimaryKeyConstraint("import_id", "row", name="pk_import_rows"),
        sqlite_with_rowid=False,
    )
    for name, columns, where in (
        ("outcome", ["import_id", "outcome", "row"], NOT_CREATED),
        ("noted", ["import_id", "row"], NOTED),
        ("kept", ["import_id", "row"], KEPT),
    ):
        op.create_index(f"ix_import_rows_{name}", "import_rows", columns, postgresql_where=where, sqlite_where=where)
    op.create_table(
        "import_mappings",
        sa.Column("id", BigId, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_import_mappings"),
        sa.UniqueConstraint("fingerprint", name="uq_import_mappings_fingerprint"),
        sqlite_autoincrement=True,
    )


def _create_first_tables() -> None:
    for table, texts in (("import_failures", ("cells", "error")), ("import_notes", ("note",))):
        op.create_table(
            table,
            sa.Column("id", BigId, nullable=False),
            sa.Column("import_id", BigId, nullable=False),
            sa.Column("row", sa.Integer(), nullable=False),
            *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
            sa.ForeignKeyConstraint(
                ["import_id"], ["imports.id"], name=f"fk_{table}_import_id_imports", ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sqlite_autoincrement=True,
        )
        op.create_index(f"ix_{table}_import_id_row", table, ["import_id", "row"])
