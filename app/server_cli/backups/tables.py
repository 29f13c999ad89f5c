"""List a database's tables for backups and restores."""

from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

# State of the server's processes, and the schema's own table.
EXCLUDED_TABLES = frozenset({"alembic_version", "server_processes"})
# Transaction numbers of the old cluster mean nothing in another one: restored rows have none.
EXCLUDED_COLUMNS = frozenset({"xid"})

_TABLES = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY c.relname ORDER BY c.relname
"""
# The view, because a role that may use a sequence may not be allowed to read it.
_SEQUENCES = """
SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences
WHERE schemaname = 'public' ORDER BY sequencename
"""
_FOREIGN_KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype = 'f' AND conparentid = 0
ORDER BY conrelid::regclass::text, conname
"""
_DEFAULTS = """
SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attrdef AS d JOIN pg_class AS c ON c.oid = d.adrelid
JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE c.relnamespace = 'public'::regnamespace AND a.attname = ANY(%s)
"""
_CLOSED = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
  AND NOT has_table_privilege(oid, 'TRUNCATE') ORDER BY relname
"""
# Like pg_dump: values read back unchanged whatever settings the role or the database has.
SESSION_SETTINGS = """
SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres';
SET timezone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex';
SET search_path = public
"""


@dataclass(frozen=True)
class Table:
    """A table and its stored columns."""

    name: str
    columns: tuple[str, ...]

    def statement(self, form: str) -> sql.Composed:
        """Fill in `{table}` and `{columns}` in a statement."""
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        return sql.SQL(form).format(table=sql.Identifier(self.name), columns=columns)


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key: `table` is quoted where it needs it."""

    table: str
    name: str
    definition: str


def list_tables(cursor: Any) -> list[Table]:
    """List the tables of a backup by name."""
    cursor.execute(_TABLES)
    return [
        Table(name, tuple(column for column in columns if column not in EXCLUDED_COLUMNS))
        for name, columns in cursor.fetchall()
        if name not in EXCLUDED_TABLES
    ]


def list_sequences(cursor: Any) -> dict[str, int]:
    """Return the last number of each sequence; 0: none yet."""
    cursor.execute(_SEQUENCES)
    return {name: int(last) for name, last in cursor.fetchall()}


def list_foreign_keys(cursor: Any) -> list[ForeignKey]:
    """List all foreign keys."""
    cursor.execute(_FOREIGN_KEYS)
    return [ForeignKey(*row) for row in cursor.fetchall()]


def list_excluded_defaults(cursor: Any) -> list[tuple[str, str, str]]:
    """Return table, column and default of the columns that a backup omits."""
    cursor.execute(_DEFAULTS, [sorted(EXCLUDED_COLUMNS)])
    return list(cursor.fetchall())


def list_append_only_tables(cursor: Any) -> list[str]:
    """List the tables from which even their owner can't delete rows: the audit log's."""
    cursor.execute(_CLOSED)
    return [name for (name,) in cursor.fetchall()]


def read_revision(cursor: Any) -> str | None:
    """Return the schema's migration; None if there is no schema."""
    cursor.execute("SELECT to_regclass('public.alembic_version') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return None
    cursor.execute("SELECT version_num FROM alembic_version")
    row = cursor.fetchone()
    return str(row[0]) if row else None
