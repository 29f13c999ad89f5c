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
from app.domain.machine import load_is_news
from app.services.machines import queries
from app.services.machines.queries import Glance

PAUSE_SECONDS = 2.0
LOAD_SECONDS = 15.0
"""A machine's load is told no more often, and not where it is about the same."""
MOST_AT_ONCE = 100
"""So many changed machines are read by a look; the others, longest untold first, by the next."""
_UNWELL = frozenset({"status", "connected", "capabilities", "drain"})

Change = Mapping[str, Any]
"""A machine's `id`, and those of its fields, as in the list of machines, that have changed."""

_SCHEMA = MachineSchema()


@dataclass
class _Told:
    """A machine as it was told last; and when, by the monotonic clock."""

    glance: Glance
    fields: dict[str, Any]
    at: float
    load_at: float


@dataclass
class FleetLook:
    """What a look has found: the `changes`, and how things are when these are told."""

    changes: list[Change] = field(default_factory=list)
    told: dict[uuid.UUID, _Told] = field(default_factory=dict)


class FleetWatch:
    """What the streams of this process have been told of machines."""

    def __init__(self) -> None:
        self._told: dict[uuid.UUID, _Told] | None = None
        self._looked_at = 0.0

    def begin(self) -> None:
        """Note how the machines are: who looks from now on reads that in the list. Raises
        SQLAlchemyError.
        """
        if self._told is None:
            now, seen = time.monotonic(), queries.glances()
            self._told = _read(list(seen), seen, now)

    def look(self) -> FleetLook:
        """Look at the machines, if it is time. Raises SQLAlchemyError."""
        self.begin()
        now = time.monotonic()
        if now < self._looked_at + PAUSE_SECONDS:
            return FleetLook()
        self._looked_at = now
        seen = queries.glances()
        due = [id_ for id_, glance in seen.items() if self._is_due(id_, glance, now)]
        due.sort(key=lambda id_: self._told_at(id_))
        found = _read(due[:MOST_AT_ONCE], seen, now)
        look = FleetLook()
        for id_, new in found.items():
            change = self._compare(id_, new)
            look.told[id_] = new
            if change:
                look.changes.append({"id": str(id_), **change})
        return look

    def tell(self, look: FleetLook) -> None:
        """The changes have been told."""
        assert self._told is not None
        self._told |= look.told

    def _is_due(self, id_: uuid.UUID, glance: Glance, now: float) -> bool:
        assert self._told is not None
        told = self._told.get(id_)
        if told is None or told.glance.version != glance.version:
            return True
        return now >= told.load_at + LOAD_SECONDS and load_is_news(told.glance.load, glance.load)

    def _told_at(self, id_: uuid.UUID) -> float:
        assert self._told is not None
        return self._told[id_].at if id_ in self._told else 0.0

    def _compare(self, id_: uuid.UUID, new: _Told) -> Change:
        """What has changed of the machine. Its load stays as it was told where that is no news."""
        assert self._told is not None
        told = self._told.get(id_)
        if told is None:
            return new.fields
        tells_load = new.at >= told.load_at + LOAD_SECONDS
        if not (tells_load and load_is_news(told.glance.load, new.glance.load)):
            new.glance = Glance(new.glance.version, told.glance.load)
            new.fields["metrics"], new.load_at = told.fields["metrics"], told.load_at
        return {
            name: value
            for name, value in new.fields.items()
            if name != "lastSeenAt" and value != told.fields.get(name)
        }


def is_of_health(changes: Sequence[Change]) -> bool:
    """Whether a machine may have become unwell, or well."""
    return any(not _UNWELL.isdisjoint(change) for change in changes)


def _read(
    ids: Sequence[uuid.UUID], seen: Mapping[uuid.UUID, Glance], now: float
) -> dict[uuid.UUID, _Told]:
    if not ids:
        return {}
    return {
        view.machine.id: _Told(seen[view.machine.id], _SCHEMA.dump(view), now, now)
        for view in queries.some(ids)
    }
