"""Stages that resist being killed, their pids, and whether they are alive."""

import sys

from muster.worker import processes
from tests.muster.worker.shim_stages import Stages

STUBBORN = """
import os, signal, time
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
for _ in range(2):
    os.fork()
os.write(1, b"pid %d\\n" % os.getpid())
time.sleep(300)
"""
ESCAPEE = """
import os, signal, sys, time
ours, theirs = os.pipe()
if os.fork():
    os.read(ours, 1)  # until the grandchild is away
    EXIT
os.setsid()
if os.fork():
    os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b"pid %d\\n" % os.getpid())
os.write(theirs, b"!")
if "deaf" in sys.argv:
    for handle in (0, 1, 2):
        os.close(handle)
time.sleep(300)
"""
LEAVING = ESCAPEE.replace("EXIT", "os._exit(0)")
STAYING = ESCAPEE.replace("EXIT", "time.sleep(300)")


def python(script: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", script, *arguments]


def pids(stages: Stages, number: int) -> list[int]:
    """Return the pids that the stage's processes report, once there are that many."""
    seen = -1
    while (output := stages.output()).count(b"\n") < number:
        beyond, seen = seen, stages.shim.wait_for_log(seen, timeout=20)
        assert seen > beyond, output
    return [int(line.split()[1]) for line in output.splitlines()]


def alive(those: list[int]) -> list[int]:
    return [pid for pid in those if (process := processes.find(pid)) and process.is_alive]
