"""A keystroke's echo through `muster attach` in a terminal, compared with a bare WebSocket client.

Both view a shell of the same machine over the same server, in turns.
"""

import argparse
import os
import sys
import time

from bench import command
from bench.command import Print
from bench.errors import NotMeasured
from bench.figures import Figure, Ratio, Report, flat, latency
from bench.rig import Rig, running_rig
from bench.terminals import shells, viewer_client
from bench.terminals.muster import Muster
from bench.terminals.viewer_client import Viewer
from tests.ptys import Pty

MAX_RATIO = 1.2
_WARM, _KEYS = 50, 200
_ROUNDS, _QUICK = 9, 3
_SECONDS = 60.0
_OURS, _BARE = "muster attach", "bare WebSocket client"


class Attached:
    """`muster attach` in its own terminal. Raises NotMeasured."""

    def __init__(self, rig: Rig, task_id: int) -> None:
        signed_in = {"MUSTER_SERVER": rig.stack.url, "MUSTER_TOKEN": rig.session.access_token}
        argv = (sys.executable, "-m", "muster", "attach", str(task_id))
        self._pty = Pty(argv, {**os.environ, **signed_in}, cols=120, rows=40)
        viewer_client.read_until(self, shells.READY, _SECONDS)
        while self._pty.read(3.0):
            pass  # the initial screen

    def press(self, data: bytes) -> None:
        self._pty.type(data)

    def read(self) -> bytes:
        if not (data := self._pty.read(_SECONDS)):
            raise NotMeasured("muster attach shows nothing")
        return data

    def close(self) -> None:
        with self._pty:
            self.press(b"\r~.")
            self._pty.wait_until_ended()


def measure(say: Print, options: argparse.Namespace) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report("muster attach")
    with running_rig(say) as rig:
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


def _echo(viewers: dict[str, Viewer], rounds: int, say: Print) -> list[Figure]:
    for viewer in viewers.values():
        viewer_client.keystrokes(viewer, _WARM)
    blocks: dict[str, list[list[float]]] = {name: [] for name in viewers}
    for number in range(1, rounds + 1):
        for name, viewer in viewers.items():
            begun = time.perf_counter()
            blocks[name].append(viewer_client.keystrokes(viewer, _KEYS))
            took = (time.perf_counter() - begun) / _KEYS * 1000
            say(f"echo, round {number} of {rounds}: {name}, {took:.2f} ms each")
    bare = flat(blocks[_BARE])
    return [
        latency(
            "keystroke → echo",
            blocks[_OURS],
            beside=_BARE,
            beside_value=sorted(bare)[len(bare) // 2] * 1000,
            ratio=Ratio.from_blocks(blocks[_OURS], blocks[_BARE]),
            max_ratio=MAX_RATIO,
        ),
        latency(f"the same with the {_BARE}", blocks[_BARE]),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.attach", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="run fewer rounds")
    return parser


if __name__ == "__main__":
    sys.exit(command.run_with(_parser(), measure))
