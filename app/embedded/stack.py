"""A complete Muster as child processes: servers, migration, gunicorn, Celery, beat."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded import keys, ports, probes, processes, server_account, services
from app.embedded.accounts import Account
from app.embedded.commands import RUNTIME_DIRECTORIES, Command, Commands, stack_commands
from app.embedded.processes import Process, Program
from app.embedded.schema import MigrationStamp
from app.embedded.services import Services

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ROOT / "migrations" / "versions"
SERVERS = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Valkey"}
ADDRESSES_FILE = "services.json"
MIGRATE_TIMEOUT_SECONDS = 120.0
# Generous, for busy machines. A child that exits earlier is reported at once.
PROBE_TIMEOUTS = {"/healthz": 180.0, "/readyz": 180.0}
POLL_SECONDS = 0.2
# Hidden from processes without rights: libpq looks into a home, and fails if it can't read it.
UNPRIVILEGED_ENVIRONMENT = {"HOME": "/nonexistent"}


class Stack:
    """One Muster in one home on one port.

    `env` overrides this process's environment for all children; an empty value counts as unset, so
    `{"DATABASE_URL": ""}` requests the embedded server. `say` is called with a line for each step.
    `prepare` is called at each start, once the tables exist: it may `run` commands, and a home's
    first start serves nothing before it returns.

    As a context manager the stack leaves nothing running at the end; within, SIGTERM raises a
    KeyboardInterrupt as Ctrl-C does. For the main thread only (see `processes.spawn`). Once it has
    started, `env` is its children's, without `admin_password`.
    """

    def __init__(
        self,
        home: Path,
        port: int = 9000,
        env: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda line: None,
        table: Callable[[Path], Commands] = stack_commands,
        prepare: Callable[["Stack"], None] | None = None,
    ) -> None:
        self.home = home.resolve()
        self.port = port
        self._given_environment: dict[str, str] = {**os.environ, **(env or {})}
        self.admin_password = self._given_environment.pop("MUSTER_ADMIN_PASSWORD", "")
        self.env = dict(self._given_environment)
        self.report = say
        self._commands = table(self.home)
        self._prepare = prepare
        self._children: dict[str, Process] = {}
        self._services: Services | None = None
        self._account: Account | None = None

    @property
    def url(self) -> str:
        """The base URL of the web console and the API."""
        return f"{'https' if self._has_tls else 'http'}://{ports.LOOPBACK}:{self.port}"

    @property
    def processes(self) -> dict[str, Process]:
        """All children, in start order: `postgres`, `valkey`, the commands, launched ones."""
        servers = self._services.processes if self._services else {}
        return {**servers, **self._children}

    def start(self) -> None:
        """Start everything and wait until `/readyz` answers with 200. Raises EmbeddedError, quoting
        the log of what failed; then nothing is left running."""
        try:
            self._start_all()
        except OSError as problem:
            self.stop()
            raise services.explain_error(problem, self.home) from problem
        except BaseException:
            self.stop()
            raise

    def restart(self, name: str) -> Process:
        """Restart a child with the same command and address. Servers are ready on return; for the
        rest there is `await_ready`."""
        if name in self._children:
            self._children[name].stop()
            return self._spawn(self._children[name].program)
        self._running_services.restart(name)
        return self.processes[name]

    def launch(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        may_end: bool = False,
    ) -> Process:
        """Add a process to the stack, such as a local machine's worker. Doesn't wait for it.

        Its log is `logs/<name>.log`; `env` is laid over the stack's. It ends with the stack. If it
        `may_end` before, `say` reports that, and it is no failure."""
        # It may leave processes of its own running on purpose: they must not keep the home locked.
        program = self._program(name, Command(tuple(argv), env=env or {}), holds_home=False)
        return self._spawn(replace(program, can_exit=may_end))

    def run(
        self, name: str, argv: Sequence[str], seconds: float = 60.0, stdin: bytes = b"", **env: str
    ) -> str:
        """Run a command to completion with the stack's environment and `env`; return its output.

        It reads `stdin`, hidden from lists of processes. Raises EmbeddedError on failure.
        """
        program = replace(self._program(name, Command(tuple(argv), env=env)), stdin=stdin)
        return processes.run_program(program, seconds)

    def await_ready(self) -> None:
        """Wait for `/healthz`, then `/readyz`. Raises EmbeddedError if a child exits first."""
        for path, seconds in PROBE_TIMEOUTS.items():
            if not processes.wait_until(partial(self._is_answering, path), seconds, pause=0.05):
                status, answer = self._probe(path)
                raise processes.process_error(
                    self._children[self._commands.web],
                    f"didn't answer {path} with 200 within {seconds:.0f} s (last: "
                    f"{status or 'nothing'}, {answer})",
                    quote=True,
                )

    def check(self) -> None:
        """Raise EmbeddedError, quoting its log, when a child has ended by itself; one that
        `may_end` is reported with `say`, once, and removed from `processes`."""
        for name, process in self.processes.items():
            code = process.poll()
            if code == 0 and process.program.can_exit:
                del self._children[name]
                self.report(f"{name} exited ({process.program.log})")
            elif code is not None:
                raise processes.process_error(process, f"exited with code {code}", quote=True)

    def wait(self) -> None:
        """Wait for Ctrl-C or SIGTERM. Raises EmbeddedError if a child exits before that."""
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                self.check()
                time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop all children in reverse order, servers last. Safe to call twice."""
        latest_first = list(reversed(self._children.values()))
        for process in latest_first:
            process.request_stop()
        for process in latest_first:
            process.finish_stop()
        self._children.clear()
        if self._services is not None:
            (self.home / ADDRESSES_FILE).unlink(missing_ok=True)
            self._services.stop()
            self._services = None

    def __enter__(self) -> Self:
        self._previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self.start()
        except BaseException:
            signal.signal(signal.SIGTERM, self._previous)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A second SIGTERM must not interrupt the orderly stop; a second Ctrl-C may.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            self.stop()
        finally:
            signal.signal(signal.SIGTERM, self._previous)

    @property
    def _has_tls(self) -> bool:
        return bool(self.env.get("MUSTER_TLS_CERT"))

    @property
    def _running_services(self) -> Services:
        if self._services is None:
            raise RuntimeError("the stack isn't running")
        return self._services

    def _start_all(self) -> None:
        begun = time.monotonic()
        ports.check_before_start(self.port, self.home)
        self._choose_account()
        self._start_services()
        server_account.make_directories(self.home, RUNTIME_DIRECTORIES, self._account)
        # Checked only now: under the home's lock no earlier stack still uses the port.
        ports.require_free(self.port)
        self._start_children()
        self.await_ready()
        self.report(f"Muster is ready at {self.url} ({time.monotonic() - begun:.1f} s)")

    def _choose_account(self) -> None:
        if any(command.serves for command in self._commands.processes.values()):
            choice = server_account.choose_server_account(
                self.home, ROOT, self.port, self._given_environment
            )
            self._account = choice.account
            if choice.startup_line:
                self.report(choice.startup_line)

    def _start_services(self) -> None:
        given = {name: self._given_environment.get(name, "") for name in SERVERS}
        missing = [server for name, server in SERVERS.items() if not given[name]]
        if missing:
            self.report(f"starting {' and '.join(missing)} in {self.home}")
        self._services = services.start(
            self.home,
            env=self._given_environment,
            database_url=given["DATABASE_URL"],
            redis_url=given["REDIS_URL"],
            guest=self._account,
        )
        addresses = {
            "DATABASE_URL": self._services.database_url,
            "REDIS_URL": self._services.redis_url,
        }
        # For commands beside the stack, such as `flask create-admin` in another terminal.
        keys.write_private(self.home / ADDRESSES_FILE, addresses)
        self.env = self._environment(addresses)

    def _environment(self, addresses: Mapping[str, str]) -> dict[str, str]:
        secrets = keys.load(self.home / "secrets.json")
        return {
            **self._given_environment,
            **{
                name: value
                for name, value in secrets.items()
                if not self._given_environment.get(name)
            },
            **addresses,
            "MUSTER_HOME": str(self.home),
            "MUSTER_PORT": str(self.port),
            # Its probes and its own local machine bypass a proxy that runs elsewhere.
            "MUSTER_LOCAL_HTTP": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def _start_children(self) -> None:
        """Start the migration beside the commands where possible: imports take seconds.

        The migration and the preparation always run. Commands that need the tables wait for both,
        unless the same migrations have run on this database before.
        """
        stamp = MigrationStamp(self.home / "schema", VERSIONS, self.env["DATABASE_URL"])
        is_known = stamp.is_current()
        self.report("migrating the database")
        migration = processes.spawn(self._program("migration", Command(self._commands.migrate)))
        try:
            if is_known or self._prepare is None:
                self._spawn_missing(schema_expected=is_known)
            code = migration.wait(MIGRATE_TIMEOUT_SECONDS)
        finally:
            migration.stop()
        if code != 0:
            what = "didn't finish" if code is None else f"failed with exit code {code}"
            raise processes.process_error(migration, what, quote=True)
        if self._prepare is not None:
            self._prepare(self)
        stamp.record()
        self._spawn_missing(schema_expected=True)

    def _spawn_missing(self, *, schema_expected: bool) -> None:
        for name, command in self._commands.processes.items():
            if name not in self._children and (schema_expected or not command.needs_schema):
                self.report(f"starting {name}")
                self._spawn(self._program(name, command))

    def _spawn(self, program: Program) -> Process:
        self._children[program.name] = processes.spawn(program)
        return self._children[program.name]

    def _program(self, name: str, command: Command, *, holds_home: bool = True) -> Program:
        account = self._account if command.serves else None
        return Program(
            name=name,
            argv=command.argv,
            log=self.home / "logs" / f"{name}.log",
            cwd=ROOT,
            env={
                **self.env,
                **command.env,
                **({} if account is None else UNPRIVILEGED_ENVIRONMENT),
            },
            account=account,
            death_signal=command.death_signal,
            stop_seconds=command.stop_seconds,
            inherited_descriptors=(self._running_services.lock.servers,) if holds_home else (),
        )

    def _is_answering(self, path: str) -> bool:
        self.check()
        return self._probe(path)[0] == 200

    def _probe(self, path: str) -> tuple[int, str]:
        return probes.probe(self.port, path, tls=self._has_tls)
