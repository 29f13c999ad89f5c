"""Terminals' data in Redis. Every key expires by itself.

Each addition to a stream is published on its channel (`terminal_keys.stream_channel`), with a short
chunk included, as `<id> <bytes>` or `<id> <field> <value>`. A shell's keys have
`<attempt>-shell`, and its hash of viewers `<task>:shell`.

muster:terminal:<task>-<attempt>:out     stream: bytes and notes, the last 2 MiB
muster:terminal:<task>-<attempt>:in      stream: keystrokes and requests for the machine
muster:terminal:<task>-<attempt>:state   hash: cols, rows, owner
muster:terminal:<task>-<attempt>:screen  the last screen
muster:terminal:<task>-<attempt>:read    hash: by server process, its fastest viewer's position
muster:terminal:viewers:<task>           hash: by viewer, its name and whether it controls
muster:terminal:task:<id>, muster:terminal:developer:<id>   sorted sets: viewers by expiry
"""

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from redis.connection import parse_url
from redis.exceptions import RedisError, ResponseError

from app import terminal_keys
from app.redis import presence
from app.terminal_keys import TerminalKey
from app.terminals import scripts
from app.terminals.backpressure import ReadOffsets
from app.terminals.command_queue import Command, CommandQueue
from app.terminals.frames import Note, encode, encode_note
from app.terminals.stream import ZERO, Entry, EntryId, format_id, parse_entries, parse_id
from muster.protocol.terminal import Screen

MAX_STREAM_BYTES = 2 << 20  # of an attempt's output
MAX_STREAM_ENTRIES = 50_000
STREAM_TTL_SECONDS = terminal_keys.TTL_SECONDS
INPUT_TTL_SECONDS = 30  # input that no machine has read by then is dropped
PRESENCE_TTL_SECONDS = 40  # how long an owner or a viewer counts without renewal
DEFAULT_SIZE = (120, 40)
# A longer chunk isn't published: a reader must not be disconnected for being slower than a flood.
MAX_PUBLISHED_BYTES = 4096


class TerminalState(NamedTuple):
    """A terminal's size, and whether a machine's socket owns it."""

    cols: int
    rows: int
    has_machine: bool


class ViewerPresence(NamedTuple):
    """A viewer, as it counts against limits. `viewer`: its ID."""

    viewer: str
    task_id: int
    developer_id: int

    @property
    def sets(self) -> tuple[str, str]:
        """The keys of the sets that the viewer counts in."""
        return _task_viewers_key(self.task_id), _developer_viewers_key(self.developer_id)


