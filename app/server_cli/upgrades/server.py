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
from app.server_cli.installation.paths import ACCOUNT, InstallationPaths
from app.server_cli.local.errors import OperateError
from app.server_cli.upgrades.releases import Release
from app.services.ops import heartbeats

SCHEMA_AHEAD = "MUSTER_SCHEMA_AHEAD"
# What takes work before what gives it: a job that only the new ones know is never lost. The web
# server is last: whoever asks it for its version hears of the new one when all else is well.
RESTART_ORDER = ("dispatcher", "celery", "beat", "gunicorn")
HEARTBEAT_KEYS = {
    "dispatcher": heartbeats.DISPATCHER,
    "celery": heartbeats.SWEEPER,
    "beat": heartbeats.BEAT,
}
RESTART_TIMEOUT_SECONDS = 180.0  # one that crashes is found out at once
SETTLE_SECONDS = 4.0  # longer than it takes systemd to start a process anew
POLL_SECONDS = 0.25
MAX_MIGRATION_TRIES = 6
LOCK_ERROR = "LockNotAvailable"  # as psycopg2 names it, whatever language PostgreSQL speaks


class ProcessUnhealthy(OperateError):
    """A process is not as it should be."""


class ReleaseCommandFailed(OperateError):
    """A release does not do what it is asked for; `output` is all that it has said."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


@dataclass
class InstalledServer:
    """`server` has `places`. What it runs may be asked as its account, which has no rights."""

    server: Server

    @property
    def paths(self) -> InstallationPaths:
        assert self.server.paths is not None
        return self.server.paths

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
            with operations.connect(url) as connection, connection.cursor() as cursor:
                found: str | None = tables.read_revision(cursor)
                return found
        except psycopg2.Error as problem:
            raise OperateError(f"the database does not answer: {str(problem).strip()}") from None

    def allow_ahead(self, revisions: Sequence[str]) -> None:
        """Have a release that does not know these revisions leave a database alone that is at one
        of them; any other it refuses, as all where there are none. Raises OperateError, OSError.
        """
        if revisions:
            settings.set_value(self.paths.settings, SCHEMA_AHEAD, ",".join(revisions))
        else:
            settings.remove_value(self.paths.settings, SCHEMA_AHEAD)

    def check(self, release: Release) -> dict[str, str]:
        """Its version and the revision of its schema, if a server can be made of it."""
        done = self._run_release_command(release, "check", by_account=True)
        try:
            found = json.loads(done.splitlines()[-1])
            return {
                name: as_account.sanitize_output(str(found[name])) for name in ("version", "schema")
            }
        except (ValueError, LookupError, TypeError):
            raise ReleaseCommandFailed(f"{release.version} does not say what it is") from None

    def migrate(self, release: Release) -> None:
        """Tried again where another transaction has a table for long. Raises OperateError."""
        for left in reversed(range(MAX_MIGRATION_TRIES)):
            try:
                self._run_release_command(release, "migrate", by_account=True)
            except ReleaseCommandFailed as problem:
                if left == 0 or LOCK_ERROR not in problem.output:
                    raise
            else:
                return

    def write_units(self, release: Release) -> None:
        """They need no addresses, and so no engines that run. Raises OperateError."""
        self._run_release_command(release, "units", *(["--user"] if self.paths.is_user else []))
        systemd.call_systemctl(self.paths, "daemon-reload")

    def start_engines(self) -> None:
        """Those that systemd runs here, unless they do: as the units are now. Raises OperateError,
        OSError.
        """
        name = units.ENGINES
        if not (self.paths.units / name).exists():
            return
        if systemd.unit_states(self.paths, [name]).get(name) == "active":
            return
        # One that systemd has forgotten has nothing to reset.
        with contextlib.suppress(OperateError):
            systemd.call_systemctl(self.paths, "reset-failed", name)
        systemd.call_systemctl(self.paths, "start", name)
        self.__dict__.pop("settings", None)  # they may be at another address now

    def is_running(self, process: str, release: Release) -> bool:
        """Whether it is of that release."""
        try:
            words = Path(f"/proc/{self.main_pid(process)}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return Path(os.fsdecode(words[0])).parent == Path(release.python).parent

    def restart(self, process: str, release: Release) -> None:
        """Returns when it works as that release. Raises ProcessUnhealthy, OperateError."""
        name, _ = units.PROCESSES[process]
        systemd.call_systemctl(self.paths, "restart", name)
        begun, number = time.time(), self.main_pid(process)
        while not self._is_working(process, begun, release.version):
            if number == 0 or self.main_pid(process) != number:
                raise ProcessUnhealthy(f"{name} of {release.version} has ended by itself")
            if time.time() - begun > RESTART_TIMEOUT_SECONDS:
                raise ProcessUnhealthy(
                    f"{name} of {release.version} does not work "
                    f"after {RESTART_TIMEOUT_SECONDS:.0f} s"
                )
            time.sleep(POLL_SECONDS)

    def require_healthy(self, release: Release) -> None:
        """Raises ProcessUnhealthy where the whole is not well, or does not stay so for some
        seconds."""
        numbers = self._main_pids()
        until = time.time() + SETTLE_SECONDS
        while time.time() < until:
            time.sleep(POLL_SECONDS)
            if self._main_pids() != numbers or 0 in numbers:
                raise ProcessUnhealthy(f"a process of {release.version} has ended by itself")
        if missing := self.missing():
            raise ProcessUnhealthy(f"{release.version} is not ready: {missing}")

    def missing(self) -> str:
        """What it lacks to serve, as it says itself; nothing where it is ready."""
        status, answer = probes.probe(self.server.port, "/readyz", tls=self.server.has_tls)
        return "" if status == 200 else answer or f"it answers with {status}"

    def main_pid(self, process: str) -> int:
        """Of the unit's main process; 0 where it has none."""
        name, _ = units.PROCESSES[process]
        output = systemd.call_systemctl(self.paths, "show", "--property=MainPID", name)
        number = output.strip().removeprefix("MainPID=")
        return int(number) if number.isdecimal() else 0

    def _main_pids(self) -> list[int]:
        return [self.main_pid(process) for process in RESTART_ORDER]

    def _is_working(self, process: str, since: float, version: str) -> bool:
        """Since that Unix time."""
        if process not in HEARTBEAT_KEYS:
            status, answer = probes.probe(self.server.port, "/healthz", tls=self.server.has_tls)
            return status == 200 and bool(json.loads(answer).get("version") == version)
        try:
            with redis.Redis.from_url(self.settings["REDIS_URL"]) as client:
                sign: Any = client.get(HEARTBEAT_KEYS[process])
        except redis.RedisError:
            return False
        return sign is not None and float(sign) > since

    def _run_release_command(self, release: Release, *words: str, by_account: bool = False) -> str:
        """See `asked`. Raises ReleaseCommandFailed with the end of what it says; OperateError."""
        owner = pwd.getpwnam(ACCOUNT) if by_account and not self.paths.is_user else None
        argv = [release.python, "-P", "-m", "app.server_cli.upgrades.release_commands", *words]
        environment = self._build_environment(with_addresses=by_account)
        try:
            done = as_account.run(argv, owner, environment, Path("/"))
        except OSError as problem:
            raise ReleaseCommandFailed(f"{release.version} cannot {words[0]}: {problem}") from None
        if done.returncode != 0:
            output = done.stdout + done.stderr
            last_lines = "\n".join(output.strip().splitlines()[-12:])
            raise ReleaseCommandFailed(
                f"{release.version} cannot {words[0]}:\n{last_lines}", output
            )
        return done.stdout

    def _build_environment(self, *, with_addresses: bool) -> Mapping[str, str]:
        """The settings as they are now; where it needs them, with the addresses that its engines
        have left: what this may be is not the account's to read.
        """
        known = settings.read_settings(self.paths.settings)
        if not with_addresses:
            return known
        return {
            **known,
            "DATABASE_URL": self.settings["SQLALCHEMY_DATABASE_URI"],
            "REDIS_URL": self.settings["REDIS_URL"],
            "MUSTER_HOME": str(self.server.home),
        }
