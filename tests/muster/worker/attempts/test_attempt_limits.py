"""An attempt that exceeds its limits fails with its own code, and affects no other."""

import os
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Failed, Lost, StageFinished
from muster.worker import processes
from muster.worker.agents.health import AgentHealth
from muster.worker.limits import cgroup
from muster.worker.limits.cgroup import CgroupsUnavailable
from muster.worker.shim import client as shim_client
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.limits.attacks import EATER
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]

LITTLE = {"memory": 64 << 20, "disk": 64 << 20}
EAT = "python3 -I -S -c '" + EATER[-1].replace("(4 << 10)", "(1 << 10)") + "'"
FILL = "head -c 128M /dev/zero > big; sleep 60"


@pytest.fixture(params=["with groups", "without"])
def limited_worker(
    worker: WorkerHome, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> WorkerHome:
    def none(_: Path) -> None:
        raise CgroupsUnavailable("not wanted")

    if request.param == "without":
        monkeypatch.setattr(cgroup, "find_groups", none)
    return worker.run_daemon(worker.make_daemon(limits=LITTLE))


@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param(EAT, "memory_exceeded", id="memory"),
        pytest.param(FILL, "disk_exceeded", id="disk"),
    ],
)
def test_who_wants_too_much_fails_by_name_and_counts_for_no_agent(
    limited_worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, script: str, code: str
) -> None:
    counted: list[object] = []
    monkeypatch.setattr(AgentHealth, "record_failure", lambda *arguments: counted.append(arguments))
    server, agent = limited_worker.server, limited_worker.layout.home.parent / "agent"
    agent.write_text(script)
    limited_worker.run("", kind="agent", agent_command=f"sh {agent}")
    failed = server.wait_for_report(Failed)
    assert failed.code == code
    limit = code.removesuffix("_exceeded")
    assert f"exceeded the attempt's {limit} limit of 64 MiB" in failed.message
    assert server.bodies(StageFinished) == []
    assert limited_worker.stages() == []
    assert counted == []
    limited_worker.run("true", task_id=8)
    server.wait_for_report(StageFinished)


def test_a_stage_within_its_limits_notices_nothing(limited_worker: WorkerHome) -> None:
    limited_worker.run("head -c 1M /dev/zero > small; for i in $(seq 100); do true & done; wait")
    limited_worker.server.wait_for_report(StageFinished)
    assert milestones(limited_worker)[-1] == "StageFinished"


def test_a_sandbox_whose_shim_is_killed_ends_whatever_hides_in_it(worker: WorkerHome) -> None:
    try:
        groups = cgroup.find_groups(worker.layout.home)
    except CgroupsUnavailable as reason:
        pytest.skip(str(reason))
    server = worker.start().server
    hidden = "env -i setsid sh -c 'trap : TERM HUP; while :; do sleep 61.5; done'"
    worker.run(f"{hidden} & sleep 0.2; echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    shim = shim_client.attach(worker.layout.attempt(AttemptKey(7, 1)))
    assert shim is not None
    found = processes.find(shim.fetch_state().pid)
    assert found is not None
    processes.kill([found])
    server.wait_for_report(Lost)
    shim.close()
    assert processes.find_by_arguments("sleep", "61.5") == []
    assert [path for path in groups.paths_for_sandbox("7-1-0") if os.path.exists(path)] == []
