"""The installed server during an upgrade: its database, its processes and their health."""

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
# Consumers before producers, so that no job reaches a process that doesn't know it. The web server
# is last: it reports the new version only when everything else is healthy.
RESTART_ORDER = ("dispatcher", "celery", "beat", "gunicorn")
HEARTBEAT_KEYS = {
    "dispatcher": heartbeats.DISPATCHER,
    "celery": heartbeats.SWEEPER,
    "beat": heartbeats.BEAT,
}
RESTART_TIMEOUT_SECONDS = 180.0  # a crash is detected at once
SETTLE_SECONDS = 4.0  # longer than systemd takes to restart a process
POLL_SECONDS = 0.25
MAX_MIGRATION_TRIES = 6
LOCK_ERROR = "LockNotAvailable"  # psycopg2's name, independent of PostgreSQL's language


class ProcessUnhealthy(OperateError):
    """A process is unhealthy."""


class ReleaseCommandFailed(OperateError):
    """A release's command failed; `output` is its complete output."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


@dataclass
class InstalledServer:
    """`server` has `paths`. Its release may be called as the account, which has no rights."""

    server: Server

    @property
    def paths(self) -> InstallationPaths:
        assert self.server.paths is not None
        return self.server.paths

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The server's settings. Raises OperateError, for example if its engines don't run."""
        try:
            return config.load({**self.server.environment, "MUSTER_HOME": str(self.server.home)})
        except config.MissingSetting as problem:
            raise OperateError(f"the server must run during the upgrade: {problem}") from None

    def schema(self) -> str | None:
        """Return the revision of its database. Raises OperateError."""
        try:
            url = self.settings["SQLALCHEMY_DATABASE_URI"]
            with operations.connect(url) as connection, connection.cursor() as cursor:
                found: str | None = tables.read_revision(cursor)
                return found
        except psycopg2.Error as problem:
            raise OperateError(f"the database isn't responding: {str(problem).strip()}") from None

    def allow_ahead(self, revisions: Sequence[str]) -> None:
        """Let a release accept a database at one of these revisions without knowing them; it
        refuses all others. Without revisions it refuses all. Raises OperateError, OSError.
        """
        if revisions:
            settings.set_value(self.paths.settings, SCHEMA_AHEAD, ",".join(revisions))
        else:
            settings.remove_value(self.paths.settings, SCHEMA_AHEAD)

    def check(self, release: Release) -> dict[str, str]:
        """Return its version and the revision of its schema, if a server starts with it."""
        done = self._run_release_command(release, "check", by_account=True)
        try:
            found = json.loads(done.splitlines()[-1])
            return {
                name: as_account.sanitize_output(str(found[name])) for name in ("version", "schema")
            }
        except (ValueError, LookupError, TypeError):
            raise ReleaseCommandFailed(
                f"{release.version} doesn't report its version and schema"
            ) from None

    def migrate(self, release: Release) -> None:
        """Migrate; retry if another transaction locks a table for long. Raises OperateError."""
        for left in reversed(range(MAX_MIGRATION_TRIES)):
            try:
                self._run_release_command(release, "migrate", by_account=True)
            except ReleaseCommandFailed as problem:
                if left == 0 or LOCK_ERROR not in problem.output:
                    raise
            else:
                return

    def write_units(self, release: Release) -> None:
        """Write the units, which needs no addresses and so no running engines. Raises
        OperateError.
        """
        self._run_release_command(release, "units", *(["--user"] if self.paths.is_user else []))
        systemd.call_systemctl(self.paths, "daemon-reload")

    def start_engines(self) -> None:
        """Start the engines that systemd runs here, unless they run, with the current units. Raises
        OperateError, OSError.
        """
        name = units.ENGINES
        if not (self.paths.units / name).exists():
            return
        if systemd.unit_states(self.paths, [name]).get(name) == "active":
            return
        # A unit that systemd doesn't know has nothing to reset.
        with contextlib.suppress(OperateError):
            systemd.call_systemctl(self.paths, "reset-failed", name)
        systemd.call_systemctl(self.paths, "start", name)
        self.__dict__.pop("settings", None)  # their address may have changed

    def is_running(self, process: str, release: Release) -> bool:
        """Whether the process runs that release."""
        try:
            words = Path(f"/proc/{self.main_pid(process)}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return Path(os.fsdecode(words[0])).parent == Path(release.python).parent

    def restart(self, process: str, release: Release) -> None:
        """Restart a process; returns when it works as that release. Raises ProcessUnhealthy,
        OperateError.
        """
        name, _ = units.PROCESSES[process]
        systemd.call_systemctl(self.paths, "restart", name)
        begun, number = time.time(), self.main_pid(process)
        while not self._is_working(process, begun, release.version):
            if number == 0 or self.main_pid(process) != number:
                raise ProcessUnhealthy(f"{name} of {release.version} exited")
            if time.time() - begun > RESTART_TIMEOUT_SECONDS:
                raise ProcessUnhealthy(
                    f"{name} of {release.version} still isn't working after "
                    f"{RESTART_TIMEOUT_SECONDS:.0f} s"
                )
            time.sleep(POLL_SECONDS)

    def require_healthy(self, release: Release) -> None:
        """Raise ProcessUnhealthy if the server is unhealthy, or doesn't stay healthy for some
        seconds.
        """
        numbers = self._main_pids()
        until = time.time() + SETTLE_SECONDS
        while time.time() < until:
            time.sleep(POLL_SECONDS)
            if self._main_pids() != numbers or 0 in numbers:
                raise ProcessUnhealthy(f"a process of {release.version} exited")
        if missing := self.missing():
            raise ProcessUnhealthy(f"{release.version} isn't ready: {missing}")

    def missing(self) -> str:
        """Return what the server reports as missing; empty if it is ready."""
        status, answer = probes.probe(self.server.port, "/readyz", tls=self.server.has_tls)
        return "" if status == 200 else answer or f"it responds with {status}"

    def main_pid(self, process: str) -> int:
        """Return the PID of the unit's main process; 0 if there is none."""
        name, _ = units.PROCESSES[process]
        output = systemd.call_systemctl(self.paths, "show", "--property=MainPID", name)
        number = output.strip().removeprefix("MainPID=")
        return int(number) if number.isdecimal() else 0

    def _main_pids(self) -> list[int]:
        return [self.main_pid(process) for process in RESTART_ORDER]

    def _is_working(self, process: str, since: float, version: str) -> bool:
        """Whether the process reported since that Unix time."""
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
        """Run a command of `release_commands`. Raises ReleaseCommandFailed with the end of its
        output; OperateError.
        """
        owner = pwd.getpwnam(ACCOUNT) if by_account and not self.paths.is_user else None
        argv = [release.python, "-P", "-m", "app.server_cli.upgrades.release_commands", *words]
        environment = self._build_environment(with_addresses=by_account)
        try:
            done = as_account.run(argv, owner, environment, Path("/"))
        except OSError as problem:
            raise ReleaseCommandFailed(
                f"`{words[0]}` of {release.version} failed: {problem}"
            ) from None
        if done.returncode != 0:
            output = done.stdout + done.stderr
            last_lines = "\n".join(output.strip().splitlines()[-12:])
            raise ReleaseCommandFailed(
                f"`{words[0]}` of {release.version} failed:\n{last_lines}", output
            )
        return done.stdout

    def _build_environment(self, *, with_addresses: bool) -> Mapping[str, str]:
        """Return the current settings; if needed with the addresses of its engines, because the
        account may not be able to read them.
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
