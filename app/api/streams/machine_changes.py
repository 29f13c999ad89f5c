"""What of the machines has changed, for all streams of a process by one small query.

Machines have no history to be read from where one was, and heartbeats are many: so they are looked
at again and again, at most every PAUSE_SECONDS, and compared with what was told last.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.api.schemas.machines import MachineSchema
from app.domain.machine import is_load_change
from app.services.machines import queries
from app.services.machines.queries import MachineSummary

POLL_SECONDS = 2.0
LOAD_UPDATE_SECONDS = 15.0
"""A machine's load is told no more often, and not where it is about the same."""
MAX_MACHINES_PER_POLL = 100
"""So many changed machines are read by a look; the others, longest untold first, by the next."""
_HEALTH_FIELDS = frozenset({"status", "connected", "capabilities", "drain"})

MachineDelta = Mapping[str, Any]
"""A machine's `id`, and those of its fields, as in the list of machines, that have changed."""

_SCHEMA = MachineSchema()


@dataclass
class _SentMachine:
    """A machine as it was told last; and when, by the monotonic clock."""

    summary: MachineSummary
    fields: dict[str, Any]
    sent_at: float
    load_sent_at: float


@dataclass
class MachinePoll:
    """What a look has found: the `changes`, and how things are when these are told."""

    changes: list[MachineDelta] = field(default_factory=list)
    sent: dict[uuid.UUID, _SentMachine] = field(default_factory=dict)


class MachineWatcher:
    """What the streams of this process have been told of machines."""

    def __init__(self) -> None:
        self._sent: dict[uuid.UUID, _SentMachine] | None = None
        self._polled_at = 0.0

    def start(self) -> None:
        """Note how the machines are: who looks from now on reads that in the list. Raises
        SQLAlchemyError.
        """
        if self._sent is None:
            now, seen = time.monotonic(), queries.list_summaries()
            self._sent = _read_machines(list(seen), seen, now)

    def poll(self) -> MachinePoll:
        """Look at the machines, if it is time. Raises SQLAlchemyError."""
        self.start()
        now = time.monotonic()
        if now < self._polled_at + POLL_SECONDS:
            return MachinePoll()
        self._polled_at = now
        seen = queries.list_summaries()
        due = [id_ for id_, glance in seen.items() if self._is_due(id_, glance, now)]
        due.sort(key=lambda id_: self._sent_at(id_))
        found = _read_machines(due[:MAX_MACHINES_PER_POLL], seen, now)
        look = MachinePoll()
        for id_, new in found.items():
            change = self._diff(id_, new)
            look.sent[id_] = new
            if change:
                look.changes.append({"id": str(id_), **change})
        return look

    def mark_sent(self, look: MachinePoll) -> None:
        """The changes have been told."""
        assert self._sent is not None
        self._sent |= look.sent

    def _is_due(self, id_: uuid.UUID, glance: MachineSummary, now: float) -> bool:
        assert self._sent is not None
        sent = self._sent.get(id_)
        if sent is None or sent.summary.version != glance.version:
            return True
        return now >= sent.load_sent_at + LOAD_UPDATE_SECONDS and is_load_change(
            sent.summary.load, glance.load
        )

    def _sent_at(self, id_: uuid.UUID) -> float:
        assert self._sent is not None
        return self._sent[id_].sent_at if id_ in self._sent else 0.0

    def _diff(self, id_: uuid.UUID, new: _SentMachine) -> MachineDelta:
        """What has changed of the machine. Its load stays as it was told where that is no news."""
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
    """Whether a machine may have become unwell, or well."""
    return any(not _HEALTH_FIELDS.isdisjoint(change) for change in changes)


def _read_machines(
    ids: Sequence[uuid.UUID], seen: Mapping[uuid.UUID, MachineSummary], now: float
) -> dict[uuid.UUID, _SentMachine]:
    if not ids:
        return {}
    return {
        view.machine.id: _SentMachine(seen[view.machine.id], _SCHEMA.dump(view), now, now)
        for view in queries.list_by_ids(ids)
    }
