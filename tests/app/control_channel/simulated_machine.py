"""A SIMULATED machine on a real control channel: it talks as a worker does, and runs nothing.

Every frame in either direction passes through `muster.protocol.codec`, so that invalid frames are
detected at once. One thread uses it. Frames that a wait skipped stay in `inbox`, in order, except
acks: `acked` and `stored` have their positions.

    machine = SimulatedMachine(url, str(row.id), jwt)
    welcome = machine.connect()
    order = machine.until(frames.RunStage)
    machine.say(order, frames.Accepted(), frames.StageStarted(stage_index=0))
"""

import json
import time
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Self, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from muster.protocol import codec, frames, version
from muster.protocol.attempt_key import AttemptKey

F = TypeVar("F", bound=frames.Frame)
T = TypeVar("T")
LIMIT = 10.0  # seconds after which something that should happen is taken not to
COMMIT, TREE = "c0ffee" + "0" * 34, "7" * 40


class SimulatedMachine:
    """The machine's end. `journal_id` and the reports' numbers outlive its connections."""

    def __init__(
        self,
        url: str,
        machine_id: str,
        worker_jwt: str,
        *,
        slots: int = 2,
        agents: Sequence[str] = ("claude",),
        repositories: Sequence[str] = (),
    ) -> None:
        self.url, self.machine_id, self.worker_jwt = url, machine_id, worker_jwt
        self.slots = slots
        self.capabilities = [frames.Capability(agent_type=agent) for agent in agents]
        self.repositories = list(repositories)
        self.journal_id = uuid.uuid4().hex
        self.seq = 0
        self.beats = 0
        self.inbox: list[frames.FromServer] = []
        self.acked = 0  # reports up to this one
        self.stored: dict[AttemptKey, int] = {}  # (task id, attempt): log bytes
        self._socket: ClientConnection | None = None
        self._opened = ExitStack()

    @classmethod
    def enroll(cls, url: str, token: str, *, name: str = "simulated", slots: int = 2) -> Self:
        """A machine that registers over HTTP with an enrollment token."""
        machine_id = str(uuid.uuid4())
        body = {"machineId": machine_id, "token": token, "name": name, "slots": slots}
        request = urllib.request.Request(
            f"{url}/api/workers/register",
            json.dumps({**body, "capabilities": ["claude"], "hardware": {}}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return cls(url, machine_id, json.load(answer)["workerJwt"], slots=slots)

    # ---- connections ---------------------------------------------------------------------------

    def dial(self, **options: Any) -> None:
        """Open the socket and say nothing. `options` are those of `websockets`."""
        address = f"ws{self.url.removeprefix('http')}/api/workers/connect"
        self.disconnect()
        self.inbox.clear()
        settings = {"compression": None, "ping_interval": None, "close_timeout": 1.0, **options}
        dialled = connect(address, max_size=codec.MAX_TEXT_CHARS, **settings)
        self._socket = self._opened.enter_context(dialled)

    def connect(self, *held: frames.TrackedAttempt) -> frames.Welcome:
        """Open the socket, say hello and hear the welcome."""
        self.dial()
        self.send(self.hello(*held))
        return self.wait_for(frames.Welcome)

    def hello(self, *held: frames.TrackedAttempt) -> frames.Hello:
        return frames.Hello(
            protocol=version.CURRENT,
            worker_jwt=self.worker_jwt,
            machine_id=self.machine_id,
            journal_id=self.journal_id,
            version="simulated",
            slots=self.slots,
            capabilities=self.capabilities,
            repositories=self.repositories,
            attempts=list(held),
            checks_commits=True,
            checks_repositories=True,
        )

    def disconnect(self) -> None:
        self._opened.close()
        self._socket = None

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None, "the machine is not connected"
        return self._socket

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()

    # ---- what it says --------------------------------------------------------------------------

    def send(self, frame: frames.Frame | frames.Log) -> None:
        """Send a frame that the server's own decoder takes for the same."""
        message = codec.encode_log(frame) if isinstance(frame, frames.Log) else codec.encode(frame)
        assert codec.decode_from_machine(message) == frame
        self.socket.send(message)

    def report(self, about: Any, *bodies: frames.Body) -> int:
        """Report on an attempt (anything with `task_id` and `attempt`); the last report's seq."""
        for body in bodies:
            self.seq += 1
            self.send(
                frames.Report(seq=self.seq, task_id=about.task_id, attempt=about.attempt, body=body)
            )
        return self.seq

    def write(
        self, about: Any, data: bytes, offset: int = 0, stage: int = 0, milliseconds: int = 0
    ) -> int:
        """Send log bytes in frames as large as allowed; the offset behind them."""
        for start in range(0, len(data), codec.MAX_DATA_BYTES):
            piece = data[start : start + codec.MAX_DATA_BYTES]
            at = offset + start
            self.send(frames.Log(about.task_id, about.attempt, stage, at, milliseconds, piece))
        return offset + len(data)

    def publish(self, about: Any, diff: frames.DiffStat, commit: str = COMMIT) -> None:
        """Push as it is ordered: announce the commit, then report it as pushed."""
        asked = self.wait_for(frames.Publish, lambda push: push.task_id == about.task_id)
        follows = frames.Revision("0" * 40, TREE)
        self.report(about, frames.PublishPreview(asked.number, commit, TREE, follows))
        push = self.wait_for(frames.Publish, lambda push: push.task_id == about.task_id)
        moved = push.onto and frames.BranchMove(push.onto.name)
        branch = f"muster/{about.task_id}-{about.attempt}"
        self.report(about, frames.Published(branch, commit, diff, moved, TREE))

    def beat(self, **facts: Any) -> int:
        """Send a heartbeat; its number."""
        self.beats += 1
        self.send(frames.Heartbeat(number=self.beats, **facts))
        return self.beats

    # ---- what it hears -------------------------------------------------------------------------

    def wait_for(
        self,
        kind: type[F],
        where: Callable[[F], bool] = lambda frame: True,
        limit: float = LIMIT,
    ) -> F:
        """The first frame of that kind for which `where` holds. Raises TimeoutError."""
        seen = 0

        def found() -> F | None:
            nonlocal seen
            for place, frame in enumerate(self.inbox[seen:], seen):
                if isinstance(frame, kind) and where(frame):
                    return self.inbox.pop(place)  # type: ignore[return-value]
            seen = len(self.inbox)
            return None

        return self._receive_until(found, limit, kind.__name__)

    def wait_until_acked(self, seq: int | None = None, limit: float = LIMIT) -> None:
        """Until the report of that number, by default the last one, has been stored."""
        wanted = self.seq if seq is None else seq
        self._receive_until(lambda: self.acked >= wanted, limit, f"ack of report {wanted}")

    def wait_until_stored(self, about: Any, end: int, limit: float = LIMIT) -> None:
        """Until the attempt's log has been stored up to there."""
        key = AttemptKey.from_object(about)
        self._receive_until(lambda: self.stored.get(key, 0) >= end, limit, f"ack of byte {end}")

    def receives_nothing(self, kind: type[frames.Frame], seconds: float) -> bool:
        """Whether no such frame comes for so long."""
        try:
            self.wait_for(kind, limit=seconds)
        except TimeoutError:
            return True
        return False

    def close_code(self, limit: float = LIMIT) -> int:
        """The code with which the server hangs up."""
        deadline = time.monotonic() + limit
        try:
            while True:
                self._receive(deadline - time.monotonic())
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    def _receive_until(self, found: Callable[[], T], limit: float, what: str) -> T:
        deadline = time.monotonic() + limit
        while not (result := found()):
            try:
                self._receive(deadline - time.monotonic())
            except TimeoutError:
                heard = [type(frame).__name__ for frame in self.inbox]
                raise TimeoutError(f"no {what} in {limit} s, but {heard}") from None
        return result

    def _receive(self, seconds: float) -> None:
        frame = codec.decode_from_server(self.socket.recv(timeout=max(seconds, 0.001)))
        if isinstance(frame, frames.Ack):
            assert frame.up_to >= self.acked
            self.acked = frame.up_to
            self.stored |= {AttemptKey.from_object(log): log.offset for log in frame.logs}
        else:
            self.inbox.append(frame)
