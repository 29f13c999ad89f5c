"""A connection to a shim, usable from any thread."""

import base64
import contextlib
import socket
import threading
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Any

from muster.worker.shim.wire import (
    RUNS,
    SPOKEN,
    Question,
    ShimState,
    StageCommand,
    StageEnd,
    Unpacker,
    command_fields,
    pack,
    shape,
    state_from,
)

PATIENCE = 10.0
"""Seconds for a shim to start, to answer, or to end."""

_UNAWAITED = 0
"""The number of a request for whose answer nobody waits."""


class ShimGone(Exception):
    """The shim has died or ended; what it knew is in its directory."""


class ShimRefused(Exception):
    """The shim would not do what was asked; `code` is `busy`, `lease`, `idle`, `full`, …"""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ShimLink:
    """A connection to a shim. Closing it, or dying with it, does not touch what runs.

    Every request raises ShimGone when the shim is no more, ShimRefused when it would not, and
    TimeoutError when it does not answer.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Says hello on a connected socket. Raises ConnectionError, ShimRefused."""
        self._connection = connection
        self._unpacker = Unpacker()
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._ids = count(1)
        self._answers: dict[int, dict[str, Any] | None] = {}  # None: still to come
        self._watchers: list[Callable[[], None]] = []
        self._gone = False
        self.refused = 0  # hosts that stages were refused since we are connected
        self._version = 0
        self._state = self._greet()
        connection.settimeout(None)
        self._reader = threading.Thread(target=self._listen, name="shim-link", daemon=True)
        self._reader.start()

    # Requests

    def begin(self, stage: StageCommand) -> bool:
        """Starts a stage; False if it, or a later one, was begun before: see `state`."""
        return bool(self._ask("begin", stage=command_fields(stage))["begun"])

    def stop(self, grace: float = 10.0) -> None:
        """TERM for all that runs now, KILL after `grace` seconds; `wait` tells when it is over."""
        self._ask("stop", grace=grace)

    def extend_lease(self, deadline: float) -> None:
        """Boot-time seconds (`clock.boot_seconds`) at which the shim kills what runs."""
        self._ask("lease", deadline=deadline)

    def tell_lease(self, deadline: float) -> None:
        """As `extend_lease`, but waits for nothing.

        Raises BlockingIOError when the shim has not read for so long that nothing more fits.
        """
        if not self._sending.acquire(blocking=False):
            raise BlockingIOError("somebody else is speaking to the shim")
        try:
            message = pack({"id": _UNAWAITED, "do": "lease", "deadline": deadline})
            sent = self._connection.send(message, socket.MSG_DONTWAIT)
            if sent < len(message):  # a unix socket takes so short a message whole, or not at all
                self._connection.sendall(message[sent:])
        except BlockingIOError:
            raise
        except OSError as error:
            raise ShimGone from error
        finally:
            self._sending.release()

    def type(self, data: bytes) -> None:
        self._ask("type", keys=base64.b64encode(data).decode())

    def resize(self, cols: int, rows: int) -> None:
        self._ask("resize", cols=cols, rows=rows)

    def answer(self, number: int, answer: dict[str, Any]) -> None:
        """Passes on `choice` or `input`, or neither, or why nobody was asked (`refused`)."""
        self._ask("answer", number=number, answer=answer)

    def state(self) -> ShimState:
        return state_from(self._ask("state")["state"])

    def quit(self) -> None:
        """Kills what runs, and waits for the shim to end."""
        self._ask("quit")
        with self._changed:
            if not self._changed.wait_for(lambda: self._gone, PATIENCE):
                raise TimeoutError("the shim does not end")
        self.close()

    def close(self) -> None:
        """Disconnects. Not from within a watcher."""
        with contextlib.suppress(OSError):  # the shim was first
            self._connection.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._connection.close()

    # What happens by itself

    @property
    def is_gone(self) -> bool:
        return self._gone

    @property
    def knows_runs(self) -> bool:
        """Not one of an earlier release: it would take a stage's next run for the one before."""
        return self._version >= RUNS

    @property
    def log_end(self) -> int:
        """The log's end, as the shim told it last."""
        return self._state.log_end

    @property
    def question(self) -> Question | None:
        """The latest that what runs has asked, as the shim told it last."""
        return self._state.question

    @property
    def greeted_deadline(self) -> float | None:
        """The end of the lease that the shim had when it was connected to."""
        return self._state.deadline

    def end_of(self, stage_index: int, run: int = 0) -> StageEnd | None:
        """How a run of a stage ended; None until the shim has told."""
        return self._state.end_of(stage_index, run)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Calls, in the connection's own thread, after every change: log, end, or gone.

        A watcher must be quick, and must ask the shim nothing.
        """
        self._watchers.append(watcher)

    def wait(self, stage_index: int, timeout: float, run: int = 0) -> StageEnd | None:
        """How a run of a stage ended; None if not within `timeout` seconds. Raises ShimGone."""
        with self._changed:
            about = (stage_index, run)
            self._changed.wait_for(lambda: self._gone or self.end_of(*about), timeout)
            end = self.end_of(*about)
            if end is None and self._gone:
                raise ShimGone
            return end

    def wait_log(self, beyond: int, timeout: float) -> int:
        """The log's end, at once when it is greater than `beyond`, else after `timeout`."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone or self.log_end > beyond, timeout)
            return self.log_end

    # The connection

    def _ask(self, verb: str, **fields: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._answers[number] = None
        try:
            with self._sending:
                self._connection.sendall(pack({"id": number, "do": verb, **fields}))
            with self._changed:
                self._changed.wait_for(lambda: self._gone or self._answers[number], PATIENCE)
        except OSError as error:
            with self._changed:  # what it said last is heard first
                self._changed.wait_for(lambda: self._gone, PATIENCE)
            raise ShimGone from error
        finally:
            answer = self._answers.pop(number)
        if answer is None:
            raise ShimGone if self._gone else TimeoutError("the shim does not answer")
        return _granted(answer)

    def _greet(self) -> ShimState:
        first, *rest = greet(self._connection, self._unpacker)
        self._version = first["hello"]
        state = state_from(first["state"])
        for message in rest:
            state = _after(state, message)
        return state

    def _listen(self) -> None:
        try:
            while True:
                self._hear(received(self._connection, self._unpacker))
        except (OSError, ValueError):
            with self._changed:
                self._gone = True
                self._changed.notify_all()
            self._call()

    def _hear(self, messages: list[dict[str, Any]]) -> None:
        with self._changed:
            for message in messages:
                # Whoever no longer waits for an answer gets none.
                if message.get("id") in self._answers:
                    self._answers[message["id"]] = message
                self._state = _after(self._state, message)
            self._changed.notify_all()
        self.refused += sum(message.get("refused", 0) for message in messages)
        if any("id" not in message for message in messages):
            self._call()

    def _call(self) -> None:
        for watcher in self._watchers:
            watcher()


def greet(connection: socket.socket, unpacker: Unpacker) -> list[dict[str, Any]]:
    """Says hello to the shim; returns its answer and the messages that came with it.

    Raises OSError, ShimRefused.
    """
    connection.sendall(pack({"hello": SPOKEN}))
    deadline = monotonic() + PATIENCE
    messages: list[dict[str, Any]] = []
    while not messages:
        connection.settimeout(max(0.01, deadline - monotonic()))
        messages = received(connection, unpacker)
    if _granted(messages[0]).get("hello") not in SPOKEN:
        spoken = messages[0].get("hello")
        raise ShimRefused("version", f"it speaks {spoken!r}, we speak {SPOKEN}")
    return messages


def received(connection: socket.socket, unpacker: Unpacker) -> list[dict[str, Any]]:
    """Waits for the shim's next messages. Raises OSError, also when the shim has hung up."""
    if not (data := connection.recv(64 << 10)):
        raise ConnectionResetError
    return unpacker.feed(data)


def _granted(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise ShimRefused(answer["error"], answer["message"])
    return answer


def _after(state: ShimState, notice: dict[str, Any]) -> ShimState:
    if "log" in notice:
        state = state._replace(log_end=notice["log"])
    if "question" in notice:
        state = state._replace(question=shape(Question, notice["question"]))
    if "end" in notice:
        end = shape(StageEnd, notice["end"])
        state = state._replace(ends=(*state.ends, end), log_end=end.log_end, question=None)
    return state
