"""Find the server to use: the installed one, the environment's, or a home's stack."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import config
from app import embedded
from app.embedded import keys as home_keys
from app.server_cli.backups import other_account
from app.server_cli.backups.errors import BackupError
from app.server_cli.backups.other_account import NO_REDIS
from app.server_cli.installation import local_server
from app.server_cli.installation.local_server import Server
from app.server_cli.local.errors import OperateError

SECRETS_FILE = "secrets.json"


def find_server(home: Path | None = None) -> Server:
    """Find the server; with a `home`, the stack there, with everything it needs.

    Raises BackupError, also if an installation uses that home: its keys aren't there.
    """
    try:
        if home is not None and local_server.is_installed(home):
            raise BackupError(
                f"{home} belongs to the server that is installed here, whose keys are in its "
                "settings: omit --into; --keys-to FILE writes the backup's keys"
            )
        found = local_server.find_server(home)
    except OperateError as problem:
        raise BackupError(str(problem)) from None
    elsewhere = () if home is None else (*config.ADDRESSES, *config.SECRETS)
    environment = {name: text for name, text in found.environment.items() if name not in elsewhere}
    return replace(found, environment=environment)


@contextmanager
def backup_settings(of: Server) -> Iterator[dict[str, Any]]:
    """Yield the server's settings; starts the database of a stopped stack for the duration.

    Raises BackupError.
    """
    known = {**of.environment, "MUSTER_HOME": str(of.home)}
    try:
        settings = config.load(known)
    except config.MissingSetting as missing:
        if known.get("DATABASE_URL") or not (of.home / "postgres").is_dir():
            raise BackupError(str(missing)) from None
        with _run_database(of.home) as url:
            yield config.load({**known, "DATABASE_URL": url, "REDIS_URL": NO_REDIS})
        return
    yield settings


@contextmanager
def restore_settings(of: Server, keys: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield settings with these keys and the database to fill: DATABASE_URL's, else the home's
    embedded one, which starts for the duration if it doesn't run. Raises BackupError.
    """
    known = {**of.environment, "MUSTER_HOME": str(of.home), "REDIS_URL": NO_REDIS, **keys}
    if url := known.get("DATABASE_URL") or other_account.running_database_url(of.home):
        yield config.load({**known, "DATABASE_URL": url})
        return
    with _run_database(of.home) as url:
        yield config.load({**known, "DATABASE_URL": url})


def has_keys(of: Server) -> bool:
    """Whether the server has its keys in its environment, and not in its home."""
    return any(of.environment.get(name) for name in (*config.SECRETS, "DATABASE_URL"))


def differing_keys(of: Server, keys: Mapping[str, str]) -> list[str]:
    """Return the names of the keys that differ between the environment and the backup."""
    return [name for name in config.SECRETS if of.environment.get(name) != keys[name]]


def store_keys(home: Path, keys: Mapping[str, str]) -> Path | None:
    """Store the backup's keys as the stack's in a home. Returns the new path of the stack's
    previous keys, if it had others.
    """
    own_keys = {name: keys[name] for name in config.SECRETS}
    # The account's server reads these keys. Written as the account, because root must not follow
    # links in its home.
    with other_account.impersonate(other_account.find_owner(home)):
        return _replace_keys(home / SECRETS_FILE, own_keys)


def _replace_keys(path: Path, keys: dict[str, str]) -> Path | None:
    before = None
    known = home_keys.load(path) if path.exists() else {}
    if known == keys:
        return None
    if known:
        before = path.with_name(f"{path.name}.before")
        path.replace(before)
    home_keys.write_private(path, keys)
    return before


@contextmanager
def _run_database(home: Path) -> Iterator[str]:
    if (owner := other_account.find_owner(home)) is not None:
        with other_account.run_database(home, owner) as url:
            yield url
        return
    try:
        # Redis isn't needed, and doesn't start if it has an address.
        services = embedded.start(home, redis_url=NO_REDIS)
    except embedded.EmbeddedError as problem:
        raise BackupError(str(problem)) from None
    with services:
        yield services.database_url
