"""SIMULATED machines with many terminals, in a separate process: no program runs in them.

A terminal echoes its input. After `FLOOD`, it prints like a busy agent. Run `python -m
bench.terminals.simulated URL` with the machines as JSON on stdin; it runs until stopped.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from muster.protocol import codec, frames, version
from muster.protocol import terminal as wire

FLOOD = b"\x06"
RATE = 200_000  # bytes per second of a flooding terminal
_CHUNK = 4_000
_BEAT_SECONDS = 5.0
_OPTIONS: dict[str, Any] = {
    "compression": None,
    "ping_interval": None,
    "max_size": codec.MAX_TEXT_CHARS,
}
_LINES = (b"y" * 78 + b"\r\n") * (_CHUNK // 80)

_to_machine: "msgspec.json.Decoder[wire.ToPtyMachine]" = msgspec.json.Decoder(wire.ToPtyMachine)


@dataclass
class Machine:
    """A machine that runs `tasks`, each in its first attempt."""

    url: str
    machine_id: str
    worker_jwt: str
    tasks: list[int]
    _open: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _socket: ClientConnection = field(init=False)

    async def live(self) -> None:
        async with connect(f"{self.url}/api/workers/connect", **_OPTIONS) as socket:
            self._socket = socket
            await socket.send(codec.encode(self._hello()))
            beating = asyncio.create_task(_beat(socket))
            async for message in socket:
                match codec.decode_from_server(message):
                    case frames.OpenTerminal(task_id=task_id, channel_token=token):
                        if task_id not in self._open or self._open[task_id].done():
                            terminal = self._serve(Terminal(self, task_id, token))
                            self._open[task_id] = asyncio.create_task(terminal)
            beating.cancel()

    async def _serve(self, terminal: "Terminal") -> None:
        """Report a closed terminal, as a daemon does, so that the server requests it again."""
        try:
            await terminal.live()
            reason = "closed"
        except (OSError, TimeoutError, InvalidHandshake) as error:
            reason = repr(error)
        print(f"terminal of task {terminal.task_id}: {reason}", file=sys.stderr, flush=True)
        frame = frames.TerminalClosed(task_id=terminal.task_id, attempt=1, reason=reason)
        await self._socket.send(codec.encode(frame))

    def _hello(self) -> frames.Hello:
        held = [
            frames.TrackedAttempt(
                task_id=task_id, attempt=1, stage_index=0, state="working", log_offset=0
            )
            for task_id in self.tasks
        ]
        return frames.Hello(
            protocol=version.CURRENT,
            worker_jwt=self.worker_jwt,
            machine_id=self.machine_id,
            journal_id=self.machine_id,
            version="simulated",
            slots=len(self.tasks),
            capabilities=[frames.Capability(agent_type="claude")],
            attempts=held,
        )


async def _beat(socket: ClientConnection) -> None:
    number = 0
    while True:
        number += 1
        metrics = frames.Metrics(cpu_percent=5.0, disk_percent=40.0)
        await socket.send(codec.encode(frames.Heartbeat(number=number, metrics=metrics)))
        await asyncio.sleep(_BEAT_SECONDS)


@dataclass
class Terminal:
    machine: Machine
    task_id: int
    token: str
    _offset: int = 0
    _socket: ClientConnection = field(init=False)
    _flooding: asyncio.Task[None] | None = None

    async def live(self) -> None:
        address = f"{self.machine.url}/api/workers/pty/{self.task_id}"
        try:
            async with connect(address, **_OPTIONS) as self._socket:
                await self._serve_connection()
        except ConnectionClosed:
            pass
        finally:
            if self._flooding is not None:
                self._flooding.cancel()

    async def _serve_connection(self) -> None:
        jwt = self.machine.worker_jwt
        await self._send_frame(wire.MachineAuth(worker_jwt=jwt, channel_token=self.token))
        await self._socket.recv()
        await self._send_frame(wire.OutputOffset(offset=0))
        await self._send_frame(wire.Resize(cols=80, rows=24))
        async for message in self._socket:
            if isinstance(message, str):
                await self._answer(_to_machine.decode(message))
            elif message == FLOOD:
                self._flooding = asyncio.create_task(self._flood())
            else:
                await self._print(message)

    async def _answer(self, frame: wire.ToPtyMachine) -> None:
        if isinstance(frame, wire.Snapshot):
            screen = wire.Screen(self._offset, cols=80, rows=24, data="$ ", number=frame.number)
            await self._send_frame(screen)

    async def _flood(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._print(_LINES)
            due += _CHUNK / RATE
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def _print(self, data: bytes) -> None:
        self._offset += len(data)
        await self._socket.send(data)

    async def _send_frame(self, frame: wire.TerminalFrame) -> None:
        await self._socket.send(msgspec.json.encode(frame).decode())


async def _live(url: str, machines: list[dict[str, Any]]) -> None:
    await asyncio.gather(*(Machine(url, **machine).live() for machine in machines))


if __name__ == "__main__":
    asyncio.run(_live(f"ws{sys.argv[1].removeprefix('http')}", json.load(sys.stdin)))
