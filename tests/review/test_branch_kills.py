"""A daemon that is killed at every step of the move of its task's branch: it ends at what the last
attempt pushed, which is reported once.
"""

import signal
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Body,
    BranchRefused,
    Publish,
    Published,
    Repo,
    StageFinished,
    Stale,
    Stopped,
    TaskBranch,
)
from muster.worker import processes
from tests.muster.worker.repositories import Repository, repository, root, wait_for
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

KILLS = 40
SEED = 1616

# Waits in the middle of a push: before the remote has taken it, or when it has and says so.
HOOK = """
while read old new ref; do
  if [ "$(cat hold 2>/dev/null)" = "{phase} $ref" ]; then
    touch came; while [ -e hold ]; do sleep 0.02; done
  fi
done
"""


@dataclass(frozen=True)
class PushHold:
    """One push that is held in that phase, while the test does something to who pushes."""

    path: Path

    def on(self, phase: str, ref: str) -> None:
        (self.path / "came").unlink(missing_ok=True)
        (self.path / "hold").write_text(f"{phase} {ref}")

    def wait_until_reached(self) -> None:
        wait_for((self.path / "came").exists)

    def release(self) -> None:
        (self.path / "hold").unlink()


@pytest.fixture
def push_hold(repository: Repository) -> PushHold:
    for phase in ("pre-receive", "post-receive"):
        repository.hook(phase, HOOK.format(phase=phase))
    return PushHold(repository.path)


def reported_bodies(worker: WorkerHome, key: AttemptKey, kind: type[Body]) -> list[Body]:
    return [
        report.body
        for report in worker.server.reports
        if AttemptKey.from_object(report) == key and isinstance(report.body, kind)
    ]


def wait_for_report(worker: WorkerHome, key: AttemptKey, *kinds: type[Body]) -> Body:
    found: Body = worker.server.wait_for(
        lambda: [body for kind in kinds for body in reported_bodies(worker, key, kind)]
    )[-1]
    return found


def works(worker: WorkerHome, key: AttemptKey) -> None:
    repo = Repo(worker.repository.url, "main", f"muster/{key.name}")
    about = {"task_id": key.task_id, "attempt": key.attempt, "repo": repo}
    worker.run(f"echo {key.name} > one", **about)
    wait_for_report(worker, key, StageFinished)


def push(worker: WorkerHome, key: AttemptKey, expects: str | None = None, number: int = 0) -> None:
    onto = TaskBranch(f"muster/{key.task_id}", expects)
    worker.server.send(Publish(*key, onto=onto, number=number))


def kill(worker: WorkerHome, hold: PushHold, random: Random) -> None:
    """The daemon alone, or with the git that it runs; the push goes on at the remote."""
    assert worker.process is not None
    below = processes.descendants(worker.process.pid) if random.random() < 0.5 else []
    worker.kill()
    for process in below:
        processes.send_signal(process, signal.SIGKILL)
    hold.release()


def comes_back(worker: WorkerHome) -> None:
    connected = len(worker.server.hellos)
    worker.spawn()
    worker.server.wait_until_connected(connected + 1)


def ends_in_a_successor(worker: WorkerHome, first: AttemptKey) -> Published:
    """The killed attempt is given up, and another one does its work anew."""
    second = AttemptKey(first.task_id, first.attempt + 1)
    worker.server.send(Stale(*first))
    wait_for_report(worker, first, Stopped)
    works(worker, second)
    push(worker, second)
    answer = wait_for_report(worker, second, Published, BranchRefused)
    if isinstance(answer, BranchRefused):
        left = worker.repository.refs()[f"refs/heads/muster/{first.name}"]
        assert answer.found == left, "nobody else was there"
        push(worker, second, left, number=1)
        answer = wait_for_report(worker, second, Published)
    assert isinstance(answer, Published)
    assert reported_bodies(worker, first, Published) == []
    assert len(reported_bodies(worker, second, Published)) == 1
    return answer


def ends_in_the_same(worker: WorkerHome, key: AttemptKey) -> Published:
    push(worker, key)
    answer = wait_for_report(worker, key, Published, BranchRefused)
    assert isinstance(answer, Published)
    assert len(reported_bodies(worker, key, Published)) == 1
    return answer


@pytest.mark.timeout(1800)
def test_the_branch_is_never_left_at_a_dead_attempts_commit(
    worker: WorkerHome, push_hold: PushHold
) -> None:
    worker.spawn()
    for number in range(KILLS):
        random = Random(SEED + number)
        key, own = AttemptKey(100 + number, 1), f"refs/heads/muster/{100 + number}"
        works(worker, key)
        phase = random.choice(["pre-receive", "post-receive"])
        push_hold.on(phase, random.choice([own, f"refs/heads/muster/{key.name}"]))
        push(worker, key)
        push_hold.wait_until_reached()
        kill(worker, push_hold, random)
        comes_back(worker)
        end = ends_in_a_successor if random.random() < 0.5 else ends_in_the_same
        published = end(worker, key)
        where = f"kill {number} of seed {SEED}: {phase}, {end.__name__}"
        assert worker.repository.refs()[own] == published.commit, where
