"""A machine that can't start stages detects that, reports its agents as unhealthy, and checks
again."""

import errno
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from muster.protocol.frames import Capability
from muster.worker import health
from muster.worker.health import MachineHealth
from muster.worker.layout import Layout
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import UidAllocator
from tests.muster.worker.repositories import wait_for

QUICK = (0.01, 0.04)
AGENTS = [Capability("claude"), Capability("codex", healthy=False, reason="not installed")]


class Machine:
    """`lack` is the result of its check."""

    def __init__(self, pauses: tuple[float, float] = QUICK) -> None:
        self.lack: str | Exception | None = None
        self.looks = self.changes = 0
        self.health = MachineHealth(self._check, self._changed, pauses)

    def _check(self) -> str | None:
        self.looks += 1
        if isinstance(self.lack, Exception):
            raise self.lack
        return self.lack

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine()
    yield made
    made.health.close()


def test_what_the_machine_finds_nothing_of_does_not_make_it_unhealthy(machine: Machine) -> None:
    assert not machine.health.report_failure()
    assert machine.health.reason == ""
    assert (machine.looks, machine.changes) == (1, 0)


def test_it_reports_what_it_finds_as_the_reason() -> None:
    machine = Machine(health.RECHECK_DELAYS_SECONDS)  # no second look in between
    machine.lack = "bwrap is not installed"
    assert machine.health.report_failure()
    assert machine.health.reason == "bwrap is not installed"
    assert machine.changes == 1
    machine.health.close()


def test_what_is_known_needs_no_look(machine: Machine) -> None:
    machine.lack = "all user ids are taken, too"
    assert machine.health.report_failure("all user ids are taken")
    assert machine.looks == 0
    machine.health.close()


def test_it_looks_again_until_it_is_well_and_says_both(machine: Machine) -> None:
    machine.lack = "can't write to its disk"
    assert machine.health.report_failure()
    wait_for(lambda: machine.looks >= 3)
    capabilities = machine.health.override_capabilities(lambda: AGENTS)
    assert capabilities == [
        Capability("claude", healthy=False, reason="can't write to its disk"),
        AGENTS[1],
    ]
    machine.lack = None
    wait_for(lambda: machine.health.reason == "")
    assert machine.health.override_capabilities(lambda: AGENTS) == AGENTS
    assert machine.changes >= 3
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "machine-health"])


def test_a_machine_without_the_resources_for_a_check_is_unhealthy_until_it_has_them(
    machine: Machine,
) -> None:
    machine.lack = OSError(errno.EMFILE, "Too many open files")
    assert machine.health.report_failure()
    assert machine.health.reason == "can't check itself: Too many open files"
    wait_for(lambda: machine.looks >= 3)
    machine.lack = None
    wait_for(lambda: machine.health.reason == "")


def test_no_look_that_fails_is_the_last_one(machine: Machine) -> None:
    machine.lack = RuntimeError("a bug")
    assert machine.health.report_failure("ids")
    wait_for(lambda: machine.looks >= 2)
    assert machine.health.reason == "ids"
    machine.lack = None
    wait_for(lambda: machine.health.reason == "")


def test_who_closes_it_waits_for_the_check_that_runs() -> None:
    is_running, goes_on = threading.Event(), threading.Event()
    ended = []

    def check() -> str:
        is_running.set()
        goes_on.wait()
        ended.append("check")
        return "too full"

    health = MachineHealth(check, pauses=QUICK)
    assert health.report_failure("too full")
    assert is_running.wait(10)
    closing = threading.Thread(target=lambda: (health.close(), ended.append("close")))
    closing.start()
    goes_on.set()
    closing.join(10)
    assert ended == ["check", "close"]


def test_it_looks_again_though_there_was_no_thread_to_be_had_before(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _refuse)
        assert machine.health.report_failure("ids")
    assert machine.health.report_failure("ids")
    wait_for(lambda: machine.looks == 1 and machine.health.reason == "")


def _refuse(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


class Slow(Machine):
    """Its checks take until they `may_end`."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        super().__init__()

    def _check(self) -> str | None:
        found = super()._check()
        assert self.may_end.wait(20)
        return found


def test_of_many_that_doubt_at_once_one_looks_for_all_others() -> None:
    machine = Slow()
    doubt = machine.health.report_failure
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(doubt)
        wait_for(lambda: machine.looks == 1)
        others = [pool.submit(doubt) for _ in range(19)]
        wait_for(lambda: not pool._work_queue.qsize())
        machine.may_end.set()
        assert not any(each.result() for each in [first, *others])
    assert machine.looks <= 3  # a caller that had just started may check once more


def test_what_was_found_meanwhile_is_newer_than_what_a_look_finds() -> None:
    machine = Slow()
    assert machine.health.report_failure("the ids")
    wait_for(lambda: machine.looks == 1)
    assert machine.health.report_failure("the ids, again")
    changes_before = machine.changes
    machine.may_end.set()
    wait_for(lambda: machine.changes > changes_before)
    assert machine.looks == 2 or machine.health.reason == "the ids, again"
    wait_for(lambda: machine.health.reason == "")
    assert machine.looks >= 2


def test_it_looks_less_and_less_often_as_long_as_no_stage_begins(machine: Machine) -> None:
    for pause in (0.02, 0.04, 0.04):
        assert machine.health.report_failure("ids")
        wait_for(lambda: machine.health.reason == "")
        assert machine.health._delay == pause
    machine.health.report_success()
    assert machine.health._delay == 0.01


@pytest.mark.parametrize(
    ("number", "is_short"), [(errno.ENOSPC, True), (errno.EMFILE, True), (errno.ELOOP, False)]
)
def test_being_short_is_the_system_s_word(number: int, is_short: bool) -> None:
    assert health.is_resource_shortage(OSError(number, "x")) is is_short


@pytest.mark.parametrize(
    ("left", "lack"),
    [
        ({"f_bavail": 63}, "can't write to its disk: only space reserved for root is left"),
        ({"f_bavail": 64}, None),
        ({"f_bavail": 0, "f_blocks": 0}, None),
        ({"f_favail": 0}, "its disk has no inodes left"),
        ({"f_files": 0, "f_favail": 0}, None),
    ],
)
def test_a_disk_that_takes_root_s_files_alone_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: dict[str, int], lack: str | None
) -> None:
    """As ext4 is once only its reserved blocks are left."""
    disk = {
        "f_blocks": 9000,
        "f_bavail": 1000,
        "f_frsize": 4096,
        "f_files": 10,
        "f_favail": 10,
        **left,
    }
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(**disk))
    layout = Layout(tmp_path)
    layout.make()
    rooms = detect(layout, most="none")
    assert health.find_problem(rooms, UidAllocator(layout.identities)) == lack


def test_a_look_does_what_every_beginning_does(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.make()
    rooms, identities = detect(layout, most="none"), UidAllocator(layout.identities)
    assert health.find_problem(rooms, identities) is None
    layout.attempts.rmdir()
    assert (
        health.find_problem(rooms, identities)
        == "can't write to its disk: No such file or directory"
    )


def test_a_canary_sandbox_has_no_control_groups_which_attempts_or_canaries_might_share(
    tmp_path: Path,
) -> None:
    layout, asked = Layout(tmp_path), list[str]()
    layout.make()
    Sandboxes(layout, "processes", groups=lambda name: (asked.append(name), ())[1]).find_problem()
    assert asked == []
