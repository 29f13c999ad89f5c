"""Entries that run change in place, within limits, and all of them end."""

from typing import Any

import pytest

from muster.worker.masking.masker import Masker
from muster.worker.shim import stage_entries
from muster.worker.shim.stage_entries import StageEntries, StoredEntry


class World:
    def __init__(self) -> None:
        self.lines: list[tuple[int, dict[str, Any]]] = []
        self.entries = StageEntries(Masker([b"hush-hush"]), self._store, lambda: None, [])

    def _store(
        self, entry: dict[str, Any], pending: int, replaced: StoredEntry | None = None
    ) -> StoredEntry:
        count = len({number for number, _ in self.lines})
        stored = replaced or StoredEntry(count, 7, 100)
        self.lines.append((stored.number, entry))
        return stored

    def add(self, **fields: Any) -> dict[str, Any]:
        return self.entries.add({"kind": "command", "title": "make", **fields})

    def update(self, number: Any, state: str | None = "done", **fields: Any) -> dict[str, Any]:
        change = {"kind": "command", "title": "make", "number": number, "state": state}
        return self.entries.update({**change, **fields})

    def states(self) -> list[tuple[int, str | None]]:
        return [(number, entry.get("state")) for number, entry in self.lines]


def test_an_entry_changes_until_it_ends() -> None:
    world = World()
    assert world.add(state="running") == {"ok": 100, "number": 0}
    world.update(0, "running", title="make hush-hush")
    assert world.update(0, "failed") == {"ok": 100, "number": 0}
    assert world.states() == [(0, "running"), (0, "running"), (0, "failed")]
    assert world.lines[1][1]["title"] == "make ********"
    with pytest.raises(ValueError, match="running"):
        world.update(0, "done")


@pytest.mark.parametrize("number", [1, -1, None, "0", 0.0, False])
def test_only_a_running_entry_changes(number: Any) -> None:
    world = World()
    world.add(state="running")
    with pytest.raises(ValueError, match="running"):
        world.update(number)
    with pytest.raises(ValueError, match="state"):
        world.update(0, "dancing")
    with pytest.raises(ValueError, match="running"):
        world.update(0, None)
    assert world.states() == [(0, "running")]


def test_what_runs_at_the_end_is_stopped() -> None:
    world = World()
    for state in ("running", "running", None, "done"):
        world.add(state=state)
    world.update(1)
    world.entries.stop_running()
    world.entries.stop_running()
    assert world.states()[5:] == [(0, "stopped")]


def test_the_end_is_stored_after_too_many_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_entries, "_MAX_UPDATES", 2)
    world = World()
    world.add(state="running")
    for _ in range(2):
        world.update(0, "running")
    with pytest.raises(ValueError, match="too many"):
        world.update(0, "running")
    world.update(0, "done")
    assert world.states()[-1] == (0, "done")


def test_the_number_of_running_entries_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_entries, "_MAX_RUNNING", 2)
    world = World()
    for _ in range(2):
        world.add(state="running")
    with pytest.raises(ValueError, match="too many"):
        world.add(state="running")
    world.add(state="done")
    world.update(0)
    world.add(state="running")
