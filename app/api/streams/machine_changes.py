"""Machine changes, read for all streams of a process by one small query.

Machines have no history to resume from, and heartbeats are frequent. So they are polled, at most
every POLL_SECONDS, and compared with what was sent last.
"""

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.api.schemas.machines import MachineSchema
from app.domain.machine import is_load_change
from app.services.machines import queries
from app.services.machines.queries import MachineSummary

POLL_SECONDS = 2.0
LOAD_UPDATE_SECONDS = 15.0
"""Minimum interval between updates of a machine's load. Similar loads aren't sent."""
MAX_MACHINES_PER_POLL = 100
"""Maximum changed machines per poll. The rest follow in the next poll, longest unsent first."""
_STATUS_FIELDS = frozenset({"status", "connected", "drain"})
_HEALTH_FIELDS = _STATUS_FIELDS | {"capabilities"}

MachineDelta = Mapping[str, Any]
"""A machine's `id` and its changed fields, as in the list of machines."""

_SCHEMA = MachineSchema()


@dataclass
class _SentMachine:
    """A machine as it was last sent, and the monotonic time of that. `status_version`: the version
    of the row when its status was last sent.
    """

    summary: MachineSummary
    fields: dict[str, Any]
    sent_at: float
    load_sent_at: float
    status_version: str


@dataclass
class MachinePoll:
    """The result of a poll: the `changes`, and the state after sending them. The status changes
    `noted` are in them, or were sent before.
    """

    changes: list[MachineDelta] = field(default_factory=list)
    sent: dict[uuid.UUID, _SentMachine] = field(default_factory=dict)
    noted: set[uuid.UUID] = field(default_factory=set)


class MachineWatcher:
    """Tracks what this process's streams have received about machines."""

    def __init__(self) -> None:
        self._sent: dict[uuid.UUID, _SentMachine] | None = None
        self._polled_at = 0.0
        self._noted: set[uuid.UUID] = set()  # machines whose status changed

    def note_status_change(self, machine_ids: Iterable[str]) -> None:
        """Send the status of these machines even if it's again as sent last: a list that a client
        has read in between shows another.

        May be called on any thread.
        """
        for id_ in machine_ids:
            self._noted.add(uuid.UUID(id_))

    def start(self) -> None:
        """Record the current machines: new clients read them from the list. Raises
        SQLAlchemyError.
        """
        if self._sent is None:
            now, seen = time.monotonic(), queries.list_summaries()
            self._sent = _read_machines(list(seen), seen, now)

    def poll(self) -> MachinePoll:
        """Poll the machines, if it's time. Raises SQLAlchemyError."""
        self.start()
        assert self._sent is not None
        now = time.monotonic()
        if now < self._polled_at + POLL_SECONDS:
            return MachinePoll()
        self._polled_at = now
        noted = set(self._noted)  # before the rows: later changes may not be in them
        seen = queries.list_summaries()
        due = [
            id_
            for id_, glance in seen.items()
            if self._is_due(id_, glance, now) or (id_ in noted and self._is_status_due(id_, glance))
        ]
        due.sort(key=lambda id_: self._sent_at(id_))
        found = _read_machines(due[:MAX_MACHINES_PER_POLL], seen, now)
        look = MachinePoll(noted=noted.difference(due).union(noted.intersection(found)))
        for id_, new in found.items():
            change = self._diff(id_, new)
            if _STATUS_FIELDS.isdisjoint(change):
                if id_ in noted and self._is_status_due(id_, new.summary):
                    change = {**change, **{name: new.fields[name] for name in _STATUS_FIELDS}}
                else:
                    new.status_version = self._sent[id_].status_version
            look.sent[id_] = new
            if change:
                look.changes.append({"id": str(id_), **change})
        return look

    def mark_sent(self, look: MachinePoll) -> None:
        """Record that the changes were sent."""
        assert self._sent is not None
        self._sent |= look.sent
        self._noted -= look.noted

    def _is_due(self, id_: uuid.UUID, glance: MachineSummary, now: float) -> bool:
        assert self._sent is not None
        sent = self._sent.get(id_)
        if sent is None or sent.summary.version != glance.version:
            return True
        return now >= sent.load_sent_at + LOAD_UPDATE_SECONDS and is_load_change(
            sent.summary.load, glance.load
        )

    def _is_status_due(self, id_: uuid.UUID, glance: MachineSummary) -> bool:
        """Whether a noted change of its status may be later than the status that was sent."""
        assert self._sent is not None
        sent = self._sent.get(id_)
        return sent is None or sent.status_version != glance.version

    def _sent_at(self, id_: uuid.UUID) -> float:
        assert self._sent is not None
        return self._sent[id_].sent_at if id_ in self._sent else 0.0

    def _diff(self, id_: uuid.UUID, new: _SentMachine) -> MachineDelta:
        """Return the machine's changes. A load that hasn't changed enough keeps its last sent
        value.
        """
        assert self._sent is not None
        sent = self._sent.get(id_)
        if sent is None:
            return new.fields
        tells_load = new.sent_at >= sent.load_sent_at + LOAD_UPDATE_SECONDS
        if not (tells_load and is_load_change(sent.summary.load, new.summary.load)):
            new.summary = MachineSummary(new.summary.version, sent.summary.load)
            new.fields["metrics"], new.load_sent_at = sent.fields["metrics"], sent.load_sent_at
        return {
            name: value
            for name, value in new.fields.items()
            if name != "lastSeenAt" and value != sent.fields.get(name)
        }


def affects_health(changes: Sequence[MachineDelta]) -> bool:
    """Whether a machine may have become unhealthy or healthy."""
    return any(not _HEALTH_FIELDS.isdisjoint(change) for change in changes)


def _read_machines(
    ids: Sequence[uuid.UUID], seen: Mapping[uuid.UUID, MachineSummary], now: float
) -> dict[uuid.UUID, _SentMachine]:
    if not ids:
        return {}
    return {
        view.machine.id: _SentMachine(
            (summary := seen[view.machine.id]), _SCHEMA.dump(view), now, now, summary.version
        )
        for view in queries.list_by_ids(ids)
    }
