"""What there is to be seen in the end: over the API, at the remote, on the machines' disks."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from muster.protocol.attempt_key import AttemptKey
from muster.worker.clock import boot_seconds
from muster.worker.shim.spool import SpoolReader
from tests.chaos import stage_notes
from tests.chaos.client import TASKS, wait_until
from tests.chaos.history import (
    AuditSeen,
    BranchSeen,
    Clocks,
    LogSeen,
    MachineSeen,
    Recorder,
    TaskSeen,
)
from tests.chaos.machines import SLOTS, Whose
from tests.chaos.review_records import TaskMessages, TaskReviews
from tests.chaos.survivors import survivors
from tests.chaos.world import PEOPLE, World, marks

LATE = 20.0  # seconds for the rest of the logs to come
_AUDIT = "/api/admin/audit-logs"
_BRANCHES = "refs/heads/muster"


class Collector:
    """Writes a world's end into its history."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._recorder: Recorder = world.recorder
        token = world.tokens[PEOPLE[0]]
        headers = {"Authorization": f"Bearer {token}"}
        self._api = httpx.Client(base_url=world.stack.url, headers=headers, timeout=30)

    def collect(self) -> None:
        self._collect_survivors()
        for task in self._all(TASKS):
            self._collect_task(int(task["id"]))
        self._collect_audit()
        self._collect_machines()
        self._collect_branches()
        self._api.close()

    def _collect_survivors(self) -> None:
        self._recorder.write(Clocks(boot_seconds(), time.time()))
        for one in survivors(self._world.machines, stage_notes.runs(self._world.notes)):
            self._recorder.write(one)

    def machines(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get("/api/web/machines?limit=100")["items"]
        return found

    def is_answered(self) -> bool:
        """Whether the servers have come back."""
        try:
            return bool(self.machines())
        except httpx.HTTPError:
            return False

    def are_at_rest(self) -> bool:
        """Whether all machines are there, and no slot is taken."""
        try:
            there = [m for m in self.machines() if m["status"] != "decommissioned"]
            return all(m["status"] == "online" and not m["slots"]["used"] for m in there)
        except httpx.HTTPError:
            return False

    def _get(self, path: str) -> Any:
        return self._api.get(path).raise_for_status().json()

    def _all(self, path: str, name: str = PEOPLE[0]) -> Iterator[dict[str, Any]]:
        """`name` is whose eyes see it."""
        headers = {"Authorization": f"Bearer {self._world.tokens[name]}"}
        cursor = ""
        while True:
            query = "?limit=200" + (f"&cursor={cursor}" if cursor else "")
            page = self._api.get(path + query, headers=headers).raise_for_status().json()
            yield from page["items"]
            cursor = page["nextCursor"]
            if not cursor:
                return

    def _collect_task(self, task_id: int) -> None:
        task = self._get(f"{TASKS}/{task_id}")
        events: list[dict[str, Any]] = []
        while True:
            page = self._get(f"{TASKS}/{task_id}/events?limit=200&offset={len(events)}")
            events += page["items"]
            if len(events) >= page["total"] or not page["items"]:
                break
        self._recorder.write(TaskSeen(task, events))
        self._collect_reviews(task_id)
        for attempt in range(1, int(task["attempt"]) + 1):
            self._collect_log((task_id, attempt))

    def _collect_reviews(self, task_id: int) -> None:
        path = f"{TASKS}/{task_id}"
        follow_ups, reviews = [
            sorted(self._all(f"{path}/{what}"), key=lambda one: int(one["id"]))
            for what in ("follow-ups", "reviews")
        ]
        threads = {
            int(thread["id"]): thread
            for name in PEOPLE  # each sees their own drafts
            for thread in self._all(f"{path}/comments", name)
        }
        self._recorder.write(TaskReviews(task_id, follow_ups, reviews, list(threads.values())))
        messages = sorted(self._all(f"{path}/messages"), key=lambda one: int(one["id"]))
        self._recorder.write(TaskMessages(task_id, messages))

    def _collect_log(self, whose: Whose) -> None:
        kept = self._spool(whose)
        log = self._log(whose)
        if kept is not None and len(log.content) < len(kept):
            wait_until(lambda: len(self._log(whose).content) >= len(kept), LATE)
            log = self._log(whose)
        name = self._save(f"{whose[0]}-{whose[1]}.log", log.content)
        self._recorder.write(LogSeen(*whose, name, log.headers.get("X-Log-Gaps", "")))
        if kept is not None:
            name = self._save(f"{whose[0]}-{whose[1]}.spool", kept)
            self._recorder.write(LogSeen(*whose, name, on_machine=True))

    def _log(self, whose: Whose) -> httpx.Response:
        path = f"{TASKS}/{whose[0]}/logs/raw?attempt={whose[1]}"
        return self._api.get(path).raise_for_status()

    def _spool(self, whose: Whose) -> bytes | None:
        """What the machine still has of it; None where it was forgotten, or never began."""
        for machine in self._world.machines:
            with contextlib.suppress(FileNotFoundError):
                reader = SpoolReader(machine.layout.attempt(AttemptKey(*whose)))
                pieces = reader.read(0, reader.end_offset())
                reader.close()
                return b"".join(piece.data for piece in pieces)
        return None

    def _save(self, name: str, content: bytes) -> str:
        Path(self._world.history, name).write_bytes(content)
        return name

    def _collect_audit(self) -> None:
        """The oldest first."""
        for entry in sorted(self._all(_AUDIT), key=lambda entry: int(entry["id"])):
            target, kind = entry["targetId"], entry["targetType"]
            actor = (entry["actor"] or {}).get("name", "")
            task_id = int(target) if kind == "task" else 0
            machine_id = target if kind == "machine" else ""
            self._recorder.write(AuditSeen(entry["action"], actor, task_id, machine_id))

    def _collect_machines(self) -> None:
        homes = {machine.name: machine.home for machine in self._world.machines}
        for shown in self.machines():
            name, used = shown["name"], shown["slots"]["used"]
            home = str(homes[name].resolve())
            level = (shown["sandbox"] or {}).get("level", "")
            state = (used, shown["status"], shown["id"], level)
            self._recorder.write(MachineSeen(name, home, SLOTS, *state))

    def _collect_branches(self) -> None:
        form = "--format=%(refname:short) %(objectname)"
        lines = self._world.repository.git("for-each-ref", form, _BRANCHES).splitlines()
        branches = [line.split() for line in lines]
        found = marks(self._world.repository, [commit for _, commit in branches])
        for (name, commit), left in zip(branches, found, strict=True):
            self._recorder.write(BranchSeen(name, commit, left))
