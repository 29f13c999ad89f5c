"""A soak from start to verdicts: crowd, warm-up, quiet, filling, load, quiet."""

import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app import job_names
from app.embedded.ports import LOOPBACK
from bench.command import Print
from bench.errors import NotMeasured
from bench.soak.sampler import Sample, Sampler
from bench.soak.verdicts import Line, Verdict, judge
from bench.soak.workload import Workload
from tests.chaos.client import wait_until
from tests.chaos.collect import Collector
from tests.chaos.world import World

WARM_UP, FILLING, LIFE = "warm-up", "filling", "life"
QUIET_BEFORE, QUIET_AFTER = "quiet before", "quiet after"
# Short retention times, so that leaks show within minutes.
_SETTINGS = {
    "MUSTER_WORKSPACE_SECONDS": "15",
    "MUSTER_REFRESH_SECONDS": "60",
    # A long lease: a soak doesn't test silent machines.
    "MUSTER_SILENCE_SECONDS": "15",
    "MUSTER_LEASE_SECONDS": "60",
}
_KEPT_HOURS = 72  # by which to age rows: more than their retention
_FULL = 100.0  # seconds after which machines delete as much as they create
_ONLINE = 60.0
_COLLECTED = 180.0  # seconds for ended tasks' remains to be deleted
_REST = 12.0  # seconds for idle connections to close
_QUIET_SAMPLES = 5
_CROWD, _LOOKS = 64, 20
_QUIET_PAUSE = 3.0


@dataclass
class Record:
    """All samples of a soak: time, phase, values."""

    samples: list[tuple[float, str, Sample]] = field(default_factory=list)

    def lines(self) -> list[Line]:
        """Return the lines in order of first appearance."""
        return list(dict.fromkeys(line for _, _, sample in self.samples for line in sample))

    def points(self, line: Line, phase: str | None = None) -> list[tuple[float, float]]:
        """Return a line's values; a line missing in a sample is 0."""
        return [
            (at, sample.get(line, 0.0))
            for at, when, sample in self.samples
            if phase in (None, when)
        ]

    def spans(self) -> list[tuple[str, float, float]]:
        """Return the start and end of each phase."""
        phases = dict.fromkeys(when for _, when, _ in self.samples)
        at = {phase: [t for t, when, _ in self.samples if when == phase] for phase in phases}
        return [(phase, times[0], times[-1]) for phase, times in at.items()]

    def verdicts(self) -> list[Verdict]:
        return [
            judge(line, *(self.points(line, phase) for phase in (QUIET_BEFORE, LIFE, QUIET_AFTER)))
            for line in self.lines()
        ]


def soak(minutes: float, warm_up: float, every: float, seed: int, say: Print) -> Record:
    """Run `minutes` of load after `warm_up` minutes of it, sampled every `every` seconds.

    Raises EmbeddedError, NotMeasured.
    """
    with tempfile.TemporaryDirectory(prefix="muster-soak-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # attempts' own users need access
        with World(directory, say, _SETTINGS) as world:
            return _Soak(world, every, seed, say).play(minutes, warm_up)


class _Soak:
    def __init__(self, world: World, every: float, seed: int, say: Print) -> None:
        self._world, self._every, self._seed, self._say = world, every, seed, say
        self._collector = Collector(world)
        self._record = Record()
        self._began = time.monotonic()

    def play(self, minutes: float, warm_up: float) -> Record:
        if not wait_until(self._collector.are_at_rest, _ONLINE):
            raise NotMeasured("the machines aren't online")
        self._sampler = Sampler(self._world)
        try:
            self._run_crowd_phase()
            self._run_workload_phase(self._seed, {WARM_UP: 60 * warm_up})
            self._run_quiet_phase(QUIET_BEFORE)
            self._run_workload_phase(self._seed + 1, {FILLING: _FULL, LIFE: 60 * minutes})
            self._run_quiet_phase(QUIET_AFTER)
        finally:
            self._sampler.close()
        return self._record

    def _run_workload_phase(self, seed: int, phases: Mapping[str, float]) -> None:
        """Run these phases, each for that many seconds, then wait until all tasks have ended."""
        self._say(", then ".join(f"{name} for {s:.0f} s" for name, s in phases.items()))
        with Workload(self._world, seed, tasks=100 + int(4 * sum(phases.values()))) as life:
            for phase, seconds in phases.items():
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    begun = time.monotonic()
                    self._sample(phase, f"{life.tasks} tasks")
                    time.sleep(max(0.0, begun + self._every - time.monotonic()))
            have_ended = life.end()
        totals = [f"{count} {what}" for what, count in sorted(life.told.items())]
        self._say(", ".join([f"over: {life.tasks} tasks", *totals]))
        if not have_ended:
            raise NotMeasured("some tasks haven't ended")

    def _run_crowd_phase(self) -> None:
        """Open many connections at once. Connections are opened on demand and kept, so a later
        random peak would look like a leak. Runs before the warm-up, because each connection's
        backend caches query plans."""
        self._say(f"{_CROWD} concurrent viewers")
        ports = self._world.ports
        token = next(iter(self._world.tokens.values()))

        def browse(number: int) -> None:
            headers = {"Authorization": f"Bearer {token}"}
            url = f"http://{LOOPBACK}:{ports[number % len(ports)]}"
            with httpx.Client(base_url=url, headers=headers, timeout=60.0) as client:
                for _ in range(_LOOKS):
                    client.get("/api/web/search", params={"q": "task"}).raise_for_status()
                    client.get("/readyz")  # this request needs Redis

        with ThreadPoolExecutor(_CROWD) as people:
            list(people.map(browse, range(_CROWD)))

    def _run_quiet_phase(self, phase: str) -> None:
        """Sample after everything temporary is gone."""
        self._say(f"{phase}: waiting until all is collected")
        collected = wait_until(
            lambda: self._collector.are_at_rest() and not self._sampler.left_on_machines(),
            _COLLECTED,
        )
        if not collected:
            self._say("the machines still have attempts")
        self._sampler.age(_KEPT_HOURS)
        celery = (sys.executable, "-m", "celery", "-A", "celery_worker", "call")
        self._world.stack.run("sweep", [*celery, job_names.SWEEP_RETENTION])
        time.sleep(_REST)
        for _ in range(_QUIET_SAMPLES):
            self._sample(phase, "quiet")
            time.sleep(_QUIET_PAUSE)

    def _sample(self, phase: str, detail: str) -> None:
        self._world.stack.check()
        sample = self._sampler.sample()
        self._record.samples.append((time.monotonic() - self._began, phase, sample))
        memory = sum(value for line, value in sample.items() if line.name.endswith(": memory"))
        count = sample[next(line for line in sample if line.name == "processes")]
        self._say(f"{phase}: {detail}, {count:.0f} processes, {memory / 1024:.0f} MiB")
