"""The protocol between a daemon and a shim, on a unix socket in the attempt's directory.

Each message is a length (four bytes, big-endian) and a JSON object; bytes are sent as base64. The
daemon starts with `{"hello": [versions]}`; the shim answers `{"hello": version, "state": …}` with
the highest common version, or an error, and closes. Then the daemon sends requests `{"id": n, "do":
verb, …}` and each is answered by `{"id": n, …}`, with `error` and `message` if rejected.
Unsolicited, the shim sends `{"log": offset}` when the log has grown and `{"end": …}` when a stage
has exited, `{"size": [cols, rows]}` when the terminal was resized, `{"transcript": count}` when
the transcript has more lines, `{"question": …}` when the stage's command asks a person, gets an
answer, or withdraws the question, and `{"mail": true}` when people's messages, or an interrupt,
have changed (`shim.messages`). `{"delta": {stage, run, kind, entry, offset, text}}` is a part of a
text in progress; it may be lost. `{"do": "listen", "beyond": offset}`, which has no answer,
requests one notice once the log is longer than that, and turns off the others; with `"pieces": n` a
short growth is sent with its bytes, as `{"log": offset, "bytes": …}`, and so are the next, up to n
of them. `{"do": "shell"}` starts a shell beside the stage, unless one runs, and is answered by its
number: its directory, `shell-<number>`, has a socket that speaks the same, with `type`, `resize`
and `listen`, and sends `{"ended": reason}`. Unknown fields are ignored.
"""

import contextlib
import errno
import json
import os
import socket
import struct
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from muster.worker.limits.limits import StageLimits

VERSION = 3
SUPPORTED_VERSIONS = (VERSION,)
"""Our own version and the previous one, so that upgrading the daemon doesn't end shims. There was
no release before this version.
"""

SOCKET = "shim.sock"
MAX_MESSAGE_BYTES = 16 << 20

StrPath = str | os.PathLike[str]
"""Importing pathlib would add a tenth to the shim's startup time."""

_LENGTH = struct.Struct("!I")
_Shape = TypeVar("_Shape")


class StageCommand(NamedTuple):
    """The command to run. The environment is complete: nothing is inherited. Times in seconds.

    `run` counts the stage's processes. Without a uid the stage runs as the shim's user; `grace` is
    the time between TERM and KILL. `room` is the command that creates its sandbox and runs an init
    in it (`sandbox.init`), which runs `argv`. `network` lists the hosts that a sandbox without a
    network can reach through a proxy; None: it has one. With `channel` the command can report to
    the shim (`shim.channel`), and reply in these `threads` of a review; `messages`: it takes
    people's messages there.
    """

    stage_index: int
    argv: list[str]
    env: dict[str, str]
    cwd: str
    timeout: float
    uid: int | None = None
    gid: int | None = None
    cols: int = 80
    rows: int = 24
    secrets: list[str] = []
    grace: float = 10.0
    room: list[str] = []
    network: list[str] | None = None
    limits: StageLimits | None = None
    run: int = 0
    channel: bool = False
    threads: list[int] = []
    messages: bool = False


class StageExit(NamedTuple):
    """How a stage exited.

    `how` is `exit` (`code` is the status), `signal` (its number), `timeout`, `stopped`, `lease`
    (`code` is the process's exit, a signal as 128 + n), `limit` (`code` the same; `message` is a
    code such as `memory_exceeded`, a space and a sentence), or `failed`: it couldn't start, `code`
    is the errno and `message` starts with the errno's name. `log_end` is the offset after the
    stage's last byte; times are wall-clock milliseconds. `facts` come from the command over its
    channel, and are as untrusted as its output.
    """

    stage_index: int
    how: str
    code: int
    message: str
    log_end: int
    started_at_ms: int
    ended_at_ms: int
    facts: dict[str, Any] = {}
    run: int = 0


def failed_start_exit(command: StageCommand, error: OSError, now_ms: int) -> StageExit:
    """Return the exit of a stage that couldn't even start."""
    code = error.errno or 0
    message = f"{errno.errorcode.get(code, 'EIO')} begin: {error.strerror}"
    index = command.stage_index
    return StageExit(index, "failed", code, message, 0, now_ms, now_ms, run=command.run)


class Question(NamedTuple):
    """A question of a stage's command to a person. `number` counts those of the attempt, from 0;
    `timeout` is in seconds. `state` is `open`, `answered`, or `withdrawn`: then the command no
    longer waits. `interrupt` is the number of the interrupt after which it asks, if any;
    `permission` is what an agent wants to do, for people to allow or deny.
    """

    number: int
    stage_index: int
    run: int
    text: str
    choices: list[str]
    timeout: float
    state: str = "open"
    interrupt: int | None = None
    permission: dict[str, Any] | None = None

    @property
    def is_open(self) -> bool:
        return self.state == "open"


