"""What people approved is what is published, whatever was left behind to change it."""

import os
from pathlib import Path

import pytest

from muster.protocol.frames import Note
from tests.hostile.machine import Attempt, Machine

LATE = "late-file"
LEAVERS = {
    "a daemon": "sh acts/leave.sh $TOKEN $PWD/{file}",
    "a clean filter": "bash acts/poison_git.sh $TOKEN filters $PWD/{file}",
    "hooks": "bash acts/poison_git.sh $TOKEN hooks $PWD/{file}",
    "programs of git's": "bash acts/poison_git.sh $TOKEN programs $PWD/{file}",
    "one that waits for its time": (
        "at=$(($(date +%s) + 1)); setsid bash -c"
        " \"trap '' HUP TERM; until [ \\$(date +%s) -gt $at ]; do sleep 0.1; done;"
        ' echo late > {file}" $TOKEN >/dev/null 2>&1 & disown'
    ),
}


def tree(machine: Machine, commit: str) -> str:
    return machine.shop.git("rev-parse", f"{commit}^{{tree}}")


def warnings(attempt: Attempt) -> str:
    sights = attempt.machine.server.seen_with(attempt.key, Note)
    return "\n".join(s.body.text for s in sights if s.body.level == "warning")  # type: ignore[union-attr]


@pytest.mark.parametrize("leave", LEAVERS.values(), ids=LEAVERS)
def test_what_is_published_is_what_was_approved(machine: Machine, leave: str) -> None:
    attempt = machine.ran(
        f"echo work > work; {leave.format(file=LATE)}; git add -A; git commit -qm own || :"
    )
    approved = attempt.checkpoint()
    machine.beats(4)  # the gate is open for a while
    published = attempt.publish()
    assert published.commit == approved.commit
    branch = f"refs/heads/{published.branch}"
    assert machine.shop.refs()[branch] == approved.commit
    assert tree(machine, branch) == tree(machine, approved.ref)


@pytest.mark.parametrize("leave", LEAVERS.values(), ids=LEAVERS)
def test_nothing_is_written_while_people_look(machine: Machine, leave: str) -> None:
    attempt = machine.ran(f"{leave.format(file=LATE)}; rm -f {LATE}")
    (attempt.workspace / LATE).unlink(missing_ok=True)
    machine.beats(4)
    assert not (attempt.workspace / LATE).exists()


def change(attempt: Attempt) -> None:
    """As what lies beyond a room might, at a gate."""
    user = attempt.workspace.stat().st_uid
    for name, text in [("new", "new\n"), ("README", "changed\n"), ("kept.log", "ignored\n")]:
        (attempt.workspace / name).write_text(text)
        _give(attempt.workspace / name, user)
    (attempt.workspace / "work").unlink()


def _give(path: Path, user: int) -> None:
    os.chown(path, user, user)


def test_a_change_at_the_gate_is_undone_and_told_before_the_next_stage(machine: Machine) -> None:
    attempt = machine.ran("echo work > work; echo '*.log' > .gitignore; echo old > kept.log")
    change(attempt)
    attempt.run("cat README work; cat kept.log; test ! -e new && echo nothing new", stage_index=1)
    assert attempt.log.splitlines()[-4:] == [b"hello", b"work", b"ignored", b"nothing new"]
    assert all(name in warnings(attempt) for name in ("new", "README", "work"))
    assert "kept.log" not in warnings(attempt)


def test_a_change_at_the_gate_is_not_published(machine: Machine) -> None:
    attempt = machine.ran("echo work > work; echo '*.log' > .gitignore; echo old > kept.log")
    approved = attempt.checkpoint()
    change(attempt)
    assert attempt.publish().commit == approved.commit


def test_a_commit_at_the_gate_is_not_published(machine: Machine) -> None:
    """Another commit on the branch, put there by what did not end with its stage."""
    attempt = machine.ran("echo work > work")
    approved = attempt.checkpoint()
    git = attempt.workspace / ".git"
    head = git / "refs" / "heads" / "muster" / attempt.key.name
    head.write_text(machine.shop.refs()["refs/heads/main"] + "\n")
    assert attempt.publish().commit == approved.commit


def test_a_stage_that_commits_what_others_hide_is_told_as_it_is(machine: Machine) -> None:
    """Marks in the index do not keep a change out of what people see and into what is pushed."""
    attempt = machine.ran(
        "echo work > work; git add -A; git commit -qm one; echo hidden > work;"
        " git update-index --assume-unchanged work; git update-index --skip-worktree README"
    )
    approved = attempt.checkpoint()
    published = attempt.publish()
    assert published.commit == approved.commit
    assert published.diff == approved.diff
