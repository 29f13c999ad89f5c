"""A thousand open terminals on one server, fifty of which print like busy agents.

Machines and viewers are simulated; everything between them is real.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psutil
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

import config
from app.domain.task import TaskStatus
from app.extensions import db
from app.factory import create_app
from app.models import Developer, Project
from app.server_cli.local import admin
from app.services import settings
from app.services.accounts import tokens
from bench.command import Print
from bench.errors import NotMeasured
from bench.figures import Figure, Ratio, Report, latency, percentile
from bench.rig import TASKS, Rig
from bench.terminals.simulated import FLOOD, RATE
from muster.protocol import terminal as wire
from tests.factories import make_attempt, make_machine, make_task

MAX_ECHO_MS = 50.0  # milliseconds
BUSY = 0.05
_PER_MACHINE = 50
_TYPISTS = 10
_PAUSE = 0.05  # seconds between a typist's keys
_BATCH = 25  # terminals opening at once; a token is valid for a minute
_TIMEOUT_SECONDS = 30.0
_SERVERS = ("gunicorn", "valkey", "postgres")

_decoder: "msgspec.json.Decoder[wire.ToViewer]" = msgspec.json.Decoder(wire.ToViewer)


def measure(rig: Rig, number: int, seconds: float, report: Report, say: Print) -> list[Figure]:
    """Raises NotMeasured."""
    say(f"thousand: rows of {number:,} running tasks")
    machines = _running(rig, number)
    argv = [sys.executable, "-m", "bench.terminals.simulated", rig.stack.url]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, text=True) as simulated:
        try:
            assert simulated.stdin is not None
            simulated.stdin.write(json.dumps(machines))
            simulated.stdin.close()
            tasks = [task for machine in machines for task in machine["tasks"]]
            running = {name: rig.stack.processes[name].pid for name in _SERVERS}
            spenders = {**running, "its machines": simulated.pid, "its viewers": os.getpid()}
            return asyncio.run(_Crowd(rig, tasks, spenders, say).measure(seconds, report))
        finally:
            simulated.terminate()


def _running(rig: Rig, number: int) -> list[dict[str, Any]]:
    """Return the input of `bench.terminals.simulated`."""
    rig.add_project("THOUSAND", "claude", "true")
    app = create_app(config.load({**rig.stack.env, "MUSTER_LOG_LEVEL": "WARNING"}))
    found = []
    with app.app_context():
        creator = db.session.scalars(select(Developer).filter_by(name=admin.ADMIN_NAME)).one()
        project = db.session.scalars(select(Project).filter_by(key="THOUSAND")).one()
        limits = {"terminalsPerDeveloper": 10_000, "terminalsPerTask": 10}
        settings.update(creator, limits)
        for begun in range(0, number, _PER_MACHINE):
            machine = make_machine(connected=False, status="offline", slots_total=_PER_MACHINE)
            tasks = []
            for _ in range(begun, min(begun + _PER_MACHINE, number)):
                task = make_task(project=project, creator=creator, status=TaskStatus.RUNNING)
                make_attempt(task, machine)
                tasks.append(task.id)
            jwt = tokens.worker_jwt(machine)[0]
            found.append({"machine_id": str(machine.id), "worker_jwt": jwt, "tasks": tasks})
        db.session.remove()
        db.engine.dispose()
    return found


@dataclass
class _Viewer:
    """A socket and its received data."""

    task_id: int
    came: int = 0
    skipped: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    echo: asyncio.Event = field(default_factory=asyncio.Event)

    async def live(self, url: str, bearer: str, token: str) -> None:
        options: dict[str, Any] = {"compression": None, "ping_interval": None}
        async with connect(f"{url}/ws/pty/{self.task_id}", **options) as self._socket:
            await self._send_frame(wire.ViewerAuth(token=bearer, channel_token=token))
            async for message in self._socket:
                await self._receive(message)

    async def press(self, keys: bytes) -> None:
        await self._socket.send(keys)

    async def _receive(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.came += len(message)
            self.echo.set()
            return
        match _decoder.decode(message):
            case wire.Screen():
                self.ready.set()
            case wire.Gap(start=start, end=end):
                self.skipped += end - start
            case wire.Ping():
                await self._send_frame(wire.Pong())

    async def _send_frame(self, frame: wire.TerminalFrame) -> None:
        await self._socket.send(msgspec.json.encode(frame).decode())


class _Crowd:
    """Viewers, one for each task."""

    def __init__(
        self, rig: Rig, tasks: Sequence[int], spenders: Mapping[str, int], say: Print
    ) -> None:
        """`spenders` are processes by name, whose CPU time is reported."""
        self._rig, self._spenders, self._say = rig, spenders, say
        self._viewers = [_Viewer(task_id) for task_id in tasks]
        self._living: list[asyncio.Task[None]] = []

    async def measure(self, seconds: float, report: Report) -> list[Figure]:
        begun = time.monotonic()
        for start in range(0, len(self._viewers), _BATCH):
            await self._open(self._viewers[start : start + _BATCH])
        number = len(self._viewers)
        self._say(f"thousand: {number:,} terminals open in {time.monotonic() - begun:.0f} s")
        busy = self._viewers[:: round(1 / BUSY)]
        idle = [viewer for viewer in self._viewers if viewer not in busy]
        quiet = await self._type(idle, seconds / 3)
        for viewer in busy:
            await viewer.press(FLOOD)
        before, spent = sum(viewer.came for viewer in busy), _spent(self._spenders)
        echoes = await self._type(idle, seconds)
        rate = (sum(viewer.came for viewer in busy) - before) / seconds / len(busy)
        shares = {
            name: (now - spent[name]) / seconds for name, now in _spent(self._spenders).items()
        }
        gone = [living for living in self._living if living.done()]
        if gone:
            raise NotMeasured(f"{len(gone)} terminals were closed: {gone[0]}")
        for living in self._living:
            living.cancel()
        await asyncio.gather(*self._living, return_exceptions=True)
        skipped = sum(viewer.skipped for viewer in busy)
        report.notes += [
            f"Of the {RATE / 1000:.0f} KB/s that each busy one of {number:,} terminals prints, "
            f"{rate / 1000:.0f} arrived; gaps of {skipped:,} bytes in total.",
            "Processors meanwhile: "
            + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()),
            "",
        ]
        return self._figures(quiet, echoes, len(busy))

    def _figures(self, quiet: list[float], echoes: list[float], busy: int) -> list[Figure]:
        number = len(self._viewers)
        tail = percentile(echoes, 99) * 1000
        ratio = tail / MAX_ECHO_MS
        return [
            Figure(
                f"echo with {number:,} open, {busy} busy: p99",
                tail,
                "ms",
                beside="what it may",
                beside_value=MAX_ECHO_MS,
                ratio=Ratio(ratio, ratio, ratio),
                max_ratio=1.0,
            ),
            latency(f"echo with {number:,} open, {busy} busy", [echoes]),
            latency(f"echo with {number:,} open, none busy", [quiet]),
        ]

    async def _open(self, viewers: Sequence[_Viewer]) -> None:
        session = self._rig.session
        url = f"ws{self._rig.stack.url.removeprefix('http')}"
        for viewer in viewers:
            path = f"{TASKS}/{viewer.task_id}/pty-token"
            answer = await asyncio.to_thread(session.post, path, {"mode": "control"})
            living = viewer.live(url, session.access_token, answer["channelToken"])
            self._living.append(asyncio.create_task(living))
        ready = asyncio.gather(*(viewer.ready.wait() for viewer in viewers))
        try:
            await asyncio.wait_for(ready, _TIMEOUT_SECONDS)
        except TimeoutError:
            blank = [viewer.task_id for viewer in viewers if not viewer.ready.is_set()]
            ends = [repr(living.exception()) for living in self._living if living.done()]
            raise NotMeasured(f"the terminals of tasks {blank} show nothing {ends}") from None

    async def _type(self, viewers: Sequence[_Viewer], seconds: float) -> list[float]:
        """Run typists, each on a part of the terminals; return the seconds of each echo."""
        until = time.monotonic() + seconds
        parts = [viewers[place::_TYPISTS] for place in range(_TYPISTS)]
        found = await asyncio.gather(*(_typist(part, until) for part in parts))
        return [echo for part in found for echo in part]


def _spent(spenders: Mapping[str, int]) -> dict[str, float]:
    """Return CPU seconds by name, including children except our own process's."""
    found = {}
    for name, pid in spenders.items():
        first = psutil.Process(pid)
        family = [first] if pid == os.getpid() else [first, *first.children(recursive=True)]
        times = [process.cpu_times() for process in family]
        found[name] = sum(each.user + each.system for each in times)
    return found


async def _typist(viewers: Sequence[_Viewer], until: float) -> list[float]:
    took = []
    while time.monotonic() < until:
        viewer = random.choice(viewers)
        viewer.echo.clear()
        begun = time.perf_counter()
        try:
            await viewer.press(b"k")
            await asyncio.wait_for(viewer.echo.wait(), _TIMEOUT_SECONDS)
        except (TimeoutError, ConnectionClosed):
            raise NotMeasured(f"no echo in the terminal of task {viewer.task_id}") from None
        took.append(time.perf_counter() - begun)
        await asyncio.sleep(_PAUSE)
    return took
