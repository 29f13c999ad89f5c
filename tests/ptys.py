"""A terminal of this machine's with a program in it, as a person has one."""

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import avt

from tests.wait import wait_until

TIMEOUT_SECONDS = 60.0


class Pty:
    """`data` is all that came out of it; `lines` what an emulator of that size shows of it."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], cols: int = 80, rows: int = 24
    ) -> None:
        self._master, self._slave = pty.openpty()
        os.set_blocking(self._master, False)
        self.data = bytearray()
        self.before: list[Any] = []  # the modes at a moment that a test wants to keep
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._emulator = avt.Vt(cols, rows)
        self.resize(cols, rows)
        self.process = subprocess.Popen(
            argv,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={"TERM": "xterm-256color", **env},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for group in self._groups():
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        self.process.kill()
        self.process.wait(TIMEOUT_SECONDS)
        os.close(self._master)
        os.close(self._slave)

    @property
    def lines(self) -> list[str]:
        """What the screen shows."""
        self.read_output(0.0)
        return [line.text.rstrip() for line in self._emulator.view()]

    @property
    def modes(self) -> list[Any]:
        """How the terminal treats what passes, as `stty` tells."""
        return termios.tcgetattr(self._slave)

    @property
    def stty(self) -> str:
        """What `stty -a` tells, but for the size."""
        name = os.ttyname(self._slave)
        result = subprocess.run(("stty", "-a", "-F", name), capture_output=True, check=True)
        return re.sub(r"rows \d+; columns \d+;", "", result.stdout.decode())

    @property
    def foreground(self) -> int:
        """The process group that has the terminal now."""
        return os.tcgetpgrp(self._master)

    def resize(self, cols: int, rows: int) -> None:
        """As a window's is; who has the terminal is told."""
        self.read_output(0.0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self._emulator.resize(cols, rows)

    def type(self, keys: str | bytes) -> None:
        left = keys.encode() if isinstance(keys, str) else keys
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while left:
            assert time.monotonic() < deadline, "the terminal takes nothing"
            self.read_output(0.0)
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(self._master, left) :]

    def read_output(self, seconds: float = 0.1) -> None:
        """What it has written, waited for at most so long."""
        while data := self.read(seconds):
            self.data += data
            self._emulator.feed_str(self._decoder.decode(data))
            seconds = 0.0

    def read(self, seconds: float) -> bytes:
        """A piece of what it has written, which no emulator is shown; empty where none came."""
        if not select.select([self._master], [], [], seconds)[0]:
            return b""
        return os.read(self._master, 1 << 16)

    def wait_for(
        self, look: Callable[[], object], what: str = "what was waited for", patience: float = 60.0
    ) -> Any:
        """The first true answer. Fails when none comes in time, and says what the screen shows."""

        def find_problem() -> str | None:
            if (status := self.process.poll()) is None:
                return None
            self.read_output()
            return f"the program has exited with status {status}"

        try:
            return wait_until(look, what, patience, problem=find_problem, pause=self.read_output)
        except AssertionError as error:
            shown = "\n".join(self.lines)
            raise AssertionError(f"{error}; the screen shows\n{shown}") from None

    def wait_until_shown(self, text: str, patience: float = 60.0) -> None:
        """On a line that begins with it."""
        self.wait_for(lambda: any(one.startswith(text) for one in self.lines), text, patience)

    def wait_until_ended(self) -> int:
        """Its exit status."""
        status = self.wait_for(lambda: self.process.poll() is not None and [self.process.poll()])
        self.read_output(0.0)
        return int(status[0])

    def _groups(self) -> set[int]:
        """All that were started in it."""
        session = self.process.pid
        groups = set()
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.getsid(int(name)) == session:
                    groups.add(os.getpgid(int(name)))
        return groups
