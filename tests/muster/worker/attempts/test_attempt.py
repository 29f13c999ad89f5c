import signal
import threading

import msgspec
import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Author,
    Capability,
    Checkpoint,
    DiffStat,
    Failed,
    Forget,
    Lost,
    Note,
    Publish,
    Published,
    Repo,
    StageFinished,
    StageStarted,
    Stale,
    Stop,
    Stopped,
    Undrain,
    WorkspaceFacts,
)
from muster.worker import processes
from muster.worker.attempts.shim_side import AttemptShim
from muster.worker.shim import client as shim_client
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["repository", "root", "worker"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)
    monkeypatch.setattr("muster.worker.attempts.workspace_side._PUSH_PAUSES", (0.01,))


def milestones(worker: WorkerHome) -> list[str]:
    """What was reported, without notes and facts."""
    quiet = (Note, WorkspaceFacts)
    return [type(body).__name__ for body in worker.server.bodies() if not isinstance(body, quiet)]


def test_a_stage_runs_in_a_workspace_and_its_work_is_pushed(worker: WorkerHome) -> None:
    worker.start().run("echo changed >> README; echo done")
    finished = worker.server.until_said(StageFinished)

    assert milestones(worker) == ["Accepted", "StageStarted", "Checkpoint", "StageFinished"]
    assert finished == StageFinished(0, len(b"done\r\n"), "exit", 0)
    assert worker.server.until(worker.server.log) == b"done\r\n"
    made = worker.server.until_said(Checkpoint)
    assert worker.repository.refs()[made.ref] == made.commit
    assert made.ref == "refs/muster/7/1/0"
    author = worker.repository.git("log", "-1", "--format=%an <%ae>", made.commit)
    assert author == "Ada Dev <ada@dev.example>"


