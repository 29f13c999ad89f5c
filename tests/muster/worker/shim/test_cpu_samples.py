"""How many processors a stage uses is sampled while something runs, and only then."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from muster.worker import processes
from muster.worker.limits.limits import StageLimits
from muster.worker.masking.masker import Masker
from muster.worker.processes import Process
from muster.worker.shim import cpu_samples
from muster.worker.shim.cpu_samples import CpuSamples
from muster.worker.shim.stage_entries import StageEntries, StoredEntry

TICKS = os.sysconf("SC_CLK_TCK")
RUNNING = {"kind": "command", "state": "running"}


class World:
    def __init__(self, groups: Sequence[str] = ()) -> None:
        self._numbers = iter(range(3, 99))
        self.entries = StageEntries(Masker(()), self._store, lambda: None, [])
        self.sent: list[dict[str, Any]] = []
        limits = StageLimits(1 << 30, 64, 64, 1 << 30, groups=[*groups])
        self.samples = CpuSamples(limits, self._living, self.entries, self.sent.append)

    def _store(self, _: Any, __: int, replaced: StoredEntry | None = None) -> StoredEntry:
        return replaced or StoredEntry(next(self._numbers), 0, 0)

    def _living(self) -> list[Process]:
        found = processes.find(os.getpid())
        assert found
        return [found]

    @property
    def shares(self) -> list[str]:
        return [each["text"] for each in self.sent]


def use_ticks(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    """The processes have used so many seconds, at one sample after the other."""
    left = iter(seconds)
    monkeypatch.setattr(cpu_samples, "cpu_ticks", lambda _: next(left) * TICKS)


def test_a_sample_is_the_share_since_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    use_ticks(monkeypatch, 10.0, 11.6, 11.6)
    assert world.samples.next_poll_at() == math.inf
    world.entries.add(RUNNING)
    for now in (50.0, 51.0, 52.0, 54.0):
        world.samples.poll(now)
    assert world.shares == ["0.8", "0.0"]
    assert {(each["kind"], each["entry"]) for each in world.sent} == {("cpu", 3)}
    assert world.samples.next_poll_at() == 56.0


def test_what_was_used_before_an_entry_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    use_ticks(monkeypatch, 10.0, 90.0, 92.0)
    world.entries.add(RUNNING)
    world.samples.poll(50.0)
    world.entries.update({"number": 3, "kind": "command", "state": "done"})
    world.samples.poll(52.0)
    world.entries.add(RUNNING)
    world.samples.poll(90.0)
    assert world.shares == []
    world.samples.poll(92.0)
    assert world.shares == ["1.0"]
    assert world.sent[0]["entry"] == 4


def test_a_control_group_counts_itself(tmp_path: Path) -> None:
    world = World([str(tmp_path / "none"), str(tmp_path)])
    world.entries.add(RUNNING)
    for now, used in ((50.0, 1_000_000), (52.0, 4_000_000)):
        (tmp_path / "cpu.stat").write_text(f"usage_usec {used}\nuser_usec 7\n")
        world.samples.poll(now)
    assert world.shares == ["1.5"]


def test_a_process_counts_with_its_ended_children() -> None:
    world = World()
    [own] = world._living()
    before = processes.cpu_ticks(own)
    if os.fork() == 0:
        deadline = os.times().user + 0.2
        while os.times().user < deadline:
            pass
        os._exit(0)
    os.wait()
    assert processes.cpu_ticks(own) - before >= 0.1 * TICKS
    assert processes.cpu_ticks(own._replace(pid=2**22 + 1)) == 0
