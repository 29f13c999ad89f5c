"""Alembic's access to our database and models; run by `flask db …`."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.operations import ops
from alembic.util import CommandError
from flask import current_app

import app.models  # noqa: F401  (so that the metadata knows every table)
from app.domain import schema_revisions
from app.extensions import db
from app.postgres import advisory_locks
from app.postgres.advisory_locks import AdvisoryLock

# For the role in MUSTER_APP_ROLE. It owns nothing, so it can't disable triggers.
GRANTS = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
"""
LOCK_TIMEOUT_SECONDS = 10
APPEND_ONLY = "REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM {role}"


def _complete_revisions(_: Any, __: Any, directives: list[Any]) -> None:
    """Omit empty revisions, and drop what Alembic forgets: the enum types of new tables."""
    if not getattr(context.config.cmd_opts, "autogenerate", False):
        return
    script = directives[0]
    if script.upgrade_ops.is_empty():
        directives[:] = []
        return
    for name in sorted(set(_enum_types(script.upgrade_ops))):
        script.downgrade_ops.ops.append(ops.ExecuteSQLOp(f"DROP TYPE {name}"))


def _enum_types(upgrade: ops.UpgradeOps) -> Iterator[str]:
    for made in upgrade.ops:
        if isinstance(made, ops.CreateTableOp):
            columns = [part for part in made.columns if isinstance(part, sa.Column)]
            yield from (c.type.name for c in columns if isinstance(c.type, sa.Enum))


CONFIGURE_OPTIONS = {
    "process_revision_directives": _complete_revisions,
    "render_as_batch": False,  # that is for SQLite
}


def _configure(**how: Any) -> None:
    options = current_app.extensions["migrate"].configure_args
    context.configure(
        target_metadata=db.metadata,
        **{**options, **CONFIGURE_OPTIONS, **how},
    )


def _grant_to_app_role(connection: sa.Connection, role: str) -> None:
    name = connection.dialect.identifier_preparer.quote(role)
    connection.execute(sa.text(GRANTS.format(role=name)))
    if sa.inspect(connection).has_table("audit_entries"):  # not before `upgrade`
        connection.execute(sa.text(APPEND_ONLY.format(role=name)))


def _print_sql() -> None:
    _configure(url=db.engine.url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def _is_ahead() -> bool:
    """Whether a later release has migrated the database and was rolled back (decision 73). Raises
    CommandError if this release can't migrate the database.
    """
    known = [script.revision for script in context.script.walk_revisions()][::-1]
    now = context.get_context().get_current_revision()
    refusal = schema_revisions.find_refusal(now, known)
    if refusal is None:
        return False
    if now not in current_app.config["SCHEMA_AHEAD"]:
        raise CommandError(f"The database is {refusal.text}. To continue, {refusal.advice}.")
    return True


def _migrate() -> None:
    with db.engine.connect() as connection:
        _configure(connection=connection)
        with context.begin_transaction():
            connection.execute(sa.select(advisory_locks.acquire(AdvisoryLock.MIGRATE)))
            if _is_ahead():
                return
            # A server may be running on it: waiting for a table's lock blocks everyone else.
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"))
            context.run_migrations()
            if role := current_app.config["APP_ROLE"]:
                _grant_to_app_role(connection, role)


if context.is_offline_mode():
    _print_sql()
else:
    _migrate()
