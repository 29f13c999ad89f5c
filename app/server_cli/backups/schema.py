"""Migrate a database's schema to a revision with this Muster's migrations."""

import contextlib
import io
import logging
from pathlib import Path
from typing import Any

import flask_migrate
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

import config
from app.factory import create_app
from app.server_cli.backups.errors import BackupError

MIGRATIONS = Path(config.__file__).parent / "migrations"


def newest_revision() -> str:
    """Return the newest revision that this Muster knows."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def require_known(revision: str) -> None:
    """Raise BackupError for a revision from a newer Muster."""
    if needed := required_release_hint(revision):
        raise BackupError(
            f"the backup's schema is newer than this Muster's ({newest_revision()}): you need "
            f"{needed}"
        )


def required_release_hint(revision: str) -> str:
    """Describe the release that can restore a backup of that revision; empty if this one can. That
    release may be newer than the one that made the backup, which may have been rolled back.
    """
    try:
        _scripts().get_revision(revision)
    except CommandError:
        return f"a release with schema {revision} or newer"
    return ""


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


def _scripts() -> ScriptDirectory:
    found = Config()
    found.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(found)
