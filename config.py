"""The server's settings, read from the environment. Of `app`, this module imports only rules.

Optional settings have defaults for one small machine. Secrets and the addresses of Postgres and
Redis have no default: they come from the environment, or from the stack of `make up` in
MUSTER_HOME, which stores them there for other commands.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.domain import key_strength

SIGNING = ("SECRET_KEY", "JWT_SECRET_KEY", "WORKER_JWT_SECRET_KEY")
SECRETS = (*SIGNING, "ENCRYPTION_KEYS")
SCRAPE_TOKEN = "MUSTER_METRICS_TOKEN"
ADDRESSES = ("DATABASE_URL", "REDIS_URL")
ROOT = Path(__file__).parent
BUILT_CONSOLE = ROOT / "console" / "dist"
# What machines install: its place in packages, and in a checkout (`make dist`).
BUNDLED = (ROOT / "app" / "worker_install" / "files", ROOT / "dist", ROOT)


class MissingSetting(Exception):
    """A required setting is missing."""


class WeakKey(MissingSetting):
    """A key is set, but is guessable."""


def database_uri(url: str) -> str:
    """Return the URL with psycopg2 as its driver: SQLAlchemy 2.1 reads `postgresql://` as
    psycopg 3.
    """
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg2://" + url.removeprefix(scheme)
    return url


def proxies(values: Mapping[str, str]) -> list[str]:
    """Return the addresses of the proxies in front."""
    return [part.strip() for part in values.get("MUSTER_PROXY", "").split(",") if part.strip()]


def check_addresses(settings: Mapping[str, Any]) -> None:
    """Raise MissingSetting if the URL of Postgres or Redis is invalid.

    The message doesn't quote the URL, which may contain a password.
    """
    # Here, because gunicorn's master never needs them, and they take most of a second.
    from redis.connection import parse_url
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(settings["SQLALCHEMY_DATABASE_URI"])
        is_postgres = url.drivername.startswith("postgresql")
    except (ArgumentError, ValueError):
        is_postgres = False
    if not is_postgres:
        raise MissingSetting("DATABASE_URL must be like postgresql://user:password@host/database")
    try:
        parse_url(settings["REDIS_URL"])
    except ValueError:
        raise MissingSetting("REDIS_URL must be like redis://:password@host:6379/0") from None


def load(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return all settings of the server, for `app.config`. Raises MissingSetting, WeakKey."""
    home = Path(environ.get("MUSTER_HOME", ".muster")).absolute()
    values = _values(home, environ)
    return {
        "MUSTER_HOME": home,
        **_keys(values),
        **_services(values),
        **_logins(values),
        **_machines(values),
        **_web(values),
        # The console's build; without one its pages explain how to build it.
        "CONSOLE": Path(values.get("MUSTER_CONSOLE") or BUILT_CONSOLE).absolute(),
        # The worker's wheel and its requirements, each in the first directory that has it.
        "INSTALL": _carried(values),
        "TLS_CERT": values.get("MUSTER_TLS_CERT") or None,
    }


def _values(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the values by environment name. Raises MissingSetting.

    Missing values come from the stack that runs in `home`.
    """
    values = {
        **_left_by_stack(home, "services.json"),
        **_left_by_stack(home, "secrets.json"),
        **environ,
    }
    missing = [name for name in (*ADDRESSES, *SECRETS) if not values.get(name)]
    if missing:
        raise MissingSetting(
            f"not set: {', '.join(missing)}; and no stack runs in {home}. Set them, or start "
            "a stack (muster-server up, or make up)"
        )
    return values


def _left_by_stack(home: Path, file: str) -> dict[str, str]:
    try:
        found = json.loads((home / file).read_text())
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _carried(values: Mapping[str, str]) -> tuple[Path, ...]:
    named = values.get("MUSTER_INSTALL")
    return (Path(named).absolute(), *BUNDLED) if named else BUNDLED


def _number(values: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(values.get(name, default))
    except ValueError:
        raise MissingSetting(f"{name} must be a number, not {values[name]!r}") from None


def _keys(values: Mapping[str, str]) -> dict[str, Any]:
    # Comma-separated Fernet keys: the first encrypts, all of them decrypt.
    encryption = [part.strip() for part in values["ENCRYPTION_KEYS"].split(",") if part.strip()]
    signing = {name: values[name] for name in (*SIGNING, SCRAPE_TOKEN) if values.get(name)}
    if faults := key_strength.find_problems(signing, encryption):
        raise WeakKey(
            f"{'; '.join(faults)}: run `python -m app.embedded.keys` to generate strong ones"
        )
    return {
        "SECRET_KEY": values["SECRET_KEY"],
        "JWT_SECRET_KEY": values["JWT_SECRET_KEY"],
        "WORKER_JWT_SECRET_KEY": values["WORKER_JWT_SECRET_KEY"],
        "ENCRYPTION_KEYS": encryption,
        # With this token, clients elsewhere can read /metrics; empty: none can.
        "METRICS_TOKEN": values.get(SCRAPE_TOKEN, ""),
    }


def _services(values: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of Postgres and Redis."""
    return {
        "SQLALCHEMY_DATABASE_URI": database_uri(values["DATABASE_URL"]),
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": int(_number(values, "MUSTER_DB_POOL", 16)),
            "max_overflow": 0,
            "pool_timeout": 10,
            "pool_pre_ping": False,
            "hide_parameters": True,  # errors are logged, the stored values aren't
            "connect_args": {
                "application_name": "muster",
                "connect_timeout": 5,
                # A host that disappears is detected in half a minute.
                "keepalives_idle": 15,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 30_000,
            },
        },
        # The role that migrations grant the app's rights to, if they run as another role.
        "APP_ROLE": values.get("MUSTER_APP_ROLE", ""),
        # Revisions of later releases, at which migrations don't change the database.
        "SCHEMA_AHEAD": values.get("MUSTER_SCHEMA_AHEAD", "").split(","),
        "REDIS_URL": values["REDIS_URL"],
    }


