"""A runner as in production: a bare interpreter on its own terminal, in tests."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from muster.worker.agents.runner.channel import DESCRIPTOR_VARIABLE
from tests.muster.worker.agents.runner.parsed_output import SGR

ROOT = Path(__file__).parents[5]
ENTRY = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from muster.worker.agents.runner.main import main; main(sys.argv[2:])"
)
BARE = [sys.executable, "-I", "-S", "-X", "utf8", "-c"]
TIMEOUT_SECONDS = 20.0  # seconds for anything


def command(*argv: str, format_name: str = "claude") -> list[str]:
    return [*BARE, ENTRY, str(ROOT), format_name, "--", *argv]


class TerminalProcess:
    """A runner of a shell script, with `columns`; `channel` is a socket that it inherits."""

    def __init__(self, script: str, *, columns: int = 80, channel: int | None = None) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        known = {} if channel is None else {DESCRIPTOR_VARIABLE: str(channel)}
        self.process = subprocess.Popen(
            command("/bin/sh", "-c", script),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **known},
            pass_fds=[] if channel is None else [channel],
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._shown = b""

    @property
    def screen_text(self) -> str:
        """Return the terminal's text so far, without colors."""
        return SGR.sub("", self._shown.decode().replace("\r\n", "\n"))

    def read(self, seconds: float) -> bool:
        """Read what is shown within the time; False if there was nothing, or never will be."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        try:
            more = os.read(self.master, 1 << 16) if ready else b""
        except OSError:  # all others of the terminal have gone
            more = b""
        self._shown += more
        return bool(more)

    def wait_for(self, text: str) -> str:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while text not in self.screen_text:
            assert time.monotonic() < deadline, self.screen_text
            assert self.read(1) or self.process.poll() is None, self.screen_text
        return self.screen_text

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def wait_until_ended(self) -> int:
        """Return its status after its exit, when everything is shown."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self.read(0.2) or self.process.poll() is None:
            assert time.monotonic() < deadline, self.screen_text
        return self.process.wait()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
