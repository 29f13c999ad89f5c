"""Comparing files without keeping others of this process waiting.

Small files are compared right here. All others are compared by a process of its own
(`comparison_process`): git takes minutes for some files of 4 MiB, and whoever wrote them decides.
On the whole server two such processes run at a time, and one for each developer.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis as redis_client
import structlog

from app.extensions import db, redis
from app.redis import admission
from app.services.changes.comparison_process import SIZES

MOST_AT_ONCE = 2
WAIT_SECONDS = 5.0
MOST_WAITING = 8
"""Requests of this process that wait for their turn; one more gets none."""

RUN_SECONDS = 8.0
"""Of the clock: the process has a limit of its own on processor time."""

_LAPSE_SECONDS = 30.0  # a turn of a server process that has died
_POLL_SECONDS = 0.1
ROOT = Path(__file__).parents[3]
PYTHON = (sys.executable, "-E", "-s")

Pair = tuple[bytes, bytes]
"""Two versions of a file, as they are stored: packed by zlib."""

log = structlog.get_logger(__name__)
_waiting = threading.BoundedSemaphore(MOST_WAITING)


class Allowance:
    """What one request may still compare in the process that serves it. git compares each line
    with all others that it cannot tell apart by their hashes, so these are few: 20 ms at worst.
    """

    def __init__(self) -> None:
        self._bytes, self._lines = 128 << 10, 1_000

    def covers_bytes(self, count: int) -> bool:
        """Whether files of so many bytes may be read, to count their lines."""
        return count <= self._bytes

    def spend(self, old: bytes, new: bytes) -> bool:
        """Take the two files off it, if it covers them."""
        size, lines = len(old) + len(new), old.count(b"\n") + new.count(b"\n")
        self._bytes -= size
        if self._bytes < 0 or lines > self._lines:
            return False
        self._lines -= lines
        return True


def compare(operation: str, pairs: Iterable[Pair], developer_id: int) -> list[bytes] | None:
    """The answers to as many of the pairs as the limits allow, as JSON; None: the developer had no
    turn in time. Commits before it waits, so that no transaction is open meanwhile.
    """
    db.session.commit()
    with _turn(developer_id) as is_ours:
        return _run(operation, _then_commit(pairs)) if is_ours else None


def compare_for_machine(operation: str, pairs: Iterable[Pair]) -> list[bytes]:
    """As `compare`, for an order to a machine: it needs no turn, for people don't decide how many
    there are, and leaves the transaction alone.
    """
    return _run(operation, pairs)


def _then_commit(pairs: Iterable[Pair]) -> Iterator[Pair]:
    yield from pairs  # which may read from the database
    db.session.commit()


def _run(operation: str, pairs: Iterable[Pair]) -> list[bytes]:
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as answers:
        for old, new in pairs:
            asked.write(SIZES.pack(len(old), len(new)) + old + new)
            time.sleep(0)  # others of this process have their turn
        asked.seek(0)
        process = subprocess.Popen(
            [*PYTHON, "-m", "app.services.changes.comparison_process", operation],
            stdin=asked,
            stdout=answers,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={"PATH": os.defpath},
        )
        try:
            process.wait(RUN_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            log.warning("comparison_ended", operation=operation, code=process.returncode)
        answers.seek(0)
        return answers.read().split(b"\n")[:-1]  # a line that was cut off is none


@contextmanager
def _turn(developer_id: int) -> Iterator[bool]:
    """Wait for the developer's turn; whether it has come."""
    member = uuid.uuid4().hex
    sets = {"comparing": MOST_AT_ONCE, f"comparing:{developer_id}": 1}
    try:
        is_ours = _waits_for(member, sets)
    except redis_client.RedisError:  # nobody knows how many run
        is_ours = False
    try:
        yield is_ours
    finally:
        if is_ours:
            _leave(member, sets)


def _waits_for(member: str, sets: dict[str, int]) -> bool:
    if not _waiting.acquire(blocking=False):
        return False
    try:
        end = time.monotonic() + WAIT_SECONDS
        while not redis.client.execute_command(
            *admission.admit(member, sets, time.time(), _LAPSE_SECONDS)
        ):
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True
    finally:
        _waiting.release()


def _leave(member: str, sets: Iterable[str]) -> None:
    try:
        for command in admission.leave(member, sets):
            redis.client.execute_command(*command)
    except redis_client.RedisError:
        log.warning("comparison_turn_not_given_back")  # it lapses
