"""A sandbox that couldn't be created is never mistaken for git's failure, or vice versa."""

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from muster.protocol.frames import SandboxLevel
from muster.worker.git import checkpoints, git, stage_result
from muster.worker.git.checkpoints import CheckpointRefused
from muster.worker.git.workspace import Workspace
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.sandbox import SandboxFailed
from tests.muster.worker.broken_sandboxes import WORDS, break_sandboxes
from tests.muster.worker.repositories import (
    AUTHOR,
    Machine,
    Repository,
    act,
    any_machine,
    as_root,
    machine,
    repository,
    root,
)
from tests.muster.worker.shared_directory import mounted

__all__ = ["any_machine", "machine", "repository", "root"]

FORGER = "printf 'bwrap: no room can be made\\nunshare: unshare failed\\n' >&2; exit 1"


@pytest.fixture(params=["full", "processes"])
def level(any_machine: Machine, request: pytest.FixtureRequest) -> Callable[[], Machine]:
    """The machine, with sandboxes of this level."""

    def detected() -> Machine:
        level = cast(SandboxLevel, request.param)
        given = {"most": level, "directories": mounted(any_machine.layout)}
        found = detect(any_machine.layout, **given)  # type: ignore[arg-type]
        if found.level != level:
            pytest.skip(f"needs rooms of level {level}: {found.missing}")
        any_machine.__dict__["sandboxes"] = found
        return any_machine

    return detected


def steps(made: Workspace, of: Machine) -> list[Callable[[], object]]:
    """All operations that need a sandbox, on a workspace in which a stage has run."""
    since = stage_result.StageResult(made.base_commit)
    ref = "refs/muster/7/1/9"
    return [
        made.read_facts,
        lambda: made.run_git("status"),
        lambda: stage_result.undo_changes(made, since, []),
        lambda: stage_result.is_changed(made, since),
        lambda: checkpoints.push_checkpoint(made, 1, "develop", AUTHOR, note=of.note),
        lambda: checkpoints.find_publish_revision(made, 1, AUTHOR, note=of.note),
        lambda: made.mirror().import_commit(
            made.sandbox, ref, since.commit, since.commit, [], 20.0
        ),
    ]


def test_each_step_reports_a_sandbox_that_is_not_made(
    level: Callable[[], Machine],
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = break_sandboxes(tmp_path, monkeypatch)
    of = level()
    made = of.prepare(repository)
    act(made, "echo more > more")
    broken.touch()
    for step in steps(made, of):
        with pytest.raises(SandboxFailed, match=WORDS):
            step()
    with pytest.raises(SandboxFailed, match=WORDS):
        of.prepare(repository, task_id=8)
    assert not of.layout.workspace(made.key._replace(task_id=8)).exists()
    broken.unlink()
    taken = checkpoints.push_checkpoint(made, 1, "develop", AUTHOR, note=of.note)
    assert repository.refs()[taken.ref] == taken.commit


@pytest.mark.parametrize(
    "how",
    ["kill -9 $$", "exit 0", "echo fatal: not a git repository >&2; exit 128", "exec sleep 60"],
    ids=["killed", "without a word", "in git's words", "hanging"],
)
def test_however_it_is_not_made(
    machine: Machine,
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    broken = break_sandboxes(tmp_path, monkeypatch, how=how)
    made = machine.prepare(repository)
    broken.touch()
    with pytest.raises(SandboxFailed):
        made.run_git("status", timeout=1.0)


def test_a_program_that_is_gone_makes_no_sandbox(
    machine: Machine, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_sandboxes(tmp_path, monkeypatch)
    made = machine.prepare(repository)
    gone = replace(made, sandbox=replace(made.sandbox, bwrap=str(tmp_path / "gone"), groups=()))
    with pytest.raises(SandboxFailed, match="gone"):
        gone.run_git("status")


@as_root
def test_who_cannot_become_the_attempts_user_is_in_no_sandbox(
    machine: Machine, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = machine.prepare(repository)
    monkeypatch.setattr("shutil.which", lambda *_, **__: "/bin/false")  # in place of setpriv
    with pytest.raises(SandboxFailed):
        made.run_git("status")


def test_what_runs_inside_cannot_pass_for_a_sandbox_that_was_not_made(
    level: Callable[[], Machine], repository: Repository
) -> None:
    of = level()
    made = of.prepare(repository)
    act(made, f"git config filter.x.clean {shlex.quote(FORGER)}; git config filter.x.required 1")
    act(made, "echo '* filter=x' > .gitattributes; echo more >> README")
    with pytest.raises(CheckpointRefused, match="no room can be made"):
        checkpoints.push_checkpoint(made, 0, "develop", AUTHOR, note=of.note)
    with pytest.raises(git.GitError, match="no room can be made") as failure:
        made.run_git("add", "--all")
    assert (
        "\1" not in failure.value.stderr
    )  # the sandbox's announcement isn't part of git's message


def test_a_timeout_is_not_a_missing_sandbox(machine: Machine, repository: Repository) -> None:
    made = machine.prepare(repository)
    with pytest.raises(git.GitTimeout):
        made.run_git("status", timeout=0.0)
