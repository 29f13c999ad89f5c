"""Signals and ptrace reach an attempt's own processes, and nobody else's."""

import re

import pytest

from tests.hostile.cage import traced_by
from tests.hostile.machine import Attempt, Machine

SIGNALS = {
    "a signal to everyone": "trap '' TERM HUP; kill -TERM -1; sleep 0.3; trap - TERM",
    "a kill of everyone": "(setsid /usr/bin/python3 acts/kill_everyone.py &) ; sleep 0.5",
    "a signal to each number": "for p in $(seq 2 40000); do [ $p = $$ ] || echo $p; done"
    " | xargs -n 2000 kill -KILL 2>/dev/null; true",
    "a stop of each": '/usr/bin/python3 -c \'import os,signal\nfor p in os.listdir("/proc"):\n'
    "  if p.isdecimal() and int(p) not in (1, os.getpid(), os.getppid()):\n"
    "    try: os.kill(int(p), signal.SIGSTOP)\n    except OSError: pass'",
}


@pytest.fixture
def other(machine: Machine) -> Attempt:
    """Somebody's stage, that waits for a line, with somebody who looks at its screen."""
    other = machine.attempt("bank")
    other.order("echo begun; read line; echo unharmed $line")
    other.wait_for_output("begun")
    other.opened_terminal()
    return other


def type_to(machine: Machine, words: bytes) -> None:
    machine.server.pty.call.type(words)


@pytest.mark.parametrize("send", SIGNALS.values(), ids=SIGNALS)
def test_signals_reach_nobody_else(machine: Machine, other: Attempt, send: str) -> None:
    before = {process.pid for process in machine.cage.running()}
    attempt = machine.attempt()
    attempt.order(f"{send}\necho sent")
    machine.beats(2)
    attempt.stop()
    after = {process.pid for process in machine.cage.running()}
    assert before <= after
    type_to(machine, b"yes\r")
    other.wait_for_output("unharmed yes")


def test_nobody_else_is_traced(machine: Machine, other: Attempt) -> None:
    those = [process.pid for process in machine.cage.running()]
    attempt = machine.attempt()
    attempt.order("/usr/bin/python3 acts/attach.py 60")
    attempt.wait_for_output("holds")
    assert {pid: traced_by(pid) for pid in those} == dict.fromkeys(those, 0)
    attempt.stop()
    type_to(machine, b"yes\r")
    other.wait_for_output("unharmed yes")


def test_a_child_can_be_traced(machine: Machine) -> None:
    """For debuggers are needed in there."""
    attempt = machine.ran("sleep 60 & /usr/bin/python3 acts/attach.py 0; kill $!")
    assert re.search(rb"holds .*sleep", attempt.log)
