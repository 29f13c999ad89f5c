"""Bringing a database's schema to a revision, by the migrations that this Muster has."""

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
    """The last revision that this Muster knows."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def require_known(revision: str) -> None:
    """Raise BackupError for a revision of a newer Muster's."""
    if needed := required_release_hint(revision):
        raise BackupError(
            f"the backup's schema is newer than this Muster's ({newest_revision()}): "
            f"it takes {needed}"
        )


def required_release_hint(revision: str) -> str:
    """Which release a backup of that revision takes, where it is not this one: it may be later than
    the one that made it, which had been gone back to. Else nothing.
    """
    try:
        _scripts().get_revision(revision)
    except CommandError:
        return f"a release whose schema is {revision}, or a later one"
    return ""


def migrate(settings: dict[str, Any], now_at: str | None, revision: str) -> None:
    """Bring the database of the settings, whose schema is of `now_at`, to that revision. What a
    step down would lose is lost: to be done on an empty database. Commits.
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
