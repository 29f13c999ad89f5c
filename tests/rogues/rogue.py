"""A machine with good credentials that says what it likes, and comes back when it is hung up on."""

import contextlib
import json
import random
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from muster.protocol import frames
from tests.app.control_channel.simulated_machine import SimulatedMachine

GONE = (ConnectionClosed, InvalidHandshake, OSError, TimeoutError)


class Rogue:
    """`machine` is the simulated one whose credentials it has. `beside` is called every second or
    so: somebody else is to be heard meanwhile."""

    def __init__(self, machine: SimulatedMachine, beside: Callable[[], None]) -> None:
        self.machine = machine
        self._beside, self._beside_at = beside, 0.0
        self.seq = 0
        self.returns = 0
        self.acked = 0

    def connect(self) -> None:
        self.machine.connect()

    def report_frames(self, task_id: int, attempt: int, body: Any) -> dict[str, Any]:
        self.seq += 1
        about = {"seq": self.seq, "taskId": task_id, "attempt": attempt}
        return {"type": "report", **about, "body": body}

    def send_frames(self, messages: Iterable[dict[str, Any] | bytes]) -> None:
        """Each of them, on as many connections as it takes."""
        for frame in messages:
            self._check_witness()
            message = frame if isinstance(frame, bytes) else json.dumps(frame)
            try:
                self.machine.socket.send(message)
                self.read_acks()
            except GONE:
                self.returns += 1
                self.connect()

    def read_acks(self) -> None:
        """Take what has come, or the server would stop listening."""
        while True:
            try:
                message = json.loads(self.machine.socket.recv(timeout=0))
            except TimeoutError:
                return
            if message["type"] == "ack":
                self.acked = message.get("upTo", 0)

    def wait_until_acked(self) -> None:
        """Until what it has reported is acked, which says that none of it blocks the rest."""
        while True:
            self.send_frames([self.report_frames(0, 0, {"kind": "drained"})])
            with contextlib.suppress(ConnectionClosed):  # for what it has said before
                self._await_ack(self.seq)
                return
            self.connect()

    def _await_ack(self, seq: int) -> None:
        deadline = time.monotonic() + 60
        while self.acked < seq:
            self._check_witness()
            with contextlib.suppress(TimeoutError):
                message = json.loads(self.machine.socket.recv(timeout=1))
                if message["type"] == "ack":
                    self.acked = message.get("upTo", 0)
            assert time.monotonic() < deadline, "what it says is not acked"

    def _check_witness(self) -> None:
        if time.monotonic() >= self._beside_at:
            self._beside()
            self._beside_at = time.monotonic() + 1


def small_chunks(rogue: Rogue, data: bytes) -> None:
    """Send bytes on the bare line, under the library; until it is cut, if it is."""
    line: socket.socket = rogue.machine.socket.socket
    with contextlib.suppress(OSError):
        for start in range(0, len(data), 1 << 16):
            line.sendall(data[start : start + (1 << 16)])


def shuffled(bodies: Iterable[Any], seed: int, count: int) -> list[Any]:
    """So many of them, in any order, again and again."""
    chance, known = random.Random(seed), list(bodies)
    return [chance.choice(known) for _ in range(count)]


def every_kind() -> list[type[frames.ReportBody]]:
    return frames.ReportBody.__subclasses__()