def test_a_task_goes_from_its_first_stage_to_a_branch_and_leaves_nothing(
    worker: WorkerHome,
) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.until_said(StageFinished)
    worker.run("echo two > two; cat one", stage_index=1)
    server.until_said(StageFinished, 2)
    server.send(Publish(7, 1))
    published = server.until_said(Published)
    assert published == Published(BRANCH, published.commit, DiffStat(2, 2, 0))
    assert worker.repository.refs()[f"refs/heads/{BRANCH}"] == published.commit
    assert server.log() == b"one\r\n"

    worker.forget()
    server.until(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")
    assert not [ref for ref in worker.repository.refs() if ref.startswith("refs/muster")]
    layout = worker.layout
    for directory in (layout.attempts, layout.workspaces, layout.homes, layout.identities):
        assert list(directory.iterdir()) == []


def test_what_was_never_this_machines_goes_and_its_checkpoints_stay(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    made = server.until_said(Checkpoint)
    server.until_said(StageFinished)
    server.send(Forget(7, 1, keep_checkpoints=True))
    server.until(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")
    assert worker.repository.refs()[made.ref] == made.commit
    assert list(worker.layout.workspaces.iterdir()) == []


def test_an_attempt_may_begin_with_the_push_of_anothers_work(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    made = server.until_said(Checkpoint)
    stage = worker.stage("")
    branch = BRANCH.replace("-1", "-2")
    repo = msgspec.structs.replace(stage.repo, branch=branch, resume_from=made.ref)
    order = Publish(7, 2, repo, stage.author)
    server.send(order)
    server.send(order)
    published = server.until_said(Published)
    assert published == Published(branch, made.commit, DiffStat(1, 1, 0))
    assert worker.repository.refs()[f"refs/heads/{branch}"] == made.commit
    assert milestones(worker)[-2:] == ["Accepted", "Published"]


def test_a_push_of_what_nobody_has_any_more_fails(worker: WorkerHome) -> None:
    worker.start()
    stage = worker.stage("")
    repo = msgspec.structs.replace(stage.repo, resume_from="refs/muster/7/1/0")
    worker.server.send(Publish(7, 2, repo, stage.author))
    assert worker.server.until_said(Failed).code == "checkpoint_missing"


def test_a_daemon_that_dies_pushing_anothers_work_pushes_it_when_told_again(
    worker: WorkerHome,
) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    made = server.until_said(Checkpoint)
    server.until_said(StageFinished)
    stage = worker.stage("")
    repo = msgspec.structs.replace(stage.repo, resume_from=made.ref)
    worker.leave()
    worker.join()
    worker.spawn()
    server.until_connected(2)
    server.send(Publish(7, 2, repo, stage.author))
    server.until(lambda: "Accepted" in milestones(worker)[3:])
    worker.kill()
    worker.start()
    server.until_connected(3)
    server.send(Publish(7, 2, repo, stage.author))
    assert server.until_said(Published).commit == made.commit


def test_the_workspace_is_described_once_it_is_ready_and_after_each_stage(
    worker: WorkerHome,
) -> None:
    server = worker.start().server
    worker.run("echo more >> README")
    facts = server.until(lambda: [f for f in server.bodies(WorkspaceFacts) if f.diff])[0]
    assert facts.diff == DiffStat(1, 1, 0)
    assert facts.size_bytes > 0
    assert [f.state for f in server.bodies(WorkspaceFacts)] == ["preparing", "ready", "ready"]
    assert facts.branch == BRANCH


def test_a_stage_that_fails_leaves_no_checkpoint(worker: WorkerHome) -> None:
    worker.start().run("echo oh; exit 3")
    finished = worker.server.until_said(StageFinished)
    assert (finished.how, finished.code) == ("exit", 3)
    assert worker.server.bodies(Checkpoint) == []


def test_a_stage_over_its_time_is_ended(worker: WorkerHome) -> None:
    worker.start().run("sleep 60", timeout=0.3)
    assert worker.server.until_said(StageFinished).how == "timeout"
    assert worker.stages() == []


def test_an_agent_gets_its_text_as_one_argument(worker: WorkerHome) -> None:
    text = """quotes ' " and $(touch /tmp/x) {braces} and\na line; `more` \\"""
    worker.start()
    order = worker.stage(text, kind="agent", agent_command="printf <%s> {prompt}")
    worker.server.send(order)
    worker.server.until_said(StageFinished)
    expected = f"<{text}>".encode().replace(b"\n", b"\r\n")
    assert worker.server.until(lambda: worker.server.log().endswith(b">") and worker.server.log())
    assert worker.server.log() == expected


def test_a_stages_environment_holds_the_task_and_its_secrets_masked(worker: WorkerHome) -> None:
    worker.start().run(
        'echo "$MUSTER_DESCRIPTION|$MUSTER_PROJECT|$MUSTER_STAGE|$MUSTER_BRANCH|$COLOR|$KEY"',
        env={"COLOR": "blue"},
        secrets={"KEY": "hush-hush"},
    )
    worker.server.until_said(StageFinished)
    expected = f"do it|shop|develop|{BRANCH}|blue|********\r\n".encode()
    assert worker.server.until(worker.server.log) == expected


def test_an_unreachable_repository_fails_the_attempt_in_gits_words(worker: WorkerHome) -> None:
    nowhere = str(worker.repository.path.parent / "nowhere.git")
    worker.start().run("true", repo=Repo(nowhere, "main", BRANCH))
    failed = worker.server.until_said(Failed)
    assert failed.code == "repository_unreachable"
    assert nowhere in failed.message
    # The machine stays healthy.
    worker.run("true", task_id=8)
    worker.server.until_said(StageFinished)


def test_a_missing_agent_fails_the_attempt_and_degrades_after_three(worker: WorkerHome) -> None:
    server = worker.start().server
    for task_id in (11, 12, 13):
        order = worker.stage("hi", task_id=task_id, kind="agent", agent_command="no-such-agent")
        server.send(order)
    failed = server.until_said(Failed, 3)
    assert failed.code == "binary_missing"
    assert "no-such-agent" in failed.message

    def told() -> list[Capability]:
        lists = [beat.capabilities or [] for _, beat in server.heartbeats]
        return [c for each in lists for c in each if c.agent_type == "custom" and not c.healthy]

    assert server.until(told)[0].reason == "binary_missing"


def test_a_checkpoint_that_the_remote_refuses_costs_a_warning(worker: WorkerHome) -> None:
    worker.repository.hook("update", 'case "$1" in refs/muster/*) echo no >&2; exit 1;; esac')
    worker.start().run("echo x > x")
    worker.server.until_said(StageFinished)
    notes = worker.server.bodies(Note)
    assert any(n.level == "warning" and "checkpoint refused" in n.text for n in notes)
    assert worker.server.bodies(Checkpoint) == []


def test_a_branch_that_the_remote_refuses_fails_the_attempt(worker: WorkerHome) -> None:
    worker.repository.hook("update", 'case "$1" in refs/heads/*) echo never >&2; exit 1;; esac')
    server = worker.start().server
    worker.run("true")
    server.until_said(StageFinished)
    server.send(Publish(7, 1))
    failed = server.until_said(Failed)
    assert failed.code == "publish_failed"
    assert "never" in failed.message


def test_a_stopped_stage_is_gone_with_all_its_children(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("(sleep 61 & sleep 62 &) ; echo up; sleep 60")
    server.until(lambda: b"up" in server.log())
    server.send(Stop(7, 1, "cancelled"))
    server.until_said(Stopped)
    assert worker.stages() == []
    assert server.bodies(StageFinished) == []


def test_a_stale_attempt_is_killed_too(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up; sleep 60")
    server.until(lambda: b"up" in server.log())
    server.send(Stale(7, 1))
    server.until_said(Stopped)
    assert worker.stages() == []


def test_what_is_being_prepared_can_be_stopped(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = worker.start().server
    blocked = worker.repository.path.parent / "blocked"
    monkeypatch.setattr("muster.worker.attempts.workspace_side.prepare", _prepare_until(blocked))
    worker.run("true")
    server.until_said(WorkspaceFacts)
    server.send(Stop(7, 1, "cancelled"))
    server.until_said(Stopped)
    assert server.bodies(Failed) == []
    assert server.bodies(StageStarted) == []


def _prepare_until(_: object) -> object:
    from muster.worker.git.workspace import WorkspaceError

    def prepare(request: object, note: object, cancelled: object) -> None:
        assert cancelled.wait(20)  # type: ignore[attr-defined]
        raise WorkspaceError("cancelled", "git fetch was cancelled")

    return prepare


def test_a_repeated_order_changes_nothing(worker: WorkerHome) -> None:
    server = worker.start().server
    order = worker.run("echo once")
    server.send(order)
    server.until_said(StageFinished)
    server.send(order)
    worker.run("echo twice", stage_index=1)
    server.until_said(StageFinished, 2)
    assert server.until(lambda: server.log().endswith(b"twice\r\n"))
    assert server.log() == b"once\r\ntwice\r\n"
    stage = ["StageStarted", "Checkpoint", "StageFinished"]
    assert milestones(worker) == ["Accepted", *stage, *stage]


def test_at_a_gate_an_attempt_holds_no_process(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt._REST", 0.05)
    rested = threading.Event()
    rest = AttemptShim.rest
    monkeypatch.setattr(AttemptShim, "rest", lambda self: (rest(self), rested.set()))
    server = worker.start().server
    worker.run("echo one")
    server.until_said(StageFinished)
    assert rested.wait(10)
    assert shim_client.attach(worker.layout.attempt(AttemptKey(7, 1))) is None
    worker.run("echo two", stage_index=1)
    server.until_said(StageFinished, 2)
    assert server.until(lambda: server.log() == b"one\r\ntwo\r\n")


def threads_of(worker: WorkerHome) -> list[str]:
    """Those that an attempt or its shim holds."""
    return [t.name for t in threading.enumerate() if t.name in ("attempt-7-1", "shim-link")]


def test_at_a_gate_an_attempt_holds_no_thread_and_wakes_when_it_is_ordered(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt._REST", 0.05)
    server = worker.start().server
    for index in range(3):
        worker.run(f"echo {index}", stage_index=index)
        server.until_said(StageFinished, index + 1)
        server.until(lambda: not threads_of(worker))
    worker.leave()
    worker.start()
    server.until(lambda: not threads_of(worker))
    worker.run("echo 3", stage_index=3)
    server.until_said(StageFinished, 4)
    assert server.until(lambda: server.log() == b"0\r\n1\r\n2\r\n3\r\n")
    worker.forget()
    server.until(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")


def test_an_order_for_which_there_is_no_thread_may_come_again(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt._REST", 0.05)
    server = worker.start().server
    worker.run("echo one")
    server.until_said(StageFinished)
    server.until(lambda: not threads_of(worker))
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "attempt-7-1":
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", refuse)
        worker.run("echo two", stage_index=1)
        server.until_connected(2)
        assert server.hellos[-1].attempts[0].stage_index == 0
    worker.run("echo two", stage_index=1)
    server.until_said(StageFinished, 2)


def test_a_forget_ends_what_still_runs(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up; sleep 60")
    server.until(lambda: b"up" in server.log())
    worker.forget()
    server.until(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")
    assert list(worker.layout.attempts.iterdir()) == []


def test_an_attempt_begins_where_a_checkpoint_ended(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    made = server.until_said(Checkpoint)
    repo = Repo(worker.repository.url, "main", "muster/7-2", resume_from=made.ref)
    worker.run("cat one", stage_index=1, attempt=2, repo=repo)
    server.until_said(StageFinished, 2)
    assert server.until(lambda: server.log(7, 2)) == b"one\r\n"


def test_orders_for_strangers_are_answered(worker: WorkerHome) -> None:
    server = worker.start().server
    server.send(Stop(99, 1, "cancelled"))
    server.until_said(Stopped)
    server.send(Publish(99, 1))
    server.until_said(Lost)
    worker.forget()
    assert server.until_said(WorkspaceFacts).state == "removed"


def test_what_is_kept_of_an_order_holds_no_secret(worker: WorkerHome) -> None:
    worker.start().run("true", secrets={"KEY": "hush-hush"}, env={"COLOR": "blue"})
    worker.server.until_said(StageFinished)
    kept = (worker.layout.attempt(AttemptKey(7, 1)) / "attempt.json").read_bytes()
    assert msgspec.json.decode(kept)["author"]["name"] == Author("Ada Dev", "").name
    for secret in (b"hush-hush", b"blue", b"do it"):
        assert secret not in kept
    everything = [p.read_bytes() for p in worker.layout.journal.iterdir()]
    assert not any(b"hush-hush" in content for content in everything)


def test_nothing_is_begun_while_the_lease_is_over(worker: WorkerHome) -> None:
    server = worker.server
    server.lease_seconds = 0.0
    worker.start().run("echo ran")
    server.until(lambda: [f for f in server.bodies(WorkspaceFacts) if f.state == "ready"])
    beats = len(server.heartbeats)
    server.until(lambda: len(server.heartbeats) > beats + 2)
    assert server.bodies(StageStarted) == []
    server.lease_seconds = 60.0
    server.line.cut()
    server.until_said(StageStarted)


def test_a_stage_is_not_begun_by_a_shim_that_wakes_up_after_it_was_given_up(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, attempt = worker.server, worker.layout.attempt(AttemptKey(7, 1))
    worker.start().run("true")
    server.until_said(StageFinished)
    shim = shim_client.attach(attempt)
    assert shim is not None
    found = processes.find(shim.state().pid)
    shim.close()
    assert found is not None
    processes.send(found, signal.SIGSTOP)
    monkeypatch.setattr("muster.worker.shim.link.PATIENCE", 0.5)
    worker.run("echo ran", stage_index=1)
    assert server.until_said(Lost).reason == "the shim died before the stage began"
    processes.send(found, signal.SIGCONT)
    state = shim_client.read_state(attempt)
    assert state is not None
    assert state.stage_index == 0
    assert shim_client.attach(attempt) is None


def test_what_has_ended_while_the_lease_was_over_is_not_begun(worker: WorkerHome) -> None:
    server = worker.server
    server.lease_seconds = 0.0
    worker.start().run("echo ran")
    server.until(lambda: [f for f in server.bodies(WorkspaceFacts) if f.state == "ready"])
    server.lease_seconds, server.beats = 60.0, False
    server.line.cut()
    server.until_connected(2)
    for _ in range(4):
        beats = len(server.heartbeats)
        server.until(lambda beats=beats: len(server.heartbeats) > beats)
        server.send(Undrain())  # a sign of life that prolongs nothing
    server.send(Stop(7, 1, "lost"))  # as a server does before it answers a heartbeat
    server.beats = True
    server.until_said(Stopped)
    assert server.bodies(StageStarted) == []


def test_a_machine_that_hears_nothing_ends_its_stages_itself(worker: WorkerHome) -> None:
    server = worker.server
    server.lease_seconds = 2.0
    worker.start().run("echo up; sleep 60")
    server.until_said(StageStarted)
    server.beats = False
    server.heartbeat_seconds = 60.0
    server.line.cut()
    assert server.until_said(StageFinished).how == "lease"
