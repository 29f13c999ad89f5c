"""Both servers of one home, started in parallel and stopped together."""

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded import handles, postgres, valkey
from app.embedded.accounts import Account
from app.embedded.errors import EmbeddedError
from app.embedded.locks import HomeLock
from app.embedded.postgres import Postgres
from app.embedded.processes import Process
from app.embedded.valkey import Valkey


@dataclass
class Services:
    """The addresses of database and broker, and the two servers if we run them.

    As a context manager it stops the servers at the end.
    """

    database_url: str
    redis_url: str
    lock: HomeLock
    servers: dict[str, Postgres | Valkey] = field(default_factory=dict)

    @property
    def processes(self) -> dict[str, Process]:
        """The running servers by name, `postgres` and `valkey`."""
        return {name: server.process for name, server in self.servers.items()}

    def restart(self, name: str) -> None:
        """Restart a server at the same address, whether it still runs or was killed."""
        self.servers[name].restart()

    def stop(self) -> None:
        """Stop both servers, wait until they exit, release the home. Safe to call twice."""
        for process in self.processes.values():
            process.request_stop()
        for server in self.servers.values():
            server.process.finish_stop()
            server.clean_up()
        self.servers.clear()
        self.lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    home: Path,
    *,
    env: Mapping[str, str] = os.environ,
    database_url: str = "",
    redis_url: str = "",
    guest: Account | None = None,
) -> Services:
    """Start PostgreSQL and Valkey on the data in `home`, which is created if needed.

    Doesn't start a server whose address is given. `guest` can log in to the database too. `env` may
    have MUSTER_VALKEY_PORT and MUSTER_EMBEDDED_FSYNC. Call it from the main thread: the servers
    exit with the thread that started them. Raises EmbeddedError; then nothing is left running.
    """
    try:
        home = home.resolve()
        home.mkdir(parents=True, exist_ok=True)
        with handles.open_directory(home) as top:
            top.owner_only_directory("logs").close()
        services = Services(database_url, redis_url, HomeLock(home))
        try:
            _start_missing(services, home, env, guest)
        except BaseException:
            services.stop()
            raise
    except OSError as problem:
        raise explain_error(problem, home) from problem
    return services


def _start_missing(
    services: Services, home: Path, env: Mapping[str, str], guest: Account | None
) -> None:
    durable = env.get("MUSTER_EMBEDDED_FSYNC", "on") != "off"
    held = (services.lock.servers,)
    # Valkey first: it starts while PostgreSQL, the slower one, is being prepared.
    if not services.redis_url:
        services.servers["valkey"] = valkey.launch(
            home, home / "logs/valkey.log", port=_port(env), durable=durable, keep_open=held
        )
    if not services.database_url:
        services.servers["postgres"] = postgres.launch(
            home, home / "logs/postgres.log", durable=durable, keep_open=held, guest=guest
        )
    for server in services.servers.values():
        server.await_ready()
    services.redis_url = services.redis_url or services.servers["valkey"].url
    services.database_url = services.database_url or services.servers["postgres"].url


def _port(env: Mapping[str, str]) -> int | None:
    text = env.get("MUSTER_VALKEY_PORT", "")
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise EmbeddedError(f"MUSTER_VALKEY_PORT isn't a port number: {text!r}")
    return int(text)


def explain_error(problem: OSError, home: Path) -> EmbeddedError:
    """Return the EmbeddedError for a file system error below `home`, with the remedy."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return EmbeddedError(f"the disk with {home} is full; free some space and start again")
    where = problem.filename or home
    return EmbeddedError(
        f"can't use {where} ({problem.strerror}): make it writable, or set MUSTER_HOME to another "
        "directory"
    )
