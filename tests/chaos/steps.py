"""The steps of tasks as they happen: what is sent, what rows say, what comes to the remote."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import psycopg2

_POLL_SECONDS = 0.03  # seconds between two looks
_EVENTS = """\
SELECT e.task_id, e.number, e.type::text, e.attempt, coalesce(m.name, ''), e.data
FROM task_events e
JOIN tasks t ON t.id = e.task_id
LEFT JOIN attempts a ON a.task_id = e.task_id AND a.number = e.attempt
LEFT JOIN machines m ON m.id = a.machine_id
WHERE e.created_at > now() - interval '15 seconds' AND (t.round > 1 OR e.type::text IN %s)
ORDER BY e.task_id, e.number
"""
# Of a task's first round these matter, too; of a later one all.
_ALWAYS = ("reviewed", "published", "completed")
_LEFT_OUT = frozenset({"log", "warning", "error"})


class Step(NamedTuple):
    """`machine` is a name, where one has the attempt."""

    name: str
    task_id: int
    attempt: int = 0
    machine: str = ""


class Steps:
    """Watches in threads of its own, until `close`. The servers notice no more of it than of one
    that reads."""

    def __init__(self, url: str, pushes: Path) -> None:
        """`url` is of the database, `pushes` the file that the remote's hook writes."""
        self._url, self._pushes = url.replace("+psycopg2", ""), pushes
        self._found: SimpleQueue[Step] = SimpleQueue()
        self._over = threading.Event()
        self._seen: set[tuple[int, int]] = set()
        self._threads = [
            threading.Thread(target=act, daemon=True) for act in (self._watch_rows, self._watch_ref)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def sent(self, name: str, task_id: int) -> None:
        """For those who send."""
        self._found.put(Step(name, task_id))

    def pop_new(self) -> Iterator[Step]:
        """Those that have come since the last look."""
        while True:
            try:
                yield self._found.get_nowait()
            except Empty:
                return

    def _watch_rows(self) -> None:
        connection = psycopg2.connect(self._url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not self._over.wait(_POLL_SECONDS):
                cursor.execute(_EVENTS, [_ALWAYS])
                for row in cursor.fetchall():
                    self._note(*row)
        connection.close()

    def _note(self, task_id: int, number: int, *fields: Any) -> None:
        type_, attempt, machine, data = fields
        if (task_id, number) in self._seen:
            return
        self._seen.add((task_id, number))
        name = f"workspace {data.get('state')}" if type_ == "workspace" else type_
        if name not in _LEFT_OUT:
            self._found.put(Step(name, task_id, attempt, machine))

    def _watch_ref(self) -> None:
        """An attempt's branch comes first, then the task's own is moved."""
        read = 0
        while not self._over.wait(_POLL_SECONDS):
            if not self._pushes.exists():
                continue
            lines = self._pushes.read_text().splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]
            for line in whole[read:]:
                ref = line.split()[2].removeprefix("refs/heads/muster/")
                task_id, _, attempt = ref.partition("-")
                if task_id.isdigit():
                    name = "branch pushed" if attempt else "branch moved"
                    self._found.put(Step(name, int(task_id), int(attempt or 0)))
            read = len(whole)
