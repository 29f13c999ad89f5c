"""Which server is meant: what is installed here, that of the environment, or the stack of a home,
running or not.
"""

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
    """The server that is meant: with a `home`, the stack that lies there with all that it needs.

    Raises BackupError, also where an installation has that home: no keys are read there.
    """
    try:
        if home is not None and local_server.is_installed(home):
            raise BackupError(
                f"{home} is the home of the server that is installed here, which has its keys in "
                "its settings: leave --into away, and --keys-to FILE writes the backup's"
            )
        found = local_server.find_server(home)
    except OperateError as problem:
        raise BackupError(str(problem)) from None
    elsewhere = () if home is None else (*config.ADDRESSES, *config.SECRETS)
    environment = {name: text for name, text in found.environment.items() if name not in elsewhere}
    return replace(found, environment=environment)


@contextmanager
def backup_settings(of: Server) -> Iterator[dict[str, Any]]:
    """The server's settings; the database of a stack that does not run is started for as long.

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
    """Settings with these keys and the database to fill: that of DATABASE_URL, else the embedded
    one of the home, which is started for as long where it does not run. Raises BackupError.
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
    """The names of the keys that the environment has otherwise than the backup."""
    return [name for name in config.SECRETS if of.environment.get(name) != keys[name]]


def store_keys(home: Path, keys: Mapping[str, str]) -> Path | None:
    """Make the backup's keys those of a home's stack. Returns where its own lie now, if it had
    others.
    """
    own_keys = {name: keys[name] for name in config.SECRETS}
    # They are for the account's server to read; and where links in its home lead, it may write.
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
        # Redis is not needed, and not started where it has an address.
        services = embedded.start(home, redis_url=NO_REDIS)
    except embedded.EmbeddedError as problem:
        raise BackupError(str(problem)) from None
    with services:
        yield services.database_url
