"""A TCP proxy on the loopback interface that can be told to break the network.

One thread serves all doors. A door is a port that leads to any of several servers; it can refuse,
cut what is open, or swallow one direction or both until it is opened again.
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Coroutine, Sequence
from typing import Any

from app.embedded.ports import LOOPBACK

_CHUNK = 64 << 10
_TIMEOUT_SECONDS = 10.0
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: hang up with a reset, as a broken line does


class Proxy:
    """Doors and the thread behind them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._doors: list[ProxyPort] = []

    def open_port(self, *servers: int) -> "ProxyPort":
        """A door that leads to one of these ports, to another where one refuses."""
        door = ProxyPort(self, servers)
        self._doors.append(door)
        self.do(door.open())
        return door

    def do(self, act: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(act, self._loop).result(_TIMEOUT_SECONDS)

    def close(self) -> None:
        self.do(self._close_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_TIMEOUT_SECONDS)
        self._loop.close()

    async def _close_all(self) -> None:
        for door in self._doors:
            door.shut()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class ProxyPort:
    """One port. Every method may be called from any thread."""

    def __init__(self, proxy: Proxy, servers: Sequence[int]) -> None:
        self._proxy = proxy
        self._servers = servers
        self._refuses = False
        self._flows = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._open: set[asyncio.WriteTransport] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        for flow in self._flows.values():
            flow.set()
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Hang up on all that are connected, with a reset."""
        self._proxy.do(self._cut())

    def refuse(self) -> None:
        """Cut, and let nobody in."""
        self._refuses = True
        self.cut()

    def swallow(self, *directions: str) -> None:
        """Let nothing through `up` (to the server) or `down`; connections stay, new ones come."""
        self._proxy.do(self._stop(directions))

    def heal(self) -> None:
        """What was swallowed arrives now, late."""
        self._refuses = False
        self._proxy.do(self._resume_flows())

    def lead_to(self, *servers: int) -> None:
        """Who comes now is led to one of these, as by a balancer that has noticed something."""
        self._servers = servers

    def shut(self) -> None:
        """For the proxy's own thread."""
        if self._server is not None:
            self._server.close()
        for transport in self._open:
            transport.abort()

    async def _cut(self) -> None:
        for transport in list(self._open):
            _reset(transport)

    async def _stop(self, directions: Sequence[str]) -> None:
        for direction in directions:
            self._flows[direction].clear()

    async def _resume_flows(self) -> None:
        for flow in self._flows.values():
            flow.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            _reset(writer.transport)
            return
        there = await self._connect()
        if there is None:
            _reset(writer.transport)
            return
        ends = (writer.transport, there[1].transport)
        self._open.update(ends)
        pumps = [
            asyncio.ensure_future(self._pump(reader, there[1], "up")),
            asyncio.ensure_future(self._pump(there[0], writer, "down")),
        ]
        try:
            await asyncio.wait(pumps)
        finally:
            for transport in ends:
                transport.abort()
            self._open.difference_update(ends)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """By chance: in turns, who comes with two connections each time would come to the same."""
        for port in random.sample(self._servers, len(self._servers)):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(LOOPBACK, port)
        return None

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str
    ) -> None:
        try:
            while True:
                piece = await reader.read(_CHUNK)
                await self._flows[direction].wait()
                if not piece:
                    writer.write_eof()
                    return
                writer.write(piece)
                await writer.drain()
        except OSError:
            writer.transport.abort()


def _reset(transport: asyncio.BaseTransport) -> None:
    connected: socket.socket | None = transport.get_extra_info("socket")
    if connected is not None:
        with contextlib.suppress(OSError):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
