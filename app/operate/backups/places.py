"""Which server is meant: that of the environment, or the stack of a home, running or not."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import config
from app import embedded
from app.embedded import keys as home_keys
from app.operate.backups.errors import BackupError

SECRETS_FILE = "secrets.json"
# What nobody connects to: a restoring needs no Redis.
NO_REDIS = "redis://127.0.0.1:1/0"


@contextmanager
def to_back_up() -> Iterator[dict[str, Any]]:
    """The settings of the server; the database of a stack that does not run is started for as long.

    Raises BackupError.
    """
    try:
        settings = config.load()
    except config.MissingSetting as missing:
        home = _home()
        if os.environ.get("DATABASE_URL") or not (home / "postgres").is_dir():
            raise BackupError(str(missing)) from None
        with _started(home) as url:
            yield config.load({**os.environ, "DATABASE_URL": url, "REDIS_URL": NO_REDIS})
        return
    yield settings


@contextmanager
def to_restore(home: Path | None, keys: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Settings with these keys and the database to fill: the embedded one of the home, which is
    started for as long, else that of DATABASE_URL. Raises BackupError.
    """
    if home is None:
        yield _settings(os.environ["DATABASE_URL"], keys, _home())
        return
    with _started(home) as url:
        yield _settings(url, keys, home)


def home_to_fill(into: Path | None) -> Path | None:
    """The home whose embedded database is to be filled; None: it is DATABASE_URL's."""
    if into is None and os.environ.get("DATABASE_URL"):
        return None
    return into.absolute() if into else _home()


def _settings(url: str, keys: Mapping[str, str], home: Path) -> dict[str, Any]:
    told = {name: value for name, value in os.environ.items() if name not in config.SECRETS}
    places = {"DATABASE_URL": url, "REDIS_URL": NO_REDIS, "MUSTER_HOME": str(home)}
    return config.load({**told, **places, **keys})


def other_keys(keys: Mapping[str, str]) -> list[str]:
    """The names of the keys that the environment has otherwise than the backup."""
    return [name for name in config.SECRETS if os.environ.get(name) != keys[name]]


def keep_keys(home: Path, keys: Mapping[str, str]) -> Path | None:
    """Make the backup's keys those of a home's stack. Returns where its own lie now, if it had
    others.
    """
    path, before = home / SECRETS_FILE, None
    known = home_keys.load(path) if path.exists() else {}
    told = {name: keys[name] for name in config.SECRETS}
    if known == told:
        return None
    if known:
        before = home / f"{SECRETS_FILE}.before"
        path.replace(before)
    home_keys.write_private(path, told)
    return before


def _home() -> Path:
    return Path(os.environ.get("MUSTER_HOME", ".muster")).absolute()


@contextmanager
def _started(home: Path) -> Iterator[str]:
    try:
        # Redis is not needed, and not started where it has an address.
        services = embedded.start(home, redis_url=NO_REDIS)
    except embedded.EmbeddedError as problem:
        raise BackupError(str(problem)) from None
    with services:
        yield services.database_url
