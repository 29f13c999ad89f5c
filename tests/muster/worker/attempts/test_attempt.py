"""An attempt's stages run in its workspace, with their inputs, and are reported."""

import os
from pathlib import Path

import msgspec
import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Author,
    Capability,
    Checkpoint,
    DiffStat,
    Failed,
    Lost,
    Publish,
    Published,
    Repo,
    StageFinished,
    StageStarted,
    Stop,
    Stopped,
    WorkspaceFacts,
)
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.fake_server import FakeServer
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


def test_a_stage_runs_in_a_workspace_and_its_work_is_pushed(worker: WorkerHome) -> None:
    worker.start().run("echo changed >> README; echo done")
    finished = worker.server.wait_for_report(StageFinished)

    assert milestones(worker) == ["Accepted", "StageStarted", "Checkpoint", "StageFinished"]
    assert finished == StageFinished(0, len(b"done\r\n"), "exit", 0)
    assert worker.server.wait_for(worker.server.log) == b"done\r\n"
    made = worker.server.wait_for_report(Checkpoint)
    assert worker.repository.refs()[made.ref] == made.commit
    assert made.ref == "refs/muster/7/1/0"
    author = worker.repository.git("log", "-1", "--format=%an <%ae>", made.commit)
    assert author == "Ada Dev <ada@dev.example>"


