"""One shell beside a stage: its process in the stage's sandbox, its terminal, and its viewers.

Its directory has a spool, sizes and a socket like an attempt's, so that a terminal connects to it
in the same way. It isn't part of the attempt's log.
"""

import base64
import contextlib
import os
import selectors
import signal
from collections.abc import Callable
from math import inf
from typing import Any

from muster.worker import processes
from muster.worker.clock import boot_seconds, wall_milliseconds
from muster.worker.masking.masker import Masker
from muster.worker.shim.peer import Peer
from muster.worker.shim.pty_process import PtyProcess
from muster.worker.shim.sizes import Size, SizesWriter
from muster.worker.shim.spool import SpoolWriter
from muster.worker.shim.wire import (
    Refusal,
    ShimState,
    StageCommand,
    create_listener,
    state_fields,
)

QUOTA_BYTES = 256 << 20
"""Output after which a shell is ended: more would fill the disk."""

_BYTES_PER_SECOND, _BURST_BYTES = 4 << 20, 16 << 20  # read from it; more waits in the terminal
_PAUSE_SECONDS = 0.1  # seconds until output is read again
_FLUSH_DELAY_SECONDS = 0.1  # seconds without output until a short held-back tail is shown
_KILLED_SECONDS = 0.5  # seconds to learn that its stage has ended, after it was killed
_TERMINAL = "xterm-256color"
# Whichever the sandbox has; the current user's settings apply.
_SHELL = ["/bin/sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh -i"]