def _logins(values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "JWT_ACCESS_TOKEN_EXPIRES": _number(values, "MUSTER_ACCESS_SECONDS", 15 * 60),
        "REFRESH_SECONDS": _number(values, "MUSTER_REFRESH_SECONDS", 7 * 86400),
        "REFRESH_OVERLAP_SECONDS": 10.0,
        # Failed logins in 15 minutes: for a name and network, for a name, for an address.
        "LOGIN_FAILURES": int(_number(values, "MUSTER_LOGIN_FAILURES", 5)),
        "LOGIN_FAILURES_PER_NAME": int(_number(values, "MUSTER_LOGIN_FAILURES_PER_NAME", 50)),
        "LOGIN_FAILURES_PER_ADDRESS": int(_number(values, "MUSTER_LOGIN_FAILURES_PER_ADDRESS", 5)),
    }


def _machines(values: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of machines, their limits and times."""
    return {
        "WORKER_JWT_SECONDS": _number(values, "MUSTER_WORKER_JWT_SECONDS", 86400),
        "HEARTBEAT_SECONDS": _number(values, "MUSTER_HEARTBEAT_SECONDS", 10),
        # A machine that sends nothing for this long is offline.
        "SILENCE_SECONDS": _number(values, "MUSTER_SILENCE_SECONDS", 30),
        # How long a machine may work without contact; also how long it may take to return.
        "LEASE_SECONDS": _number(values, "MUSTER_LEASE_SECONDS", 600),
        "MAX_LOAD_PERCENT": _number(values, "MUSTER_MAX_LOAD_PERCENT", 90),
        # A machine with a fuller disk is drained.
        "MAX_DISK_PERCENT": _number(values, "MUSTER_MAX_DISK_PERCENT", 90),
        # How long machines keep the workspaces of ended tasks, and their maximum size per machine.
        "WORKSPACE_SECONDS": _number(values, "MUSTER_WORKSPACE_SECONDS", 86400),
        "WORKSPACES_GIGABYTES": _number(values, "MUSTER_WORKSPACES_GB", 50),
        # Unacknowledged log bytes of a machine, for all its logs together.
        "LOG_WINDOW": int(_number(values, "MUSTER_LOG_WINDOW", 1 << 20)),
    }


def _web(values: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of requests, and of what the server sends and logs."""
    return {
        # The proxies in front: their headers are trusted about a client's address.
        "PROXIES": proxies(values),
        # Other origins whose pages can open terminals.
        "ORIGINS": [part.strip() for part in values.get("MUSTER_ORIGINS", "").split(",") if part],
        # How long a sending process owns a message: no other process tries it before.
        "DELIVERY_LEASE_SECONDS": _number(values, "MUSTER_DELIVERY_LEASE_SECONDS", 60),
        # Per credential.
        "REQUESTS_PER_MINUTE": int(_number(values, "MUSTER_REQUESTS_PER_MINUTE", 6000)),
        "LOG_LEVEL": values.get("MUSTER_LOG_LEVEL", "INFO"),
        "MAX_CONTENT_LENGTH": 1 << 20,
        "API_TITLE": "Muster",
        "API_VERSION": "1",
        "OPENAPI_VERSION": "3.1.0",
        # Large reads: a flood of log bytes takes half as many turns of the loop.
        "SOCK_SERVER_OPTIONS": {"max_message_size": 2 << 20, "receive_bytes": 65536},
    }
