"""An attempt continues in the previous one's home, and its agent in its session."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Forget,
    Publish,
    Published,
    Repo,
    StageFinished,
    Stopped,
    Transcript,
    WorkspaceFacts,
)
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts.attempt import Attempt
from muster.worker.git import preparation
from muster.worker.sandbox import homes
from muster.worker.sandbox.uids import Identity
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.attempts.test_start import install
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]

TOLD = "Follow-up, round 2: Faster."
# Prints its prompt, its earlier path, and its session.
AGENT = """\
#!/bin/sh
[ "$*" = --version ] && echo "2.1.197 (Claude Code)" && exit
echo '{"type":"system","subtype":"init","session_id":"s-1"}'
read -r frame
prompt=$(printf %s "$frame" | sed 's/.*"text":"\\([^"]*\\)".*/\\1/')
printf 'told <%s>' "$@" "$prompt"; echo
cat "$HOME/known" work 2>/dev/null
echo known > "$HOME/known"
echo work >> work
"""


@pytest.fixture(autouse=True)
def claude(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install(worker, "claude", AGENT, monkeypatch)


def first(worker: WorkerHome) -> None:
    """An attempt whose agent has run its stage."""
    worker.server.send(worker.stage("Do it.", kind="agent", agent="claude"))
    worker.server.wait_for_report(StageFinished)


def order(worker: WorkerHome, *, ref: str = "refs/muster/7/1/0", **more: Any) -> None:
    """An order to continue in another attempt."""
    repo = Repo(worker.repository.url, "main", "muster/7-2", resume_from=ref)
    given = {"fresh_text": "It was so. Faster.", "continues": 1, "opening": TOLD, **more}
    about: dict[str, Any] = {"kind": "agent", "agent": "claude", "attempt": 2, "repo": repo}
    worker.server.send(worker.stage("Faster.", **about, **given))


def followed(worker: WorkerHome, number: int = 2) -> str:
    """What its agent has printed."""
    end = worker.server.wait_for_report(StageFinished, number)
    assert (end.how, end.code) == ("exit", 0)
    worker.server.wait_for(lambda: len(worker.server.log(7, 2)) == end.log_end)
    return worker.server.log(7, 2).decode()


def test_the_agent_resumes_its_session_in_its_home(worker: WorkerHome) -> None:
    first(worker.start())
    order(worker)
    log = followed(worker)
    assert "<--resume>told <s-1>told <Faster.>" in log
    assert "known\r\nwork" in log
    old, new = (worker.layout.attempt_home(AttemptKey(7, number)) for number in (1, 2))
    assert not old.exists()
    owners = {path.lstat().st_uid for path in [new, *new.rglob("*")]}
    assert owners == {worker.layout.workspace(AttemptKey(7, 2)).stat().st_uid}
    assert worker.server.bodies(Stopped)  # of the attempt before nothing runs


def test_the_transcript_begins_with_the_follow_up(worker: WorkerHome) -> None:
    first(worker.start())
    order(worker)
    followed(worker)
    transcripts = [report for report in worker.server.bodies(Transcript) if report.entries]
    [(begun, opening)] = [
        (report.first + place, entry)
        for report in transcripts
        for place, entry in enumerate(report.entries)
        if entry.title == TOLD
    ]
    assert (begun, opening.kind, opening.data) == (0, "message", {"followUp": True})


def test_an_agent_without_its_home_gets_the_history(worker: WorkerHome) -> None:
    first(worker.start())
    worker.server.send(Forget(7, 1, keep_checkpoints=True))
    worker.server.wait_for(lambda: worker.server.bodies(WorkspaceFacts)[-1].state == "removed")
    order(worker)
    log = followed(worker)
    assert "<--resume>" not in log
    assert "told <It was so. Faster.>" in log
    assert "known" not in log
    assert "work\r\n" in log  # which is in the checkpoint


def test_where_the_workspace_lies_elsewhere_the_conversation_is_not_gone_on_with(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = AttemptState.for_next_attempt
    monkeypatch.setattr(
        AttemptState,
        "for_next_attempt",
        lambda self, number, **_: passed(self, number, talks_on=False),
    )
    first(worker.start())
    order(worker)
    log = followed(worker)
    assert "<--resume>" not in log
    assert "told <It was so. Faster.>" in log
    assert "known\r\n" in log  # but the home is the same


def test_it_continues_from_a_branch_as_well(worker: WorkerHome) -> None:
    first(worker.start())
    worker.server.send(Publish(7, 1))
    worker.server.wait_for_report(Published)
    order(worker, ref="refs/heads/muster/7-1")
    assert "known\r\nwork" in followed(worker)


@pytest.mark.parametrize("moved", [False, True], ids=["before the home moved", "after it"])
def test_a_daemon_that_dies_in_the_passing_leaves_it_to_the_next(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    take, leave = homes.reuse_home, Attempt.detach
    reached, left = threading.Event(), threading.Event()

    def die(layout: Any, before: AttemptKey, key: AttemptKey, identity: Any) -> None:
        if moved:
            os.rename(layout.attempt_home(before), layout.attempt_home(key))
        reached.set()
        assert left.wait(20)
        raise RuntimeError("killed")

    monkeypatch.setattr(Attempt, "detach", lambda self: (leave(self), left.set()))
    first(worker.start())
    monkeypatch.setattr(preparation.homes, "reuse_home", die)
    order(worker)
    assert reached.wait(20)
    worker.leave()
    monkeypatch.setattr(preparation.homes, "reuse_home", take)
    worker.start()
    order(worker)
    log = followed(worker)
    assert "<--resume>told <s-1>" in log
    assert "known\r\nwork" in log


# ---- the home alone, and what may come in between ------------------------------------------------


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["kill", "rename", "chown"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_the_home_is_the_ones_or_the_others_whatever_dies(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    layout, before, key = worker.layout, AttemptKey(7, 1), AttemptKey(7, 2)
    old, new = layout.attempt_home(before), layout.attempt_home(key)
    (old / "a" / "b").mkdir(parents=True)
    (old / "a" / "b" / "file").write_text("known")
    (old / "link").symlink_to("/etc/passwd")
    identity = None
    if os.geteuid() == 0:
        for path in [old, *old.rglob("*")]:
            os.chown(path, 66_901, 66_901, follow_symlinks=False)
        identity = Identity(66_902, layout.identities / "66902")
    place = {
        "kill": (homes, "_kill_owner"),
        "rename": (os, "rename"),
        "chown": (homes, "_change_owner"),
    }
    module, name = place[step]
    real = getattr(module, name)

    def dies(*given: Any) -> None:
        if after:
            real(*given)
        raise Killed

    if identity is None and step != "rename":
        pytest.skip("files change hands where the daemon is root alone")
    with monkeypatch.context() as patched:
        patched.setattr(module, name, dies)
        with pytest.raises(Killed):
            homes.reuse_home(layout, before, key, identity)
    assert old.is_dir() is not new.is_dir()
    assert homes.can_reuse(layout, before, key)
    homes.reuse_home(layout, before, key, identity)
    homes.reuse_home(layout, before, key, identity)
    assert (new / "a" / "b" / "file").read_text() == "known"
    if identity is not None:
        assert {path.lstat().st_uid for path in [new, *new.rglob("*")]} == {66_902}
        assert Path("/etc/passwd").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="files change hands where the daemon is root")
def test_what_is_anothers_in_a_home_stays_anothers(worker: WorkerHome) -> None:
    layout, before, key = worker.layout, AttemptKey(7, 1), AttemptKey(7, 2)
    old = layout.attempt_home(before)
    old.mkdir()
    (old / "of-root").write_text("x")
    os.chown(old, 66_901, 66_901)
    homes.reuse_home(layout, before, key, Identity(66_902, layout.identities / "66902"))
    assert (layout.attempt_home(key) / "of-root").stat().st_uid == 0
    assert layout.attempt_home(key).stat().st_uid == 66_902