class ShimState(NamedTuple):
    """A shim's state: the highest started stage, and its highest run; whether that runs, and how
    the others exited; the latest question of the running one.

    A started stage that neither runs nor has an exit was lost with its shim. `deadline` is the
    lease's, in boot-time seconds; `pid` is 0 if this was read from a dead shim's file. `facts` are
    those of the running stage so far.
    """

    stage_index: int | None
    running: bool
    ends: tuple[StageExit, ...]
    log_end: int
    began_at_ms: int
    deadline: float | None = None
    pid: int = 0
    run: int = 0
    question: Question | None = None
    facts: dict[str, Any] = {}

    @property
    def latest_run(self) -> tuple[int, int]:
        """The highest started stage and run; (-1, 0) if there is none."""
        return (-1, 0) if self.stage_index is None else (self.stage_index, self.run)

    def find_exit(self, stage_index: int, run: int = 0) -> StageExit | None:
        ends = (end for end in self.ends if (end.stage_index, end.run) == (stage_index, run))
        return next(ends, None)


class Refusal(Exception):
    """A request that is answered with a code and a sentence instead of being carried out."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def from_fields(kind: Callable[..., _Shape], fields: dict[str, Any]) -> _Shape:
    """Return a named tuple from JSON; fields that the tuple lacks are ignored."""
    known = {name: value for name, value in fields.items() if name in kind.__annotations__}
    return kind(**known)


def parse_command(fields: dict[str, Any]) -> StageCommand:
    """Return the command in a request. Raises ValueError for one that no stage could start with."""
    command = from_fields(StageCommand, fields)
    if fields.get("limits"):
        command = command._replace(limits=from_fields(StageLimits, fields["limits"]))
    words = [*command.argv, *command.env, *command.env.values(), *command.secrets]
    words += [*command.room, *(command.network or []), command.cwd]
    numbers = [
        *command.threads,
        command.stage_index,
        command.run,
        command.timeout,
        command.cols,
        command.rows,
        command.grace,
    ]
    ids = [each for each in (command.uid, command.gid) if each is not None]
    if not all(isinstance(word, str) for word in words):
        raise ValueError("a word isn't a string")
    if not all(isinstance(number, int | float) and number >= 0 for number in [*numbers, *ids]):
        raise ValueError("a number is invalid or negative")
    return command


def command_fields(command: StageCommand) -> dict[str, Any]:
    fields = {**command._asdict(), "limits": command.limits and command.limits._asdict()}
    if not command.messages:
        del fields["messages"]
    return fields


def question_fields(question: Question) -> dict[str, Any]:
    """Return what is sent and stored; of the newer fields only those that are set."""
    fields = question._asdict()
    for name in ("interrupt", "permission"):
        if fields[name] is None:
            del fields[name]
    return fields


def parse_state(fields: dict[str, Any]) -> ShimState:
    state = from_fields(ShimState, fields)
    ends, question = (
        tuple(from_fields(StageExit, end) for end in fields["ends"]),
        fields.get("question"),
    )
    return state._replace(ends=ends, question=question and from_fields(Question, question))


def state_fields(state: ShimState) -> dict[str, Any]:
    ends, question = [end._asdict() for end in state.ends], state.question
    return {**state._asdict(), "ends": ends, "question": question and question_fields(question)}


def pack_message(message: dict[str, Any]) -> bytes:
    body = json.dumps(message, separators=(",", ":")).encode()
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Decodes received bytes into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, received: bytes) -> list[dict[str, Any]]:
        """Return the messages that are complete now. Raises ValueError for bytes that aren't a
        message."""
        buffer, messages, at = self._rest + received, [], 0
        while len(buffer) >= at + _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer, at)
            if length > MAX_MESSAGE_BYTES:
                raise ValueError(f"a message has {length} bytes")
            start = at + _LENGTH.size
            if len(buffer) < start + length:
                break
            at = start + length
            messages.append(json.loads(buffer[start:at]))
            if not isinstance(messages[-1], dict):
                raise ValueError("a message isn't an object")
        self._rest = buffer[at:]
        return messages


class SocketAddress:
    """The socket's path, through /proc, because a unix address has at most 107 bytes."""

    def __init__(self, directory: StrPath) -> None:
        self._directory = os.open(directory, os.O_PATH | os.O_DIRECTORY)

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._directory}/{SOCKET}"

    def __exit__(self, *_: object) -> None:
        os.close(self._directory)


def create_listener(directory: StrPath) -> socket.socket:
    """Return a listening socket in the directory, in place of a dead one. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with SocketAddress(directory) as address:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(address)
        listener.bind(address)
    listener.listen(16)
    listener.setblocking(False)
    return listener