class ShellRun:
    """Driven by events of the shim's loop; never blocks. `end_reason` is set when it has ended."""

    def __init__(
        self,
        directory: str,
        selector: selectors.BaseSelector,
        command: StageCommand,
        enter: Callable[[], None],
        masker: Masker,
        offset: int,
    ) -> None:
        """Start the shell: with the user, the environment and the directory of `command`. `enter`
        is called in its process, with the shim's rights, to join the sandbox. Its output starts at
        `offset`. Raises OSError."""
        self._selector = selector
        self._peers: list[Peer] = []
        self._began_at = boot_seconds()
        self._spool = SpoolWriter(directory, QUOTA_BYTES)
        self._spool.skip(offset)
        self._full_at = offset + QUOTA_BYTES
        self._sizes = SizesWriter(directory)
        self._masker = masker.create_stream()
        self._listener = create_listener(directory)
        try:
            # As in a tunnel: people get no secrets of the project.
            known = {k: value for k, value in command.env.items() if value not in command.secrets}
            env = {**known, "TERM": _TERMINAL}
            self._process = PtyProcess(command._replace(argv=_SHELL, room=[]), env, enter, {})
        except OSError:
            self._listener.close()
            self._spool.close()
            self._sizes.close()
            raise
        self._record_size(command.cols, command.rows)
        self.end_reason: str | None = None
        self._allowance, self._allowed_at = float(_BURST_BYTES), self._began_at
        self._read_at = self._flush_at = self._killed_at = inf
        selector.register(self._listener, selectors.EVENT_READ, self._accept_peer)
        selector.register(self._process.master, selectors.EVENT_READ, self._on_terminal)

    @property
    def end_offset(self) -> int:
        return self._spool.end_offset

    def wakes_at(self) -> float:
        """When to call `tick` next, in boot-time seconds."""
        due = min(self._flush_at, self._read_at, self._killed_at)
        return inf if self.end_reason is not None else due

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self.end_reason is not None:
            return
        if now >= self._flush_at:
            self._flush_at = inf
            self._append(self._masker.release())
        if now >= self._read_at:
            self._read_at = inf
            self._watch_terminal()
        if now >= self._killed_at:
            self.end("the shell was killed")

    def reap(self) -> None:
        """End it if its process has exited."""
        if self.end_reason is not None or self._killed_at != inf:
            return
        try:
            pid, status = os.waitpid(self._process.pid, os.WNOHANG)
        except ChildProcessError:  # reaped with the stage's other processes
            self._killed_at = boot_seconds() + _KILLED_SECONDS
            return
        if not pid:
            return
        self._process.read_status()
        code = os.waitstatus_to_exitcode(status)
        if failure := self._process.failure:
            self.end(f"the shell couldn't start: {failure}")
        elif code in (-signal.SIGKILL, 128 + signal.SIGKILL):
            self._killed_at = boot_seconds() + _KILLED_SECONDS
        else:
            self.end(f"the shell has exited with code {code if code >= 0 else 128 - code}")

    def end(self, reason: str) -> None:
        """Kill what is left of it, and tell its viewers the reason."""
        if self.end_reason is not None:
            return
        self._kill()
        output, _ = self._process.read_output()
        self._append(self._masker.feed(output) + self._masker.flush())
        self.end_reason = reason
        if self._process.master in self._selector.get_map():
            self._selector.unregister(self._process.master)
        self._selector.unregister(self._listener)
        self._listener.close()
        self._process.close_slave()
        self._process.close()
        self._spool.close()
        self._sizes.close()
        for peer in list(self._peers):
            peer.notify({"ended": reason})

    def close_peers(self) -> None:
        for peer in list(self._peers):
            peer.close()

    def _kill(self) -> None:
        leader = processes.find(self._process.pid)
        if leader and leader.started == self._process.started:
            processes.kill([*processes.descendants(leader.pid), leader])

    # Output and input

    def _on_terminal(self, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            self._process.flush_input()
        if mask & selectors.EVENT_READ:
            self._read_output()
        if self.end_reason is None:
            self._watch_terminal()

    def _read_output(self) -> None:
        output, _ = self._process.read_output()
        if output:
            self._append(self._masker.feed(output))
            delay = _FLUSH_DELAY_SECONDS if self._masker.can_release else inf
            self._flush_at = boot_seconds() + delay
        if self._spool.end_offset >= self._full_at:
            self.end(f"the shell printed more than {QUOTA_BYTES >> 20} MiB")
        elif not self._spend(len(output)):
            self._read_at = boot_seconds() + _PAUSE_SECONDS

    def _spend(self, count: int) -> bool:
        """Whether more may be read at once: a flood waits in the terminal, as on a slow one."""
        now = boot_seconds()
        earned = _BYTES_PER_SECOND * (now - self._allowed_at)
        self._allowance = min(_BURST_BYTES, self._allowance + earned) - count
        self._allowed_at = now
        return self._allowance > 0

    def _watch_terminal(self) -> None:
        wanted = selectors.EVENT_READ * (self._read_at == inf)
        wanted |= selectors.EVENT_WRITE * self._process.has_pending_input
        is_watched = self._process.master in self._selector.get_map()
        if wanted and is_watched:
            self._selector.modify(self._process.master, wanted, self._on_terminal)
        elif wanted:
            self._selector.register(self._process.master, wanted, self._on_terminal)
        elif is_watched:
            self._selector.unregister(self._process.master)

    def _append(self, output: bytes) -> None:
        if output:
            self._spool.append(output, self._milliseconds(), 0)
            for peer in list(self._peers):
                peer.on_log_growth(self._spool.end_offset, output)

    def _record_size(self, cols: int, rows: int) -> None:
        self._sizes.add(Size(self._spool.end_offset, self._milliseconds(), cols, rows))

    def _milliseconds(self) -> int:
        return int((boot_seconds() - self._began_at) * 1000)

    # Connections

    def _accept_peer(self, _mask: int) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            about = (connection, self._selector, self._handle_request, self._state)
            self._peers.append(Peer(*about, self._peers.remove))

    def _state(self) -> dict[str, Any]:
        is_running, end = self.end_reason is None, self._spool.end_offset
        return state_fields(ShimState(None, is_running, (), end, wall_milliseconds()))

    def _handle_request(self, message: dict[str, Any]) -> dict[str, Any]:
        if self.end_reason is not None:
            raise Refusal("idle", self.end_reason)
        match message["do"]:
            case "type":
                if not self._process.write_input(base64.b64decode(message["keys"])):
                    raise Refusal("full", "too much unread input")
                self._watch_terminal()
            case "resize":
                self._resize(int(message["cols"]), int(message["rows"]))
            case verb:
                raise Refusal("unknown", f"no such request: {verb}")
        return {}

    def _resize(self, cols: int, rows: int) -> None:
        if self._sizes.is_full:
            raise Refusal("often", "the terminal has had too many sizes")
        self._process.resize(cols, rows)
        self._record_size(cols, rows)
        for peer in list(self._peers):
            peer.notify({"size": [cols, rows]})
