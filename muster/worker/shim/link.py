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
    SUPPORTED_VERSIONS,
    Question,
    ShimState,
    StageCommand,
    StageExit,
    Unpacker,
    command_fields,
    from_fields,
    pack_message,
    parse_state,
)

SHIM_TIMEOUT_SECONDS = 10.0
"""Seconds for a shim to start, to respond, or to exit."""

_STEPS = 10  # of a wait
_NO_ANSWER_ID = 0
"""The ID of requests that get no answer."""


class ShimGone(Exception):
    """The shim has exited; its state is in its directory."""


class ShimRefused(Exception):
    """The shim rejected the request; `code` is `busy`, `lease`, `idle`, `full`, …"""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ShimLink:
    """A connection to a shim. Closing it, or exiting with it, doesn't affect the running stage.

    Every request raises ShimGone if the shim is gone, ShimRefused if it rejects the request, and
    TimeoutError if it doesn't respond.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Say hello on a connected socket. Raises ConnectionError, ShimRefused."""
        self._connection = connection
        self._unpacker = Unpacker()
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._ids = count(1)
        self._answers: dict[int, dict[str, Any] | None] = {}  # None: pending
        self._watchers: list[Callable[[], None]] = []
        self._is_gone = False
        self.on_delta: Callable[[dict[str, Any]], None] = lambda _: None
        """Gets parts of texts in progress, on the connection's own thread; must be fast."""
        self.refused_count = 0  # hosts that stages were refused since the connection
        self.mail_changes = 0  # of people's messages and interrupts since the connection
        self._state = self._handshake()
        connection.settimeout(None)
        self._reader = threading.Thread(target=self._run_reader, name="shim-link", daemon=True)
        self._reader.start()

    # Requests

    def start_stage(self, stage: StageCommand) -> bool:
        """Start a stage; False if it, or a later one, has started before: see `fetch_state`."""
        return bool(self._request("begin", stage=command_fields(stage))["begun"])

    def stop(self, grace: float = 10.0) -> None:
        """Send TERM to everything that runs now, KILL after `grace` seconds; `wait_for_exit`
        returns at the end."""
        self._request("stop", grace=grace)

    def extend_lease(self, deadline: float) -> None:
        """Set the boot-time seconds (`clock.boot_seconds`) at which the shim kills its
        processes."""
        self._request("lease", deadline=deadline)

    def send_lease(self, deadline: float) -> None:
        """Like `extend_lease`, but waits for nothing.

        Raises BlockingIOError if the shim hasn't read for so long that the buffer is full.
        """
        if not self._sending.acquire(blocking=False):
            raise BlockingIOError("another thread is sending to the shim")
        try:
            message = pack_message({"id": _NO_ANSWER_ID, "do": "lease", "deadline": deadline})
            sent = self._connection.send(message, socket.MSG_DONTWAIT)
            if sent < len(
                message
            ):  # a unix socket accepts such a short message completely, or not at all
                self._connection.sendall(message[sent:])
        except BlockingIOError:
            raise
        except OSError as error:
            raise ShimGone from error
        finally:
            self._sending.release()

    def send_input(self, data: bytes) -> None:
        self._request("type", keys=base64.b64encode(data).decode())

    def resize(self, cols: int, rows: int) -> None:
        self._request("resize", cols=cols, rows=rows)

    def answer(self, number: int, answer: dict[str, Any]) -> None:
        """Pass on `choice` or `input`, or neither."""
        self._request("answer", number=number, answer=answer)

    def send_message(self, number: int, text: str, author: str, when: str) -> None:
        """Pass on a person's message to the agent."""
        self._request("message", number=number, text=text, author=author, when=when)

    def send_interrupt(self, number: int, author: str) -> None:
        """Pass on that a person stops the agent's running step."""
        self._request("interrupt", number=number, author=author)

    def open_shell(self) -> int:
        """Start a shell beside the running stage, unless one runs; return its number."""
        return int(self._request("shell")["shell"])

    def fetch_state(self) -> ShimState:
        return parse_state(self._request("state")["state"])

    def quit(self) -> None:
        """Kill what runs, and wait for the shim to exit."""
        self._request("quit")
        if not self._wait_until(lambda: self._is_gone):
            raise TimeoutError("the shim doesn't exit")
        self.close()

    def close(self) -> None:
        """Disconnect. Not from within a watcher."""
        with contextlib.suppress(OSError):  # the shim was first
            self._connection.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._connection.close()

    # Notices

    @property
    def is_gone(self) -> bool:
        return self._is_gone

    @property
    def log_end(self) -> int:
        """The log's end in the shim's last notice."""
        return self._state.log_end

    @property
    def question(self) -> Question | None:
        """The latest question of the stage in the shim's last notice."""
        return self._state.question

    @property
    def initial_deadline(self) -> float | None:
        """The end of the shim's lease at the time of the connection."""
        return self._state.deadline

    def find_exit(self, stage_index: int, run: int = 0) -> StageExit | None:
        """Return how a run of a stage exited; None until the shim has reported it."""
        return self._state.find_exit(stage_index, run)

    def add_watcher(self, watcher: Callable[[], None]) -> None:
        """Call a function, on the connection's own thread, after every change: log, exit, or gone.

        A watcher must be fast, and must send the shim no request.
        """
        self._watchers.append(watcher)

    def wait_for_exit(self, stage_index: int, timeout: float, run: int = 0) -> StageExit | None:
        """Return how a run of a stage exited; None if not within `timeout` seconds. Raises
        ShimGone."""
        with self._changed:
            about = (stage_index, run)
            self._changed.wait_for(lambda: self._is_gone or self.find_exit(*about), timeout)
            end = self.find_exit(*about)
            if end is None and self._is_gone:
                raise ShimGone
            return end

    def wait_for_log(self, beyond: int, timeout: float) -> int:
        """Return the log's end, at once when it is greater than `beyond`, else after `timeout`."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_gone or self.log_end > beyond, timeout)
            return self.log_end

    # The connection

    def _request(self, verb: str, **fields: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._answers[number] = None
        try:
            with self._sending:
                self._connection.sendall(pack_message({"id": number, "do": verb, **fields}))
            self._wait_until(lambda: self._is_gone or self._answers[number] is not None)
        except OSError as error:
            self._wait_until(lambda: self._is_gone)  # its last messages are handled first
            raise ShimGone from error
        finally:
            answer = self._answers.pop(number)
        if answer is None:
            raise ShimGone if self._is_gone else TimeoutError("the shim isn't responding")
        return _require_success(answer)

    def _wait_until(self, is_true: Callable[[], bool]) -> bool:
        """Wait up to `SHIM_TIMEOUT_SECONDS`. Time in which the whole machine is frozen, and its
        shim with it, counts as one step. Returns whether it has become true."""
        with self._changed:
            return any(
                self._changed.wait_for(is_true, SHIM_TIMEOUT_SECONDS / _STEPS)
                for _ in range(_STEPS)
            )

    def _handshake(self) -> ShimState:
        first, *rest = handshake(self._connection, self._unpacker)
        state = parse_state(first["state"])
        for message in rest:
            state = _apply_notice(state, message)
        return state

    def _run_reader(self) -> None:
        try:
            while True:
                self._handle_messages(receive_messages(self._connection, self._unpacker))
        except (OSError, ValueError):
            with self._changed:
                self._is_gone = True
                self._changed.notify_all()
            self._notify_watchers()

    def _handle_messages(self, messages: list[dict[str, Any]]) -> None:
        with self._changed:
            for message in messages:
                # If the caller no longer waits, the answer is dropped.
                if message.get("id") in self._answers:
                    self._answers[message["id"]] = message
                self._state = _apply_notice(self._state, message)
            self._changed.notify_all()
        self.refused_count += sum(message.get("refused", 0) for message in messages)
        self.mail_changes += sum("mail" in message for message in messages)
        for message in messages:
            if "delta" in message:
                self.on_delta(message["delta"])
        if any("id" not in message and "delta" not in message for message in messages):
            self._notify_watchers()

    def _notify_watchers(self) -> None:
        for watcher in self._watchers:
            watcher()


def handshake(connection: socket.socket, unpacker: Unpacker) -> list[dict[str, Any]]:
    """Say hello to the shim; return its answer and the messages that came with it.

    Raises OSError, ShimRefused.
    """
    connection.sendall(pack_message({"hello": SUPPORTED_VERSIONS}))
    deadline = monotonic() + SHIM_TIMEOUT_SECONDS
    messages: list[dict[str, Any]] = []
    while not messages:
        connection.settimeout(max(0.01, deadline - monotonic()))
        messages = receive_messages(connection, unpacker)
    if _require_success(messages[0]).get("hello") not in SUPPORTED_VERSIONS:
        spoken = messages[0].get("hello")
        raise ShimRefused("version", f"its version is {spoken!r}, ours are {SUPPORTED_VERSIONS}")
    return messages


def receive_messages(connection: socket.socket, unpacker: Unpacker) -> list[dict[str, Any]]:
    """Wait for the shim's next messages. Raises OSError, also when the shim has disconnected."""
    if not (data := connection.recv(64 << 10)):
        raise ConnectionResetError
    return unpacker.feed(data)


def _require_success(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise ShimRefused(answer["error"], answer["message"])
    return answer


def _apply_notice(state: ShimState, notice: dict[str, Any]) -> ShimState:
    if "log" in notice:
        state = state._replace(log_end=notice["log"])
    if "question" in notice:
        state = state._replace(question=from_fields(Question, notice["question"]))
    if "end" in notice:
        end = from_fields(StageExit, notice["end"])
        state = state._replace(ends=(*state.ends, end), log_end=end.log_end, question=None)
    return state