def test_the_next_run_of_a_stage_is_reported_in_addition(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    worker.leave()
    worker.start()
    (held,) = server.hellos[-1].attempts
    assert (held.stage_index, held.run, held.state) == (0, 0, "waiting")
    worker.run("echo two > two; cat one", run=1)
    finished = server.wait_for_report(StageFinished, 2)
    assert finished == StageFinished(0, len(b"one\r\n"), "exit", 0, run=1)
    assert [report.run for report in server.bodies(StageStarted)] == [0, 1]
    first, second = server.bodies(Checkpoint)
    assert (first.run, second.run, first.ref) == (0, 1, second.ref)
    assert worker.repository.refs()[second.ref] == second.commit != first.commit
    worker.leave()
    worker.start()
    (held,) = server.hellos[-1].attempts
    assert (held.stage_index, held.run, held.state) == (0, 1, "waiting")


def test_a_task_goes_from_its_first_stage_to_a_branch_and_leaves_nothing(
    worker: WorkerHome,
) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    worker.run("echo two > two; cat one", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    server.send(Publish(7, 1))
    published = server.wait_for_report(Published)
    assert published == Published(BRANCH, published.commit, DiffStat(2, 2, 0), tree=published.tree)
    assert published.tree
    assert worker.repository.refs()[f"refs/heads/{BRANCH}"] == published.commit
    assert server.log() == b"one\r\n"

    worker.forget()
    server.wait_for(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")
    assert not [ref for ref in worker.repository.refs() if ref.startswith("refs/muster")]
    layout = worker.layout
    for directory in (layout.attempts, layout.workspaces, layout.homes):
        assert list(directory.iterdir()) == []
    assert "7-1" not in [str(claim.readlink()) for claim in layout.identities.iterdir()]


def test_the_workspace_is_described_once_it_is_ready_and_after_each_stage(
    worker: WorkerHome,
) -> None:
    server = worker.start().server
    worker.run("echo more >> README")
    facts = server.wait_for(lambda: [f for f in server.bodies(WorkspaceFacts) if f.diff])[0]
    assert facts.diff == DiffStat(1, 1, 0)
    assert facts.size_bytes > 0
    assert [f.state for f in server.bodies(WorkspaceFacts)] == ["preparing", "ready", "ready"]
    assert facts.branch == BRANCH


def test_a_stage_that_fails_leaves_no_checkpoint(worker: WorkerHome) -> None:
    worker.start().run("echo oh; exit 3")
    finished = worker.server.wait_for_report(StageFinished)
    assert (finished.how, finished.code) == ("exit", 3)
    assert worker.server.bodies(Checkpoint) == []


def test_a_stage_over_its_time_is_ended(worker: WorkerHome) -> None:
    worker.start().run("sleep 60", timeout=0.3)
    assert worker.server.wait_for_report(StageFinished).how == "timeout"
    assert worker.stages() == []


def test_an_agent_gets_its_text_as_one_argument(worker: WorkerHome) -> None:
    text = """quotes ' " and $(touch /tmp/x) {braces} and\na line; `more` \\"""
    worker.start()
    order = worker.stage(text, kind="agent", agent_command="printf <%s> {prompt}")
    worker.server.send(order)
    worker.server.wait_for_report(StageFinished)
    expected = f"<{text}>".encode().replace(b"\n", b"\r\n")
    assert worker.server.wait_for(
        lambda: worker.server.log().endswith(b">") and worker.server.log()
    )
    assert worker.server.log() == expected


def test_a_stages_environment_holds_the_task_and_its_secrets_masked(worker: WorkerHome) -> None:
    worker.start().run(
        'echo "$MUSTER_DESCRIPTION|$MUSTER_PROJECT|$MUSTER_STAGE|$MUSTER_BRANCH|$COLOR|$KEY"',
        env={"COLOR": "blue"},
        secrets={"KEY": "hush-hush"},
    )
    worker.server.wait_for_report(StageFinished)
    expected = f"do it|shop|develop|{BRANCH}|blue|********\r\n".encode()
    assert worker.server.wait_for(worker.server.log) == expected


def test_an_unreachable_repository_fails_the_attempt_in_gits_words(worker: WorkerHome) -> None:
    nowhere = str(worker.repository.path.parent / "nowhere.git")
    worker.start().run("true", repo=Repo(nowhere, "main", BRANCH))
    failed = worker.server.wait_for_report(Failed)
    assert failed.code == "repository_unreachable"
    assert nowhere in failed.message
    # The machine stays healthy.
    worker.run("true", task_id=8)
    worker.server.wait_for_report(StageFinished)


def test_a_misspelt_command_fails_its_own_project_and_takes_nothing_from_others(
    worker: WorkerHome,
) -> None:
    server = worker.start().server
    for task_id in (11, 12, 13):
        order = worker.stage("hi", task_id=task_id, kind="agent", agent_command="no-such-agent")
        server.send(order)
    failed = server.wait_for_report(Failed, 3)
    assert failed.code == "binary_missing"
    assert "no-such-agent" in failed.message
    worker.run("hi", task_id=14, kind="agent", project="other", agent_command="printf {prompt}")
    server.wait_for_report(StageFinished)
    assert [c for c in _capabilities_of(server, "custom") if not c.healthy] == []


def test_an_agent_that_fails_in_two_projects_is_degraded(
    worker: WorkerHome, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude = root / "claude"
    claude.write_text("#!/bin/sh\necho 401 Unauthorized; exit 1\n")
    claude.chmod(0o755)
    monkeypatch.setenv("PATH", f"{root}:{os.environ['PATH']}")
    server = worker.start().server
    for task_id, project in ((11, "shop"), (12, "shop"), (13, "shop"), (14, "other")):
        worker.run("hi", task_id=task_id, kind="agent", agent="claude", project=project)
    server.wait_for_report(StageFinished, 4)

    def unhealthy_reports() -> list[Capability]:
        return [c for c in _capabilities_of(server, "claude") if not c.healthy]

    assert server.wait_for(unhealthy_reports)[0].reason == "auth_failure"


def _capabilities_of(server: FakeServer, agent: str) -> list[Capability]:
    lists = [beat.capabilities or [] for _, beat in server.heartbeats]
    return [each for capabilities in lists for each in capabilities if each.agent_type == agent]


def test_a_repeated_order_changes_nothing(worker: WorkerHome) -> None:
    server = worker.start().server
    order = worker.run("echo once")
    server.send(order)
    server.wait_for_report(StageFinished)
    server.send(order)
    worker.run("echo twice", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert server.wait_for(lambda: server.log().endswith(b"twice\r\n"))
    assert server.log() == b"once\r\ntwice\r\n"
    stage = ["StageStarted", "Checkpoint", "StageFinished"]
    assert milestones(worker) == ["Accepted", *stage, *stage]


def test_an_attempt_begins_where_a_checkpoint_ended(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    made = server.wait_for_report(Checkpoint)
    repo = Repo(worker.repository.url, "main", "muster/7-2", resume_from=made.ref)
    worker.run("cat one", stage_index=1, attempt=2, repo=repo)
    server.wait_for_report(StageFinished, 2)
    assert server.wait_for(lambda: server.log(7, 2)) == b"one\r\n"


def test_orders_for_unknown_attempts_are_answered(worker: WorkerHome) -> None:
    server = worker.start().server
    server.send(Stop(99, 1, "cancelled"))
    server.wait_for_report(Stopped)
    server.send(Publish(99, 1))
    server.wait_for_report(Lost)
    worker.forget()
    assert server.wait_for_report(WorkspaceFacts).state == "removed"


def test_what_is_kept_of_an_order_holds_no_secret(worker: WorkerHome) -> None:
    worker.start().run("true", secrets={"KEY": "hush-hush"}, env={"COLOR": "blue"})
    worker.server.wait_for_report(StageFinished)
    kept = (worker.layout.attempt(AttemptKey(7, 1)) / "attempt.json").read_bytes()
    assert msgspec.json.decode(kept)["author"]["name"] == Author("Ada Dev", "").name
    for secret in (b"hush-hush", b"blue", b"do it"):
        assert secret not in kept
    everything = [p.read_bytes() for p in worker.layout.journal.iterdir()]
    assert not any(b"hush-hush" in content for content in everything)
