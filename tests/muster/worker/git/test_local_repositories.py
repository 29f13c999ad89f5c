"""Repositories on the machine's own disk: only where its operator has allowed them."""

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.protocol.frames import Failed, Repo, StageFinished
from muster.worker.git import git
from muster.worker.git.local_repositories import LocalRepositoryRefused
from muster.worker.git.mirrors import Mirror
from muster.worker.git.preparation import prepare_workspace
from muster.worker.git.remote import Remote
from muster.worker.git.workspace import WorkspaceError
from tests.muster.worker.repositories import Machine, Repository, as_root, machine, repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["machine", "repository", "root", "worker"]


@pytest.fixture
def private(root: Path, machine: Machine) -> Path:
    """Another project's mirror on this machine, with a private file."""
    made = Repository.create(machine.layout.mirrors / "0a1b.git")
    made.commit({"private": "hush"})
    return made.path


@pytest.fixture
def allowed(root: Path, machine: Machine) -> Path:
    """The one directory that the operator has named."""
    (root / "allowed").mkdir()
    machine.layout = dataclasses.replace(machine.layout, file_roots=(root / "allowed",))
    return root / "allowed"


def refusal(machine: Machine, url: str) -> str:
    """Why the machine prepares nothing from there, and that it left nothing."""
    with pytest.raises(WorkspaceError) as refused:
        prepare_workspace(machine.request(url), machine.note, threading.Event())
    assert refused.value.code == "repository_refused"
    assert not Mirror(machine.layout, Remote.parse(url)).exists
    assert not machine.notes
    return refused.value.message


@pytest.mark.parametrize("form", ["{}", "file://{}", "FILE://{}", "file://localhost{}", "file:{}"])
def test_a_machine_takes_no_local_repository_unless_it_was_told_to(
    machine: Machine, repository: Repository, form: str
) -> None:
    machine.layout = dataclasses.replace(machine.layout, file_roots=())
    message = refusal(machine, form.format(repository.path))
    assert message.startswith("this machine allows no local repositories; ")
    assert "--file-root" in message


def test_a_repository_in_an_allowed_directory_is_used(machine: Machine, allowed: Path) -> None:
    made = Repository.create(allowed / "with space.git")
    made.commit({"README": "hello\n"})
    mirror = Mirror(machine.layout, Remote.parse(made.path.as_uri()))
    commit = mirror.fetch("main")["refs/heads/main"]
    mirror.push([f"{commit}:refs/heads/pushed"])
    assert made.refs()["refs/heads/pushed"] == commit
    assert mirror.remote_refs("refs/heads/pushed")


def test_a_mirror_of_the_machine_is_out_of_reach_whatever_is_allowed(
    machine: Machine, root: Path, private: Path
) -> None:
    for roots in ((root,), (Path("/"),), (machine.layout.home,), (machine.layout.mirrors,)):
        machine.layout = dataclasses.replace(machine.layout, file_roots=roots)
        assert "hush" not in refusal(machine, private.as_uri())


def _escaped(allowed: Path, private: Path) -> str:
    return f"file://{allowed}/%2e%2e/home/mirrors/{private.name}"


def _dots(allowed: Path, private: Path) -> str:
    return f"file://{allowed}/../home/mirrors/{private.name}"


def _link(allowed: Path, private: Path) -> str:
    (allowed / "x.git").symlink_to(private)
    return (allowed / "x.git").as_uri()


def _directory_link(allowed: Path, private: Path) -> str:
    (allowed / "x").symlink_to(private.parent)
    return (allowed / "x" / private.name).as_uri()


def _completed_link(allowed: Path, private: Path) -> str:
    """git itself completes `x` to `x.git`."""
    (allowed / "x.git").symlink_to(private)
    return (allowed / "x").as_uri()


def _link_within(allowed: Path, private: Path) -> str:
    (allowed / "x").mkdir()
    (allowed / "x" / ".git").symlink_to(private)
    return (allowed / "x").as_uri()


def _gitfile(allowed: Path, private: Path) -> str:
    (allowed / "x").mkdir()
    (allowed / "x" / ".git").write_text(f"gitdir: {private}\n")
    return (allowed / "x").as_uri()


def _neighbour(allowed: Path, private: Path) -> str:
    """A name that only starts like the allowed one."""
    return f"file://{allowed}-not/x.git"


@pytest.mark.parametrize(
    "way",
    [_escaped, _dots, _link, _directory_link, _completed_link, _link_within, _gitfile, _neighbour],
)
def test_no_way_leads_out_of_an_allowed_directory(
    machine: Machine, allowed: Path, private: Path, way: Callable[[Path, Path], str]
) -> None:
    refusal(machine, way(allowed, private))


def test_a_link_that_is_laid_later_is_seen_by_the_push(
    machine: Machine, allowed: Path, private: Path
) -> None:
    made = Repository.create(allowed / "x.git")
    made.commit({"README": "hello\n"})
    mirror = Mirror(machine.layout, Remote.parse(made.path.as_uri()))
    commit = mirror.fetch("main")["refs/heads/main"]
    made.path.rename(allowed / "moved.git")
    made.path.symlink_to(private)
    for use in (
        lambda: mirror.push([f"{commit}:refs/heads/x"]),
        lambda: mirror.fetch("main"),
        mirror.remote_refs,
    ):
        with pytest.raises(LocalRepositoryRefused):
            use()
    assert "refs/heads/x" not in Repository(private).refs()


@as_root
def test_no_hook_of_a_repository_that_was_not_allowed_runs(
    machine: Machine, allowed: Path, root: Path
) -> None:
    made = Repository.create(root / "roots-own.git")
    made.commit({"README": "hello\n"})
    made.hook("pre-receive", f"touch {root}/ran")
    mirror = Mirror(machine.layout, Remote.parse(made.path.as_uri()))
    with pytest.raises(LocalRepositoryRefused):
        mirror.push(["HEAD:refs/heads/x"])
    assert not (root / "ran").exists()


@pytest.mark.parametrize(
    ("url", "allowed_protocols"),
    [
        ("https://host/x", "https"),
        ("http://host/x", "http:https"),
        ("ssh://git@host/x", "ssh"),
        ("git@host:x", "ssh"),
        ("git://host/x", "git"),
        ("file:///srv/x", "file"),
        ("/srv/x", "file"),
    ],
)
def test_git_gets_the_only_protocol_of_a_remote(url: str, allowed_protocols: str) -> None:
    with Remote.parse(url).git_environment() as environment:
        assert environment["GIT_ALLOW_PROTOCOL"] == allowed_protocols


@pytest.mark.parametrize("url", ["ext::sh -c id", "https://127.0.0.1:9/x", "ssh://127.0.0.1:9/x"])
def test_git_uses_no_protocol_by_default(tmp_path: Path, url: str) -> None:
    with pytest.raises(git.GitError, match=r"transport '\w+' not allowed"):
        git.run_git(["ls-remote", url], tmp_path)


def test_a_refused_repository_fails_the_task_and_nothing_else(
    worker: WorkerHome, root: Path
) -> None:
    elsewhere = Repository.create(worker.layout.mirrors / "private.git")
    elsewhere.commit({"private": "hush"})
    server = worker.start().server
    repo = Repo(elsewhere.path.as_uri(), "main", "muster/8-1")
    server.send(worker.stage("cat private", task_id=8, repo=repo))
    failed = server.wait_for_report(Failed)
    assert failed.code == "repository_refused"
    assert "allows no local repositories" in failed.message
    worker.run("true")
    assert server.wait_for_report(StageFinished).code == 0
