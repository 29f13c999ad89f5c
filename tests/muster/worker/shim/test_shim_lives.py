"""A shim serves only its attempt, is no process's child, and exits when it is unused."""

import os
import select
import threading
from collections.abc import Callable
from pathlib import Path

from muster.worker import processes
from muster.worker.clock import boot_seconds
from muster.worker.shim.client import attach, launch, read_state
from tests.muster.worker.shim_stages import Stages


def test_a_second_launch_finds_the_living_shim(stages: Stages) -> None:
    again = launch(stages.directory)
    assert again.fetch_state().pid == stages.shim.fetch_state().pid
    again.close()


def test_four_launches_at_once_make_one_shim(start: Callable[..., Stages]) -> None:
    found: list[Stages] = []
    threads = [threading.Thread(target=lambda: found.append(start())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({stages.shim.fetch_state().pid for stages in found}) == 1
    assert len(found) == 4


def test_a_path_may_be_longer_than_a_socket_address(tmp_path: Path) -> None:
    directory = tmp_path / ("deep" * 20) / ("deeper" * 20)
    directory.mkdir(parents=True, mode=0o700)
    shim = launch(directory)
    again = attach(directory)
    assert again is not None
    again.close()
    shim.quit()


def test_only_its_owner_can_reach_a_shim(stages: Stages) -> None:
    modes = {path.name: path.stat().st_mode & 0o077 for path in stages.directory.iterdir()}
    assert {name for name, mode in modes.items() if mode} <= {"shim.log"}


def test_a_shim_is_no_child_of_ours(stages: Stages) -> None:
    living = processes.find(stages.shim.fetch_state().pid)
    assert living is not None
    assert living.parent != os.getpid()
    assert living.session != os.getsid(0)


def test_quitting_kills_what_runs_and_keeps_the_record(stages: Stages) -> None:
    stages.start("sleep", "60")
    stages.shim.quit()
    assert attach(stages.directory) is None
    state = read_state(stages.directory)
    assert state is not None
    assert [end.how for end in state.ends] == ["stopped"]


def test_an_attempt_continues_under_a_new_shim(start: Callable[..., Stages]) -> None:
    first = start()
    end = first.run("printf", "one")
    first.shim.quit()
    second = start()
    assert not second.start("printf", "again", index=0)
    assert second.shim.fetch_state().ends == (end,)
    second.run("printf", "two", index=1)
    assert second.output() == b"onetwo"


def test_a_shim_that_nobody_wants_ends_by_itself(start: Callable[..., Stages]) -> None:
    stages = start(idle=1.0)
    stages.shim.extend_lease(boot_seconds() + 0.1)
    pid = stages.shim.fetch_state().pid
    stages.shim.close()
    handle = os.pidfd_open(pid)
    assert select.select([handle], [], [], 20)[0]
    os.close(handle)
    assert attach(stages.directory) is None