class Store:
    """The terminals' Redis commands. All except `stream_key` and `channel` raise RedisError."""

    def __init__(self, url: str) -> None:
        self._commands = CommandQueue(url)
        # For large reads, so that no keystroke waits behind them.
        self._readings = CommandQueue(url)
        self._database = int(parse_url(url).get("db") or 0)
        self._process = uuid.uuid4().hex

    def stream_key(self, key: TerminalKey, part: str) -> str:
        """Return the Redis key of a stream of the attempt: its output (`out`) or input (`in`)."""
        return terminal_keys.redis_key(key, part)

    def channel(self, key: TerminalKey, part: str) -> bytes:
        """Return the channel for additions to that stream."""
        return terminal_keys.stream_channel(self.stream_key(key, part), self._database).encode()

    def run(self, *commands: Command) -> list[Any]:
        """Return the results of commands, on the keystrokes' connection."""
        return _raise_errors(self._commands.run(*commands))

    # ---- output ----------------------------------------------------------------------------------

    def last_entry_id(self, key: TerminalKey) -> EntryId:
        """Return the ID of the output's last entry; ZERO if there is none."""
        out = terminal_keys.redis_key(key, "out")
        (rows,) = _raise_errors(self._commands.run(("XREVRANGE", out, "+", "-", "COUNT", 1)))
        return parse_id(rows[0][0]) if rows else ZERO

    def read_page(self, key: TerminalKey, seen: EntryId, count: int) -> list[Entry]:
        """Return the output's first entries after `seen`, at most `count`."""
        out = terminal_keys.redis_key(key, "out")
        command = ("XRANGE", out, f"({format_id(seen)}", "+", "COUNT", count)
        return parse_entries(_raise_errors(self._readings.run(command))[0])

    def read_new(self, seen: Mapping[str, str], count: int) -> Sequence[tuple[bytes, Any]]:
        """Return up to `count` new rows per stream; `seen`: stream key → the last seen ID."""
        command = ("XREAD", "COUNT", count, "STREAMS", *seen, *seen.values())
        (found,) = _raise_errors(self._readings.run(command))
        return found or ()

    def append(
        self, key: TerminalKey, pieces: Sequence[tuple[int, bytes]], renew: bool
    ) -> ReadOffsets:
        """Add new runs of bytes to the output, each with the offset after it.
        `renew` extends the stream's expiry. Returns `read_offsets`, or nothing for a short run."""
        out = terminal_keys.redis_key(key, "out")
        commands: list[Command] = [
            ("XADD", out, "MINID", "~", max(0, end - MAX_STREAM_BYTES), f"{end}-0", "d", data)
            for end, data in pieces
        ]
        if renew:
            commands.append(("EXPIRE", out, STREAM_TTL_SECONDS))
        end, data = pieces[-1]
        is_alone = len(pieces) == 1 and len(data) <= MAX_PUBLISHED_BYTES
        news = b"%d-0 %b" % (end, data) if is_alone else b""
        commands.append(("PUBLISH", self.channel(key, "out"), news))
        if not is_alone:
            commands.append(("HGETALL", terminal_keys.redis_key(key, "read")))
        answers = self._commands.run(*commands)
        for answer in answers:
            _check_added(answer)
        return {} if is_alone else _parse_offsets(answers[-1])

    def skip(self, key: TerminalKey, offset: int) -> None:
        """Continue the output at `offset` with an empty run; viewers detect the gap at once."""
        out = terminal_keys.redis_key(key, "out")
        added, *rest = self._commands.run(
            ("XADD", out, f"{offset}-0", "d", b""),
            ("EXPIRE", out, STREAM_TTL_SECONDS),
            ("PUBLISH", self.channel(key, "out"), b""),
        )
        _check_added(added)
        _raise_errors(rest)

    def read_offsets(self, key: TerminalKey) -> ReadOffsets:
        """Return the position of each process's fastest viewer."""
        return _parse_offsets(
            _raise_errors(self._commands.run(("HGETALL", terminal_keys.redis_key(key, "read"))))[0]
        )

    def report_read(self, key: TerminalKey, offset: int) -> None:
        """Store the position of this process's fastest viewer."""
        place = terminal_keys.redis_key(key, "read")
        command: Command = ("HSET", place, self._process, offset)
        _raise_errors(self._commands.run(command, ("EXPIRE", place, PRESENCE_TTL_SECONDS)))

    def forget_read(self, key: TerminalKey) -> None:
        """Record that no viewer of this process must be waited for."""
        place = terminal_keys.redis_key(key, "read")
        _raise_errors(self._commands.run(("HDEL", place, self._process)))

    def append_note(self, key: TerminalKey, note: Note, known: EntryId = ZERO) -> None:
        """Append a note to the output, after its last bytes and after `known`."""
        _raise_errors(self._commands.run(self._append_note_command(key, note, known)))

    def _append_note_command(self, key: TerminalKey, note: Note, known: EntryId = ZERO) -> Command:
        out = terminal_keys.redis_key(key, "out")
        channel = self.channel(key, "out")
        return (
            "EVAL",
            terminal_keys.APPEND_NOTE,
            1,
            out,
            encode_note(note),
            STREAM_TTL_SECONDS,
            known[0],
            channel,
        )

    # ---- screen and size -------------------------------------------------------------------------

    def store_screen(self, key: TerminalKey, screen: Screen, note: Note, known: EntryId) -> None:
        """Store the attempt's last screen, and append the note, as `append_note` does."""
        place = terminal_keys.redis_key(key, "screen")
        kept: Command = ("SET", place, encode(screen), "EX", STREAM_TTL_SECONDS)
        _raise_errors(self._commands.run(kept, self._append_note_command(key, note, known)))

    def screen(self, key: TerminalKey) -> Screen | None:
        """Return the attempt's last screen; None if there is none, or it has expired."""
        place = terminal_keys.redis_key(key, "screen")
        (text,) = _raise_errors(self._commands.run(("GET", place)))
        return msgspec.json.decode(text, type=Screen) if text else None

    def store_size(
        self, key: TerminalKey, cols: int, rows: int, note: Note, known: EntryId
    ) -> None:
        """Store the terminal's size, and append the note, as `append_note` does."""
        state = terminal_keys.redis_key(key, "state")
        size: Command = ("HSET", state, "cols", cols, "rows", rows)
        kept: Command = ("EXPIRE", state, PRESENCE_TTL_SECONDS)
        _raise_errors(self._commands.run(size, kept, self._append_note_command(key, note, known)))

    def states(self, keys: Sequence[TerminalKey]) -> list[TerminalState]:
        """Return the state of each terminal, in the order of the keys."""
        commands: list[Command] = [
            ("HMGET", terminal_keys.redis_key(key, "state"), "cols", "rows", "owner")
            for key in keys
        ]
        return [_parse_state(*found) for found in _raise_errors(self._commands.run(*commands))]

    # ---- input -----------------------------------------------------------------------------------

    def add_input(self, key: TerminalKey, **wish: bytes | str) -> int:
        """Add a request (`k` keystrokes, `r` size, `s` screen); return how many wait now."""
        ((field, value),) = wish.items()
        place, channel = terminal_keys.redis_key(key, "in"), self.channel(key, "in")
        given = (field, value, INPUT_TTL_SECONDS, channel, MAX_PUBLISHED_BYTES)
        return int(
            _raise_errors(self._commands.run(("EVAL", scripts.ADD_INPUT, 1, place, *given)))[0]
        )

    def count_waiting(self, key: TerminalKey) -> int:
        """Return how many requests wait for the machine."""
        return int(
            _raise_errors(self._commands.run(("XLEN", terminal_keys.redis_key(key, "in"))))[0]
        )

    def drop_input(self, key: TerminalKey, taken: EntryId) -> None:
        """Drop the input up to `taken`, which was passed to the machine."""
        after = (taken[0], taken[1] + 1)
        place = terminal_keys.redis_key(key, "in")
        _raise_errors(self._commands.run(("XTRIM", place, "MINID", format_id(after))))

    # ---- presence --------------------------------------------------------------------------------

    def claim(self, key: TerminalKey, holder: str) -> tuple[EntryId, EntryId]:
        """Make `holder` the attempt's owner, and make its other sockets close.
        Returns the IDs of the output's last entry, and of the claim's entry."""
        state, place = (terminal_keys.redis_key(key, part) for part in ("state", "in"))
        arguments = (holder, PRESENCE_TTL_SECONDS, INPUT_TTL_SECONDS, self.channel(key, "in"))
        answers = self._commands.run(
            ("XREVRANGE", terminal_keys.redis_key(key, "out"), "+", "-", "COUNT", 1),
            ("EVAL", scripts.CLAIM, 2, state, place, *arguments),
        )
        rows, raw_id = _raise_errors(answers)
        return (parse_id(rows[0][0]) if rows else ZERO), parse_id(raw_id)

    def renew_claims(
        self, holders: Sequence[tuple[TerminalKey, str, int, int]]
    ) -> list[int | None]:
        """Renew the claims of sockets, each given with its terminal's size.
        Returns for each its task's number of viewers; None for a socket that was replaced."""
        commands: list[Command] = []
        for key, holder, cols, rows in holders:
            state, out = (terminal_keys.redis_key(key, part) for part in ("state", "out"))
            commands += [
                ("EVAL", scripts.RENEW_CLAIM, 1, state, holder, cols, rows, PRESENCE_TTL_SECONDS),
                ("XTRIM", out, "MAXLEN", "~", MAX_STREAM_ENTRIES),
                ("EXPIRE", out, STREAM_TTL_SECONDS),
                presence.count_command(_task_viewers_key(key[0]), time.time()),
            ]
        answers = _raise_errors(self._commands.run(*commands))
        held = zip(answers[::4], answers[3::4], strict=True)
        return [int(count) if is_ours else None for is_ours, count in held]

    def release(self, key: TerminalKey, holder: str) -> None:
        """Release the attempt's terminal, unless another socket than `holder` owns it."""
        script = (
            "if redis.call('HGET', KEYS[1], 'owner') == ARGV[1]"
            " then redis.call('HDEL', KEYS[1], 'owner') end"
        )
        _raise_errors(
            self._commands.run(("EVAL", script, 1, terminal_keys.redis_key(key, "state"), holder))
        )

    def add_presence(self, who: ViewerPresence, per_task: int, per_developer: int) -> bool:
        """Count the viewer; False, without a change, if a limit across all processes is reached."""
        limits = dict(zip(who.sets, (per_task, per_developer), strict=True))
        command = presence.admit_command(who.viewer, limits, time.time(), PRESENCE_TTL_SECONDS)
        (admitted,) = _raise_errors(self._commands.run(command))
        return bool(admitted)

    def renew_presence(self, present: Iterable[ViewerPresence]) -> None:
        """Extend the viewers' expiry by PRESENCE_TTL_SECONDS."""
        until = time.time() + PRESENCE_TTL_SECONDS
        commands: list[Command] = []
        for who in present:
            commands += presence.renew_commands(who.viewer, who.sets, until)
        _raise_errors(self._commands.run(*commands))

    def remove_presence(self, who: ViewerPresence) -> None:
        """Stop counting the viewer."""
        _raise_errors(self._commands.run(*presence.leave_commands(who.viewer, who.sets)))


def _parse_offsets(found: Sequence[bytes]) -> ReadOffsets:
    return {who: int(offset) for who, offset in zip(found[::2], found[1::2], strict=True)}


def _check_added(answer: Any) -> None:
    """Raise the result if it's an error, except that the stream already has this entry."""
    if isinstance(answer, ResponseError) and "equal or smaller" not in str(answer):
        raise answer


def _raise_errors(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, RedisError):
            raise answer
    return answers


def _parse_state(cols: bytes | None, rows: bytes | None, holder: bytes | None) -> TerminalState:
    width, height = DEFAULT_SIZE
    return TerminalState(int(cols or width), int(rows or height), holder is not None)


def _task_viewers_key(task_id: int) -> str:
    return f"muster:terminal:task:{task_id}"


def _developer_viewers_key(developer_id: int) -> str:
    return f"muster:terminal:developer:{developer_id}"
