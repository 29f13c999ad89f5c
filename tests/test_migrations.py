"""Migrations and models say the same, in every detail that Postgres knows of."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from app.extensions import db
from tests.conftest import MIGRATIONS, make_app
from tests.factories import make_task
from tests.install import two_versions

# Everything that makes two schemas the same, by name.
SCHEMA = """
SELECT 'column ' || table_name || '.' || column_name,
       concat_ws(' ', data_type, udt_name, is_nullable, column_default, is_identity)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint ' || conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || proname, pg_get_functiondef(oid)
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
UNION ALL
SELECT 'type ' || typname, string_agg(enumlabel, ',' ORDER BY enumsortorder)
FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid GROUP BY typname
"""
LABELS = """
SELECT typname, enumlabel FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid
ORDER BY enumsortorder
"""


def schema() -> dict[str, str]:
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text(SCHEMA))
        return {name: text for name, text in rows if "alembic_version" not in name}


@pytest.fixture
def in_database(
    environment: dict[str, str], new_database: Callable[..., str]
) -> Iterator[Callable[..., Flask]]:
    """Makes an app on a database of its own, and goes into its context."""
    contexts: list[Any] = []

    def enter(name: str, *, migrated: bool) -> Flask:
        app = make_app({**environment, "DATABASE_URL": new_database(name, migrated=migrated)})
        contexts.append(app.app_context())
        contexts[-1].push()
        return app

    yield enter
    for context in reversed(contexts):
        db.engine.dispose()
        context.pop()


def test_migrations_make_what_the_models_describe(in_database: Callable[..., Flask]) -> None:
    in_database("migrated", migrated=True)
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []
    migrated = schema()
    in_database("created", migrated=False)
    db.create_all()
    assert migrated == schema()


def test_each_later_migration_steps_forward_and_back(
    in_database: Callable[..., Flask], tmp_path: Path
) -> None:
    """Those of this tree, and one that the next release may have."""
    later = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, later)
    two_versions.add_migration(tmp_path, 1)
    newest, *earlier = [each.revision for each in ScriptDirectory(str(later)).walk_revisions()]
    in_database("migrated", migrated=True)
    make_task()
    db.session.remove()
    flask_migrate.upgrade(str(later))
    schemas = {newest: schema()}
    assert f"column tasks.{two_versions.COLUMN.format(step=1)}" in schemas[newest]
    for revision in earlier:
        flask_migrate.downgrade(str(later), revision=revision)
        schemas[revision] = schema()
    for revision, found in reversed(schemas.items()):
        flask_migrate.upgrade(str(later), revision=revision)
        assert schema() == found
    with db.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM tasks")) == 1


def test_nothing_precedes_the_initial_schema(
    in_database: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    in_database("migrated", migrated=True)
    before = schema()
    with pytest.raises(SystemExit):
        flask_migrate.downgrade(str(MIGRATIONS), revision="base")
    assert "drop the database" in caplog.text
    assert schema() == before


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


def test_the_enums_of_postgres_are_those_of_the_domain(app: Flask) -> None:
    in_models = {
        column.type.name: column.type.enums
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.Enum)
    }
    rows = db.session.execute(sa.text(LABELS))
    stored: dict[str, list[str]] = {}
    for name, label in rows:
        stored.setdefault(name, []).append(label)
    assert stored == in_models
