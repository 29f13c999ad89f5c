"""The installed server that is upgraded: its database, its processes, and how they are."""

import contextlib
import json
import os
import pwd
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg2
import redis

import config
from app.embedded import probes
from app.server_cli.backups import operations, tables
from app.server_cli.installation import as_account, settings, systemd, units
from app.server_cli.installation.local_server import Server
from app.server_cli.installation.paths import ACCOUNT, Places
from app.server_cli.local.errors import OperateError
from app.server_cli.upgrades.releases import Release
from app.services.ops import heartbeats

AHEAD = "MUSTER_SCHEMA_AHEAD"
# What takes work before what gives it: a job that only the new ones know is never lost. The web
# server is last: whoever asks it for its version hears of the new one when all else is well.
ORDER = ("dispatcher", "celery", "beat", "gunicorn")
SIGNS = {"dispatcher": heartbeats.DISPATCHER, "celery": heartbeats.SWEEPER, "beat": heartbeats.BEAT}
PATIENCE = 180.0  # one that crashes is found out at once
SETTLED = 4.0  # longer than it takes systemd to start a process anew
LOOK = 0.25
MIGRATION_TRIES = 6
IS_LOCKED = "LockNotAvailable"  # as psycopg2 names it, whatever language PostgreSQL speaks


class NotWell(OperateError):
    """A process is not as it should be."""


