"""Requests of the tests to embedded servers, and facts about the machine."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import redis

from app.embedded import binaries

ROOT = Path(__file__).resolve().parents[3]
ROLES = ("muster", "postgres", "nobody", "root")
AS_SOMEBODY = """
import os, sys
import psycopg2
url, uid, *statements = sys.argv[1:]
if int(uid) != os.geteuid():
    os.setgroups([])
    os.setresgid(int(uid), int(uid), int(uid))
    os.setresuid(int(uid), int(uid), int(uid))
try:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    for statement in statements:
        connection.cursor().execute(statement)
except psycopg2.Error as refused:
    sys.exit(str(refused))
"""


def acting_as(uid: int, url: str, *statements: str) -> str:
    """Return the database's errors for a process of that user, which may be unable to read this
    tree; empty if everything works."""
    command = [sys.executable, "-c", AS_SOMEBODY, url.replace("+psycopg2", ""), str(uid)]
    ran = subprocess.run(
        [*command, *statements], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return ran.stderr


def logs_in(uid: int, url: str, role: str) -> bool:
    """Whether a process of that user is let in as the role."""
    refused = acting_as(uid, url.replace("//muster@", f"//{role}@"))
    for why in ("Peer authentication failed", "no pg_hba.conf entry"):
        if why in refused:
            return False
    assert refused == ""
    return True


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement and commit it; its rows, if it has any."""
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@contextlib.contextmanager
def valkey(url: str) -> Iterator[Any]:
    client = redis.Redis.from_url(url, decode_responses=True)
    try:
        yield client
    finally:
        client.close()


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    """Whether the process exists and isn't a zombie (its new parent may be slow to reap it)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def running_with(text: str) -> list[int]:
    """Return the pids of all processes with `text` in their command line or working directory."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode(errors="replace")
            cwd = os.readlink(place / "cwd")
        except OSError:
            continue
        if text in words or text in cwd:
            found.append(int(place.name))
    return [pid for pid in found if pid != os.getpid() and is_running(pid)]


def carry_binaries(site: Path) -> None:
    """Lay the two packages' binaries out in another place, as an installation there would."""
    for carrier in (binaries.POSTGRES, binaries.VALKEY):
        for tree in carrier.trees:
            shutil.copytree(
                binaries._site_packages(carrier) / tree, site / tree, copy_function=_link
            )
        (site / carrier.module / "__init__.py").touch()


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@contextlib.contextmanager
def foreground(
    home: Path, python: str = sys.executable, **options: Any
) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `python -m app.embedded` in a separate process; yield it and the addresses it printed."""
    process = subprocess.Popen(
        [python, "-m", "app.embedded", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **({"cwd": ROOT} | options),
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline().strip() for _ in range(2)]
        assert all("=" in line for line in lines), lines
        yield process, dict(line.split("=", 1) for line in lines)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
