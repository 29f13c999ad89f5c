"""Comparing files without delaying others of this process.

Small files are compared right here. All others are compared in a separate process
(`comparison_process`): git takes minutes for some files of 4 MiB, and their author decides. On the
whole server two such processes run at a time, and one per developer.
"""

import os
import signal
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
from app.redis import presence
from app.services.changes.comparison_process import SIZES

MAX_CONCURRENT = 2
WAIT_TIMEOUT_SECONDS = 5.0
MAX_WAITING = 8
"""Maximum people with a request waiting for its turn in this process.

Further people get no turn, nor does a second request from someone waiting: otherwise, one person
could take all turns.
"""

RUN_TIMEOUT_SECONDS = 8.0
"""Wall-clock limit; the process has its own CPU time limit."""

_LEASE_SECONDS = 30.0  # a turn of a server process that has died
_POLL_SECONDS = 0.1
ROOT = Path(__file__).parents[3]
PYTHON = (sys.executable, "-E", "-s")

Pair = tuple[bytes, bytes]
"""Two versions of a file, as stored: compressed with zlib."""
Results = list[bytes | None]

log = structlog.get_logger(__name__)
_lock = threading.Lock()
_waiting: set[int] = set()
"""Developer IDs of the people waiting."""


class InlineBudget:
    """What one request may still compare in its own process.

    git compares each line with all others of the same hash, so the budget is small: 20 ms at worst.
    """

    def __init__(self) -> None:
        self._bytes, self._lines = 128 << 10, 1_000

    def covers_bytes(self, count: int) -> bool:
        """Whether files of that many bytes may be read, to count their lines."""
        return count <= self._bytes

    def spend(self, old: bytes, new: bytes) -> bool:
        """Subtract the two files, if the budget covers them."""
        size, lines = len(old) + len(new), old.count(b"\n") + new.count(b"\n")
        self._bytes -= size
        if self._bytes < 0 or lines > self._lines:
            return False
        self._lines -= lines
        return True


def compare(operation: str, pairs: Iterable[Pair], developer_id: int) -> Results | None:
    """Return the pairs' results as JSON, None for those beyond the limits; None for all: the
    developer got no turn in time.

    Commits before it waits, so that no transaction is open meanwhile.
    """
    db.session.commit()
    with _admission(developer_id) as is_ours:
        return _run(operation, _then_commit(pairs)) if is_ours else None


def compare_for_machine(operation: str, pairs: Iterable[Pair]) -> Results:
    """Like `compare`, for an order to a machine.

    It needs no turn, because people don't choose the number of orders, and doesn't touch the
    transaction.
    """
    return _run(operation, pairs)


def _then_commit(pairs: Iterable[Pair]) -> Iterator[Pair]:
    yield from pairs  # which may read from the database
    db.session.commit()


def _run(operation: str, pairs: Iterable[Pair]) -> Results:
    count = 0
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as answers:
        for old, new in pairs:
            asked.write(SIZES.pack(len(old), len(new)) + old + new)
            count += 1
            time.sleep(0)  # let others of this process run
        asked.seek(0)
        process = subprocess.Popen(
            [*PYTHON, "-m", "app.services.changes.comparison_process", operation],
            stdin=asked,
            stdout=answers,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={"PATH": os.defpath},
            process_group=0,  # with the process of each pair
        )
        try:
            process.wait(RUN_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode:
            log.warning("comparison_failed", operation=operation, code=process.returncode)
        answers.seek(0)
        lines = answers.read().split(b"\n")[:-1]  # an incomplete line doesn't count
    known = dict(line.split(b" ", 1) for line in lines)
    return [known.get(b"%d" % number) for number in range(count)]


@contextmanager
def _admission(developer_id: int) -> Iterator[bool]:
    """Wait for the developer's turn; yields whether it has come."""
    member = uuid.uuid4().hex
    sets = {"comparing": MAX_CONCURRENT, f"comparing:{developer_id}": 1}
    try:
        is_ours = _wait_for_admission(developer_id, member, sets)
    except redis_client.RedisError:  # nobody knows how many run
        is_ours = False
    try:
        yield is_ours
    finally:
        if is_ours:
            _release(member, sets)


def _wait_for_admission(developer_id: int, member: str, sets: dict[str, int]) -> bool:
    if _is_admitted(member, sets):
        return True
    with _queue_entry(developer_id) as has_place:
        end = time.monotonic() + WAIT_TIMEOUT_SECONDS
        while has_place and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
            if _is_admitted(member, sets):
                return True
    return False


def _is_admitted(member: str, sets: dict[str, int]) -> bool:
    command = presence.admit_command(member, sets, time.time(), _LEASE_SECONDS)
    return bool(redis.client.execute_command(*command))


@contextmanager
def _queue_entry(developer_id: int) -> Iterator[bool]:
    """Take the developer's place in the queue; yields whether there was one."""
    with _lock:
        is_free = developer_id not in _waiting and len(_waiting) < MAX_WAITING
        if is_free:
            _waiting.add(developer_id)
    try:
        yield is_free
    finally:
        if is_free:
            _waiting.discard(developer_id)


def _release(member: str, sets: Iterable[str]) -> None:
    try:
        for command in presence.leave_commands(member, sets):
            redis.client.execute_command(*command)
    except redis_client.RedisError:
        log.warning("comparison_slot_not_released")  # it expires