class Unable(OperateError):
    """A release does not do what it is asked for; `output` is all that it has said."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


@dataclass
class Installed:
    """`server` has `places`. What it runs may be asked as its account, which has no rights."""

    server: Server

    @property
    def where(self) -> Places:
        assert self.server.places is not None
        return self.server.places

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Raises OperateError, as where its engines do not run."""
        try:
            return config.load({**self.server.environment, "MUSTER_HOME": str(self.server.home)})
        except config.MissingSetting as problem:
            raise OperateError(f"the server has to run while it is upgraded: {problem}") from None

    def schema(self) -> str | None:
        """The revision of its database. Raises OperateError."""
        try:
            url = self.settings["SQLALCHEMY_DATABASE_URI"]
            with operations.connected(url) as connection, connection.cursor() as cursor:
                found: str | None = tables.revision(cursor)
                return found
        except psycopg2.Error as problem:
            raise OperateError(f"the database does not answer: {str(problem).strip()}") from None

    def allow_ahead(self, revisions: Sequence[str]) -> None:
        """Have a release that does not know these revisions leave a database alone that is at one
        of them; any other it refuses, as all where there are none. Raises OperateError, OSError.
        """
        if revisions:
            settings.put(self.where.settings, AHEAD, ",".join(revisions))
        else:
            settings.remove(self.where.settings, AHEAD)

    def check(self, release: Release) -> dict[str, str]:
        """Its version and the revision of its schema, if a server can be made of it."""
        done = self._ask(release, "check", by_account=True)
        try:
            found = json.loads(done.splitlines()[-1])
            return {name: as_account.plain(str(found[name])) for name in ("version", "schema")}
        except (ValueError, LookupError, TypeError):
            raise Unable(f"{release.version} does not say what it is") from None

    def migrate(self, release: Release) -> None:
        """Tried again where another transaction has a table for long. Raises OperateError."""
        for left in reversed(range(MIGRATION_TRIES)):
            try:
                self._ask(release, "migrate", by_account=True)
            except Unable as problem:
                if left == 0 or IS_LOCKED not in problem.output:
                    raise
            else:
                return

    def write_units(self, release: Release) -> None:
        """They need no addresses, and so no engines that run. Raises OperateError."""
        self._ask(release, "units", *(["--user"] if self.where.is_user else []))
        systemd.call(self.where, "daemon-reload")

    def start_engines(self) -> None:
        """Those that systemd runs here, unless they do: as the units are now. Raises OperateError,
        OSError.
        """
        name = units.ENGINES
        if not (self.where.units / name).exists():
            return
        if systemd.states(self.where, [name]).get(name) == "active":
            return
        # One that systemd has forgotten has nothing to reset.
        with contextlib.suppress(OperateError):
            systemd.call(self.where, "reset-failed", name)
        systemd.call(self.where, "start", name)
        self.__dict__.pop("settings", None)  # they may be at another address now

    def runs(self, process: str, release: Release) -> bool:
        """Whether it is of that release."""
        try:
            words = Path(f"/proc/{self.number(process)}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return Path(os.fsdecode(words[0])).parent == Path(release.python).parent

    def restart(self, process: str, release: Release) -> None:
        """Returns when it works as that release. Raises NotWell, OperateError."""
        name, _ = units.PROCESSES[process]
        systemd.call(self.where, "restart", name)
        begun, number = time.time(), self.number(process)
        while not self._works(process, begun, release.version):
            if number == 0 or self.number(process) != number:
                raise NotWell(f"{name} of {release.version} has ended by itself")
            if time.time() - begun > PATIENCE:
                raise NotWell(f"{name} of {release.version} does not work after {PATIENCE:.0f} s")
            time.sleep(LOOK)

    def require_well(self, release: Release) -> None:
        """Raises NotWell where the whole is not well, or does not stay so for some seconds."""
        numbers = self._numbers()
        until = time.time() + SETTLED
        while time.time() < until:
            time.sleep(LOOK)
            if self._numbers() != numbers or 0 in numbers:
                raise NotWell(f"a process of {release.version} has ended by itself")
        if missing := self.missing():
            raise NotWell(f"{release.version} is not ready: {missing}")

    def missing(self) -> str:
        """What it lacks to serve, as it says itself; nothing where it is ready."""
        status, told = probes.get(self.server.port, "/readyz", tls=self.server.has_tls)
        return "" if status == 200 else told or f"it answers with {status}"

    def number(self, process: str) -> int:
        """Of the unit's main process; 0 where it has none."""
        name, _ = units.PROCESSES[process]
        said = systemd.call(self.where, "show", "--property=MainPID", name)
        number = said.strip().removeprefix("MainPID=")
        return int(number) if number.isdecimal() else 0

    def _numbers(self) -> list[int]:
        return [self.number(process) for process in ORDER]

    def _works(self, process: str, since: float, version: str) -> bool:
        """Since that Unix time."""
        if process not in SIGNS:
            status, told = probes.get(self.server.port, "/healthz", tls=self.server.has_tls)
            return status == 200 and bool(json.loads(told).get("version") == version)
        try:
            with redis.Redis.from_url(self.settings["REDIS_URL"]) as client:
                sign: Any = client.get(SIGNS[process])
        except redis.RedisError:
            return False
        return sign is not None and float(sign) > since

    def _ask(self, release: Release, *words: str, by_account: bool = False) -> str:
        """See `asked`. Raises Unable with the end of what it says; OperateError."""
        owner = pwd.getpwnam(ACCOUNT) if by_account and not self.where.is_user else None
        argv = [release.python, "-P", "-m", "app.server_cli.upgrades.release_commands", *words]
        told = self._told(with_addresses=by_account)
        try:
            done = as_account.run(argv, owner, told, Path("/"))
        except OSError as problem:
            raise Unable(f"{release.version} cannot {words[0]}: {problem}") from None
        if done.returncode != 0:
            output = done.stdout + done.stderr
            said = "\n".join(output.strip().splitlines()[-12:])
            raise Unable(f"{release.version} cannot {words[0]}:\n{said}", output)
        return done.stdout

    def _told(self, *, with_addresses: bool) -> Mapping[str, str]:
        """The settings as they are now; where it needs them, with the addresses that its engines
        have left: what this may be is not the account's to read.
        """
        known = settings.read(self.where.settings)
        if not with_addresses:
            return known
        return {
            **known,
            "DATABASE_URL": self.settings["SQLALCHEMY_DATABASE_URI"],
            "REDIS_URL": self.settings["REDIS_URL"],
            "MUSTER_HOME": str(self.server.home),
        }
