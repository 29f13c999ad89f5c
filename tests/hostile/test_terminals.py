"""What a terminal can be sent harms neither the daemon, nor the screen's model, nor the log."""

from pathlib import Path
from typing import Any

import pytest

from tests.hostile.machine import ACTS, Machine

FLOODS = [
    "noise",
    "strings without end",
    "numbers without end",
    "sizes",
    "repeats",
    "moves",
    "modes",
    "broken characters",
    "marks upon marks",
    "alternate screens",
    "regions",
    "tabs",
]
OVER = b"\x1b\\\x1bcthe flood is over\r\n"
LARGEST = 600 << 20  # bytes that any part of the daemon may take


def sent(kind: str) -> bytes:
    """What the act sends, made by its own recipe."""
    source = (ACTS / "flood.py").read_text().split("\nmode = ")[0]
    names: dict[str, Any] = {}
    exec(compile(source, "flood.py", "exec"), names)
    made: bytes = names["KINDS"][kind]()
    return made


def memory(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_leaves_the_log_exact_and_the_screen_alive(machine: Machine, kind: str) -> None:
    server = machine.server
    attempt = machine.attempt()
    attempt.order(f"read line; /usr/bin/python3 acts/flood.py '{kind}'; read line; echo bye")
    attempt.started()
    call = attempt.opened_terminal()
    call.type(b"\r")
    expected = b"\r\n" + sent(kind) + OVER
    server.wait_for(lambda: len(attempt.log) >= len(expected), limit=60)
    assert attempt.log == expected
    call.ask_screen(1)
    screen = server.wait_for(lambda: call.screens, limit=30)[-1]
    assert (screen.cols, screen.rows) == (120, 40)
    assert all(memory(process.pid) < LARGEST for process in machine.cage.running())
    call.type(b"\r")
    attempt.ended()
    assert attempt.log.endswith(b"bye\r\n")


def test_no_query_is_answered_for_whoever_looks(machine: Machine) -> None:
    """What a stage writes cannot type into it, or into another: nothing comes back by itself."""
    attempt = machine.attempt()
    attempt.order("read line; /usr/bin/python3 acts/flood.py queries")
    attempt.started()
    attempt.opened_terminal().type(b"\r")
    attempt.ended()
    assert b"answered ." in attempt.log


def test_a_storm_of_sizes_costs_the_machine_nothing(machine: Machine) -> None:
    attempt = machine.attempt()
    attempt.order(
        "trap 'echo $(stty size) >> sizes' WINCH; echo begun; read line; stty size\n"
        "yes | head -n 200000"
    )
    attempt.wait_for_output("begun")
    call = attempt.opened_terminal()
    for number in range(1500):
        call.resize(20 + number % 480, 5 + number % 190)
    call.resize(80, 24)
    call.type(b"\r")
    attempt.ended()
    assert b"24 80" in attempt.log


def test_a_stage_cannot_resize_the_model_by_its_own_terminal(machine: Machine) -> None:
    machine.ran("stty rows 65000 cols 65000; stty size; for n in 1 2 3; do echo $n; done")
    machine.beats(3)
    assert all(memory(process.pid) < LARGEST for process in machine.cage.running())
