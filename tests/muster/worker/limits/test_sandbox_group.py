"""The kernel enforces a sandbox's limits, and kills what exceeds them; nothing else suffers."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.worker import processes
from muster.worker.limits.cgroup import ControlGroups
from muster.worker.limits.limits import StageLimits
from muster.worker.limits.sandbox_group import SandboxGroup
from tests.muster.worker.limits.attacks import BOMB, EATER, PYTHON, SLEEP
from tests.muster.worker.shim_stages import Stages

MakeLimits = Callable[..., StageLimits]


@pytest.fixture
def make_limits(groups: ControlGroups) -> MakeLimits:
    """Limits that control groups enforce."""

    def limits(**more: int) -> StageLimits:
        usual = StageLimits(1 << 30, 500, 256, 1 << 30, groups=groups.paths_for_sandbox("7-1-0"))
        return usual._replace(**more)

    return limits


def test_who_eats_memory_dies_alone(stages: Stages, make_limits: MakeLimits) -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander:
        end = stages.run(*EATER, limits=make_limits(memory=64 << 20))
        assert bystander.poll() is None
        bystander.kill()
    assert (end.how, end.code) == ("limit", 128 + 9)
    assert end.message.startswith(
        "memory_exceeded it exceeded the attempt's memory limit of 64 MiB (64 MiB in use"
    )
    assert stages.run("true", index=1).how == "exit"


def test_a_sandbox_that_the_kernel_ended_before_its_first_output_hit_its_limit(
    stages: Stages, make_limits: MakeLimits
) -> None:
    end = stages.run("true", room=list(EATER), limits=make_limits(memory=64 << 20))
    assert (end.how, end.message.split()[0]) == ("limit", "memory_exceeded")


def test_a_stage_whose_child_eats_memory_ends_as_well(
    stages: Stages, make_limits: MakeLimits
) -> None:
    script = 'echo $$; "$@" & wait; sleep 60'
    end = stages.run("sh", "-c", script, "sh", *EATER, limits=make_limits(memory=64 << 20))
    assert (end.how, end.message.split()[0]) == ("limit", "memory_exceeded")
    assert processes.find(int(stages.output().split()[0])) is None


def test_a_fork_bomb_is_bounded_and_ended(stages: Stages, make_limits: MakeLimits) -> None:
    end = stages.run(*BOMB, limits=make_limits(processes=50))
    assert (end.how, end.message.split()[0]) == ("limit", "processes_exceeded")
    assert "limit of 50 processes, including threads (50 at once)" in end.message
    assert processes.find_by_arguments("sleep", SLEEP) == []


def test_who_copes_with_a_refused_fork_has_done_nothing_wrong(
    stages: Stages, make_limits: MakeLimits
) -> None:
    script = (
        "import os, time\n"
        "born = []\n"
        "try:\n"
        "    while len(born) < 100:\n"
        "        if not (pid := os.fork()): time.sleep(60)\n"
        "        born.append(pid)\n"
        "except OSError as error: print(error.strerror)\n"
        "for pid in born: os.kill(pid, 9)\n"
        "raise SystemExit({status})"
    )
    copes = stages.run(*PYTHON, script.format(status=0), limits=make_limits(processes=20))
    assert b"Resource temporarily unavailable" in stages.output()
    assert (copes.how, copes.code) == ("exit", 0)
    fails = stages.run(*PYTHON, script.format(status=1), index=1, limits=make_limits(processes=20))
    assert (fails.how, fails.message.split()[0]) == ("limit", "processes_exceeded")


def test_many_small_processes_hurt_nobody(stages: Stages, make_limits: MakeLimits) -> None:
    script = "for i in $(seq 300); do /bin/true & done; wait; ulimit -n"
    end = stages.run("sh", "-c", script, limits=make_limits(memory=256 << 20))
    assert (end.how, end.code, stages.output().split()) == ("exit", 0, [b"256"])


def test_nothing_is_left_of_a_sandbox_that_escaped_its_session(
    stages: Stages, make_limits: MakeLimits
) -> None:
    limits = make_limits()
    end = stages.run(
        "sh", "-c", "setsid sh -c 'trap \"\" TERM; sleep 60' & sleep 0.1", limits=limits
    )
    assert end.how == "exit"
    assert [path for path in limits.groups if os.path.exists(path)] == []


def test_who_was_told_to_end_may_not_use_its_time_to_eat(
    stages: Stages, make_limits: MakeLimits
) -> None:
    script = "trap '\"$@\"' TERM; echo up; while :; do sleep 0.05; done"
    stages.start("sh", "-c", script, "sh", *EATER, limits=make_limits(memory=64 << 20))
    stages.wait_for(b"up")
    stages.shim.stop(grace=50.0)
    assert stages.wait().how == "stopped"


def test_a_group_that_is_killed_lets_nothing_be_forked(make_limits: MakeLimits) -> None:
    group = SandboxGroup(make_limits().groups, make_limits())
    script = (
        "import os, sys; sys.stdin.readline()\n"
        "try: os.fork() or os._exit(0); print('forked')\n"
        "except OSError as error: print(error.strerror)"
    )
    with subprocess.Popen(
        [*PYTHON, script],
        preexec_fn=group.enter,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forker:
        for directory in make_limits().groups:
            pids = (Path(directory) / "cgroup.procs").read_text().split()
            assert pids == [str(forker.pid)]
        assert not group.remove()
        group.kill()
        output, _ = forker.communicate("go\n")
    # Where the kernel kills a whole group it has not even come to that.
    assert output in ("Resource temporarily unavailable\n", "")
    assert group.remove()


def test_a_group_that_a_daemon_removes_before_its_first_process_is_made_again(
    groups: ControlGroups, make_limits: MakeLimits
) -> None:
    group = SandboxGroup(make_limits().groups, make_limits(processes=50))
    groups.remove_empty()
    with subprocess.Popen(["sleep", "60"], preexec_fn=group.enter) as sleeper:
        for directory in map(Path, make_limits().groups):
            assert (directory / "cgroup.procs").read_text().split() == [str(sleeper.pid)]
        files = [file for each in make_limits().groups for file in Path(each).glob("pids.max")]
        assert [file.read_text() for file in files] == ["50\n"]
        sleeper.kill()
    assert group.remove()


def test_groups_that_an_earlier_shim_left_are_taken_over(
    stages: Stages, make_limits: MakeLimits
) -> None:
    SandboxGroup(make_limits().groups, make_limits(memory=2 << 30))
    SandboxGroup(make_limits().groups, make_limits(memory=64 << 20))
    again = make_limits(memory=128 << 20)
    end = stages.run(sys.executable, "-c", "print(1)", limits=again)
    assert (end.how, end.code) == ("exit", 0)


def test_where_no_group_can_be_made_it_is_added_up(stages: Stages, make_limits: MakeLimits) -> None:
    limits = make_limits(memory=64 << 20)._replace(groups=["/sys/fs/cgroup/no/such/place"])
    end = stages.run(*EATER, limits=limits)
    assert (end.how, end.message.split()[0]) == ("limit", "memory_exceeded")
