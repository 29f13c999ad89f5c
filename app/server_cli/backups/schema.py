"""Migrate a database's schema to a revision with this Muster's migrations."""

import contextlib
import io
import logging
from pathlib import Path
from typing import Any

import flask_migrate
from alembic.script import ScriptDirectory

import config
from app.domain import schema_revisions
from app.factory import create_app
from app.server_cli.backups.errors import BackupError

MIGRATIONS = Path(config.__file__).parent / "migrations"


def newest_revision() -> str:
    """Return the newest revision that this Muster knows."""
    return _known_revisions()[-1]


def require_known(of_backup: str, of_database: str | None) -> None:
    """Raise BackupError unless this Muster can migrate both schemas."""
    if needed := required_release_hint(of_backup):
        raise BackupError(f"the backup's schema is {of_backup}: you need {needed}")
    if refusal := schema_revisions.find_refusal(of_database, _known_revisions()):
        raise BackupError(f"the database is {refusal.text}: restore into a new one")


def required_release_hint(revision: str) -> str:
    """Describe the release that can restore a backup of that revision; empty if this one can. That
    release may be newer than the one that made the backup, which may have been rolled back.
    """
    known = _known_revisions()
    if revision in known:
        return ""
    if schema_revisions.is_earlier(revision, known):
        return f"an earlier release, from before the initial schema {known[0]}"
    return f"a release with schema {revision} or newer"


def migrate(settings: dict[str, Any], now_at: str | None, revision: str) -> None:
    """Migrate the database of the settings from schema `now_at` to that revision. Downgrades lose
    data: use it only on an empty database. Commits.
    """
    if now_at == revision:
        return
    app = create_app(settings)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with app.app_context(), contextlib.redirect_stdout(io.StringIO()):
        try:
            if now_at is not None and now_at > revision:
                flask_migrate.downgrade(str(MIGRATIONS), revision=revision)
            else:
                flask_migrate.upgrade(str(MIGRATIONS), revision=revision)
        finally:
            app.extensions["migrate"].db.engine.dispose()


def _known_revisions() -> list[str]:
    scripts = ScriptDirectory(str(MIGRATIONS))
    return [script.revision for script in scripts.walk_revisions()][::-1]
