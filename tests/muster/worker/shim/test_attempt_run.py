"""A running stage is never reported as one that couldn't start."""

import json
import subprocess
import sys
from pathlib import Path

from tests.muster.worker.worker_home import SOURCES

SHORT = """
import errno, json, select, selectors, sys

from muster.worker.clock import boot_seconds
from muster.worker.shim.attempt_run import AttemptRun
from muster.worker.shim.pty_process import become_subreaper
from muster.worker.shim.wire import StageCommand

class Short(selectors.DefaultSelector):
    def register(self, *_):
        raise OSError(errno.ENOSPC, "No space left on device")

become_subreaper()
run = AttemptRun(sys.argv[1], Short(), *[lambda *_: None] * 3, 1 << 20)
command = StageCommand(0, ["sleep", "60"], {"PATH": "/usr/bin:/bin"}, "/", 60.0)
begun = run.start_stage(command)
while run.is_running:
    select.select([], [], [], 0.01)
    run.on_child_exit(boot_seconds())
    run.tick(boot_seconds())
(end,) = run.state().ends
print(json.dumps([begun, end.how, end.code]))
"""


def test_what_runs_and_cannot_be_attended_to_is_stopped_and_its_end_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHORT, str(tmp_path)],
        cwd=SOURCES,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    begun, how, code = json.loads(done.stdout)
    assert (begun, how, code) == (True, "stopped", 128 + 9)
