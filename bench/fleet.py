"""Many SIMULATED machines in one thread: each has a real control channel, but runs nothing.

It uses asyncio, because two thousand threads would distort the figures. Tasks are reported as
finished at once.
"""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.errors import NotMeasured
from muster.protocol import codec, frames, version

BEAT_SECONDS = 10.0
_AT_ONCE = 40  # connections opening at once
_TIMEOUT_SECONDS = 300.0
_REVISION = "0" * 40, "0" * 40  # commit and tree


@dataclass(frozen=True)
class Credential:
    machine_id: str
    worker_jwt: str


@dataclass
class Seen:
    """The fleet's observations. Times are Unix times; `beats` are seconds from heartbeat to ack."""

    beats: list[float] = field(default_factory=list)
    ordered: dict[int, float] = field(default_factory=dict)  # task ID → arrival of its order
    tasks: Counter[str] = field(default_factory=Counter)  # machine ID → number of its tasks
    lost: int = 0  # connections that ended unexpectedly


class Fleet:
    """Machines that connect when added and stay until `close`."""

    def __init__(self, url: str) -> None:
        self.seen = Seen()
        self._address = f"ws{url.removeprefix('http')}/api/workers/connect"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._machines: list[asyncio.Task[None]] = []

    def add(self, credentials: Sequence[Credential]) -> None:
        """Connect all machines; return once each has its welcome. Raises NotMeasured."""
        future = asyncio.run_coroutine_threadsafe(self._add(credentials), self._loop)
        try:
            future.result(_TIMEOUT_SECONDS)
        except TimeoutError:
            raise NotMeasured(
                f"not all machines got a welcome in {_TIMEOUT_SECONDS:.0f} s"
            ) from None

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_TIMEOUT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _add(self, credentials: Sequence[Credential]) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)
        welcomes = [asyncio.Event() for _ in credentials]
        for credential, welcomed in zip(credentials, welcomes, strict=True):
            machine = _Machine(self.seen, self._address, credential, welcomed)
            self._machines.append(self._loop.create_task(machine.live(gate)))
        await asyncio.gather(*(welcomed.wait() for welcomed in welcomes))

    async def _close(self) -> None:
        for machine in self._machines:
            machine.cancel()
        await asyncio.gather(*self._machines, return_exceptions=True)


class _Machine:
    def __init__(
        self, seen: Seen, address: str, credential: Credential, welcomed: asyncio.Event
    ) -> None:
        self._seen, self._address, self._credential = seen, address, credential
        self._welcomed = welcomed
        self._seq = self._number = 0
        self._sent: dict[int, float] = {}  # unanswered heartbeats
        self._socket: ClientConnection

    async def live(self, gate: asyncio.Semaphore) -> None:
        """Connect, and reconnect after each disconnect, as a daemon does."""
        while True:
            try:
                async with gate:
                    await self._connect()
                await self._receive_all()
            except (ConnectionClosed, OSError):
                pass
            self._seen.lost += 1
            await asyncio.sleep(random.uniform(0.5, 2))

    async def _connect(self) -> None:
        self._socket = await connect(
            self._address, compression=None, ping_interval=None, max_size=codec.MAX_TEXT_CHARS
        )
        await self._send(self._hello())
        while not isinstance(codec.decode_from_server(await self._socket.recv()), frames.Welcome):
            pass
        self._welcomed.set()

    async def _receive_all(self) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            async for message in self._socket:
                await self._receive(codec.decode_from_server(message))
        finally:
            beating.cancel()
            with suppress(Exception):
                await self._socket.close()

    def _hello(self) -> frames.Hello:
        return frames.Hello(
            protocol=version.CURRENT,
            worker_jwt=self._credential.worker_jwt,
            machine_id=self._credential.machine_id,
            journal_id=self._credential.machine_id,
            version="simulated",
            capabilities=[frames.Capability(agent_type="claude")],
        )

    async def _beat(self) -> None:
        self._sent.clear()
        await asyncio.sleep(random.uniform(0, BEAT_SECONDS))  # spread heartbeats over the interval
        while True:
            self._number += 1
            number = self._number
            metrics = frames.Metrics(cpu_percent=random.uniform(1, 9), disk_percent=40.0)
            self._sent[number] = time.perf_counter()
            await self._send(frames.Heartbeat(number=number, metrics=metrics))
            await asyncio.sleep(BEAT_SECONDS)

    async def _receive(self, frame: frames.FromServer) -> None:
        match frame:
            case frames.HeartbeatAck(number=number) if number in self._sent:
                self._seen.beats.append(time.perf_counter() - self._sent.pop(number))
            case frames.RunStage():
                self._seen.ordered[frame.task_id] = time.time()
                self._seen.tasks[self._credential.machine_id] += 1
                ended = frames.StageFinished(stage_index=0, log_end=0, how="exit")
                await self._report(
                    frame, frames.Accepted(), frames.StageStarted(stage_index=0), ended
                )
            case frames.Publish(announce=True):
                preview = frames.PublishPreview(
                    frame.number, *_REVISION, frames.Revision(*_REVISION)
                )
                await self._report(frame, preview)
            case frames.Publish():
                branch, (commit, tree) = f"muster/{frame.task_id}-{frame.attempt}", _REVISION
                moved = frame.onto and frames.BranchMove(frame.onto.name)
                published = frames.Published(branch, commit, frames.DiffStat(), moved, tree)
                await self._report(frame, published)
            case frames.Stop() | frames.Stale():
                await self._report(frame, frames.Stopped())
            case frames.Forget():
                await self._report(frame, frames.WorkspaceFacts("removed"))

    async def _report(
        self,
        about: frames.RunStage | frames.Publish | frames.Stop | frames.Stale | frames.Forget,
        *bodies: frames.Body,
    ) -> None:
        for body in bodies:
            self._seq += 1
            await self._send(frames.Report(self._seq, about.task_id, about.attempt, body))

    async def _send(self, frame: frames.Frame) -> None:
        await self._socket.send(codec.encode(frame))
