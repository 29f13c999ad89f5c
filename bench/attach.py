"""A keystroke's echo through `muster attach` in a terminal, beside a bare WebSocket client's.

Both look at a shell of the same machine over the same server, in turns.
"""

import argparse
import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

from bench import command
from bench.command import Say
from bench.errors import NotMeasured
from bench.figures import Figure, Ratio, Report, flat, latency
from bench.rig import Rig, standing
from bench.terminals import shells, viewing
from bench.terminals.muster import Muster
from bench.terminals.viewing import Viewer

AT_MOST = 1.2
_WARM, _KEYS = 50, 200
_ROUNDS, _QUICK = 9, 3
_SECONDS = 60.0
_OURS, _BARE = "muster attach", "bare WebSocket client"


class Attached:
    """`muster attach` in a terminal of its own. Raises NotMeasured."""

    def __init__(self, rig: Rig, task_id: int) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        signed_in = {"MUSTER_SERVER": rig.stack.url, "MUSTER_TOKEN": rig.session.access_token}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "muster", "attach", str(task_id)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **signed_in},
            start_new_session=True,
        )
        os.close(slave)
        viewing.until(self, shells.READY, _SECONDS)
        self._be_quiet()

    def press(self, data: bytes) -> None:
        os.write(self._master, data)

    def read(self) -> bytes:
        if not select.select([self._master], [], [], _SECONDS)[0]:
            raise NotMeasured("muster attach shows nothing")
        try:
            return os.read(self._master, 1 << 16)
        except OSError as error:
            raise NotMeasured(f"muster attach has ended: {error}") from error

    def close(self) -> None:
        self.press(b"\r~.")
        with contextlib.suppress(NotMeasured):
            while self._process.poll() is None:
                self.read()
        self._process.wait(_SECONDS)
        os.close(self._master)

    def _be_quiet(self) -> None:
        """Until what is drawn in the beginning is there."""
        while select.select([self._master], [], [], 3.0)[0]:
            self.read()


def measure(say: Say, options: argparse.Namespace) -> Report:
    """Everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report("muster attach")
    with standing(say) as rig:
        say("starting a worker, and two tasks that run a shell")
        rig.start_worker(slots=2)
        muster = Muster(rig)
        for name in (_OURS, _BARE):
            muster.start(name.split()[-1], shells.ECHO)
        viewers: dict[str, Viewer] = {
            _OURS: Attached(rig, muster.task(_OURS.split()[-1])),
            _BARE: muster.open(_BARE.split()[-1]),
        }
        viewers[_BARE].read()  # the screen
        report.figures += _echo(viewers, _QUICK if options.quick else _ROUNDS, say)
        for viewer in viewers.values():
            viewer.close()
    return report


def _echo(viewers: dict[str, Viewer], rounds: int, say: Say) -> list[Figure]:
    for viewer in viewers.values():
        viewing.keystrokes(viewer, _WARM)
    blocks: dict[str, list[list[float]]] = {name: [] for name in viewers}
    for number in range(1, rounds + 1):
        for name, viewer in viewers.items():
            begun = time.perf_counter()
            blocks[name].append(viewing.keystrokes(viewer, _KEYS))
            took = (time.perf_counter() - begun) / _KEYS * 1000
            say(f"echo, round {number} of {rounds}: {name}, {took:.2f} ms each")
    bare = flat(blocks[_BARE])
    return [
        latency(
            "keystroke → echo",
            blocks[_OURS],
            beside=_BARE,
            beside_value=sorted(bare)[len(bare) // 2] * 1000,
            ratio=Ratio.of(blocks[_OURS], blocks[_BARE]),
            at_most=AT_MOST,
        ),
        latency(f"the same of the {_BARE}", blocks[_BARE]),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.attach", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    return parser


if __name__ == "__main__":
    sys.exit(command.run_with(_parser(), measure))
