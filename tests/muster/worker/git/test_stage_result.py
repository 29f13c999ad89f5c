"""Changes in a workspace between two stages are found and undone; ignored files stay."""

import pytest

from muster.worker.git import stage_result
from muster.worker.git.checkpoints import push_checkpoint
from muster.worker.git.workspace import Workspace
from tests.muster.worker.git.pushes import publish
from tests.muster.worker.repositories import (
    AUTHOR,
    Machine,
    Repository,
    act,
    any_machine,
    machine,
    repository,
    root,
)

__all__ = ["any_machine", "machine", "repository", "root"]


MANY = "mkdir -p a/b; echo 1 > a/b/c; echo 2 > 'ü \"x'"
INNER = "git init -q in; (cd in && git commit -qm x --allow-empty)"


@pytest.fixture
def workspace(any_machine: Machine, repository: Repository) -> Workspace:
    """At the gate after a stage that has left a file, and something that git ignores."""
    made = any_machine.prepare(repository)
    act(made, "echo good > good; echo cache > .gitignore; echo kept > cache")
    push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    return made


def undone(of: Workspace) -> list[str]:
    since = stage_result.read(of)
    assert since is not None
    changed: list[str] = []
    stage_result.undo_changes(of, since, changed)
    assert not stage_result.is_changed(of, since)
    return sorted(changed)


def test_an_untouched_workspace_has_no_changes(workspace: Workspace) -> None:
    assert undone(workspace) == []


@pytest.mark.parametrize(
    ("script", "names"),
    [
        pytest.param("echo evil > evil", ["evil"], id="a new file"),
        pytest.param("echo evil > good", ["good"], id="a changed file"),
        pytest.param("rm good", ["good"], id="a file that is gone"),
        pytest.param("chmod +x good", ["good"], id="a mode"),
        pytest.param(MANY, ["a/b/c", 'ü "x'], id="many"),
        pytest.param("echo x > good; git commit -qam evil", ["HEAD"], id="a commit"),
        pytest.param("echo x > good; git add good", ["good"], id="in the index"),
        pytest.param("git checkout -q -b other HEAD^", ["HEAD"], id="another branch"),
        pytest.param("ln -s /etc/passwd link", ["link"], id="a link"),
        pytest.param(INNER, ["in/"], id="a repository"),
        pytest.param("rm .gitignore", [".gitignore"], id="what is ignored"),
        pytest.param("touch .git/index.lock; echo evil > evil", ["evil"], id="behind a stale lock"),
    ],
)
def test_a_change_is_named_and_undone(workspace: Workspace, script: str, names: list[str]) -> None:
    act(workspace, script)
    assert undone(workspace) == names
    seen = act(workspace, "cat good; cat cache; git status --porcelain; git log --format=%s -1")
    assert seen.split("\n") == ["good", "kept", "develop (task #7)"]


def test_what_the_checkpoint_could_not_take_is_no_change(
    any_machine: Machine, repository: Repository
) -> None:
    made = any_machine.prepare(repository)
    act(made, "git init -q inner; echo good > good")  # a repository without a commit
    push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    assert undone(made) == []
    act(made, "echo evil > evil")
    assert undone(made) == ["evil"]
    assert act(made, "ls -d inner") == "inner"


def test_nothing_is_added_by_the_push(workspace: Workspace, any_machine: Machine) -> None:
    since = stage_result.read(workspace)
    assert since is not None
    act(workspace, "echo evil > evil; git add evil; git commit -qm evil")
    assert publish(workspace, 0, AUTHOR, note=any_machine.note).commit == since.commit
