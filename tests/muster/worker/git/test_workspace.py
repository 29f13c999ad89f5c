"""A workspace is prepared as an attempt needs it, or fails with a code; then it reports its
facts."""

import os
import subprocess
import threading
from dataclasses import replace

import psutil
import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author, DiffStat
from muster.worker.agents import environment
from muster.worker.git import checkpoints, git, workspace
from muster.worker.git.preparation import prepare_workspace
from muster.worker.git.workspace import WorkspaceError
from muster.worker.layout import HomeUnreachable, Layout
from muster.worker.sandbox.uids import DAEMON_IDENTITIES
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
    silent_server,
)

__all__ = ["any_machine", "machine", "repository", "root"]


def failure(machine: Machine, repository: Repository | str, **more: object) -> WorkspaceError:
    with pytest.raises(WorkspaceError) as caught:
        machine.prepare(repository, **more)
    assert list(machine.layout.workspaces.iterdir()) == []
    assert list(machine.layout.homes.iterdir()) == []
    return caught.value


def test_a_workspace_is_a_clone_on_the_attempts_branch_at_the_base(any_machine, repository):
    made = any_machine.prepare(repository)
    assert made.path == any_machine.layout.home / "workspaces" / "7-1"
    assert act(made, "git symbolic-ref --short HEAD") == "muster/7-1" == made.branch
    assert act(made, "git rev-parse HEAD") == made.base_commit
    assert made.base_commit == repository.refs()["refs/heads/main"]
    assert (made.path / "README").read_text() == "hello\n"
    assert act(made, "git status --porcelain") == ""
    assert act(made, "git fsck --connectivity-only 2>&1") == ""


def test_the_agents_own_git_knows_the_developer_and_the_base(any_machine, repository):
    made = any_machine.prepare(repository)
    assert act(made, "git config user.name; git config user.email").splitlines() == [
        AUTHOR.name,
        AUTHOR.email,
    ]
    assert act(made, "git rev-parse origin/main") == made.base_commit
    act(made, "echo x > f; git add f; git commit -qm mine")
    assert act(made, "git config remote.origin.url") == repository.url
    assert made.read_facts().head_commit == act(made, "git rev-parse HEAD")


@pytest.mark.parametrize("level", ["full", "none"])
def test_the_agents_own_git_fetches_from_where_it_can(any_machine, repository, level):
    any_machine.sandboxes = replace(any_machine.sandboxes, level=level)
    made = any_machine.prepare(repository)
    # The test's repository is another user's; so it would not be at a server.
    act(made, f"git config --global --add safe.directory {repository.path}")
    theirs = repository.commit({"their": "work"}, "theirs")
    script = "git config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'; git fetch -q"
    env = environment.build_environment(made, AUTHOR, {}, {}, {})
    argv = made.sandbox.command("sh", "-ec", f"{script}; git rev-parse origin/main; git branch -r")
    done = subprocess.run(argv, cwd=made.path, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == made.base_commit
    assert ("origin/theirs" in done.stdout) is (level == "full"), theirs


def test_the_agent_cannot_push_into_the_mirror(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "echo x > f; git add f; git commit -qm mine; git push -q origin HEAD:x || true")
    heads = git.run_git(["for-each-ref", "--format=%(refname)"], made.mirror().path).split()
    assert heads == ["refs/heads/main"]


def test_an_authors_name_may_hold_anything_a_name_may(machine, repository):
    author = Author('José "Pepe" O\'Neil; $(id)', "x@y.example")
    made = machine.prepare(repository, author=author)
    assert act(made, "git config user.name") == author.name


def test_the_first_clone_says_so_and_the_next_has_nothing_to_say(machine, repository):
    machine.prepare(repository)
    assert machine.notes == [("log", f"cloning {repository.url}")]
    machine.prepare(repository, 8)
    assert len(machine.notes) == 1


def test_slow_progress_is_reported_once_per_second(machine, repository, monkeypatch):
    from muster.worker.git import preparation

    notes = []
    clock = iter([0.0, 0.5, 1.1, 1.5, 2.2])
    monkeypatch.setattr(preparation.time, "monotonic", lambda: next(clock))
    progress = preparation.ProgressNotes("cloning", lambda level, text: notes.append((level, text)))
    for percent in (10, 40, 60):
        progress("Receiving objects", percent)
    progress("Resolving deltas", 5)
    assert notes == [("log", "cloning 40 %"), ("log", "resolving deltas 5 %")]


def test_an_unreachable_repository_fails_in_gits_own_words(machine, root):
    error = failure(machine, str(root / "nowhere.git"))
    assert error.code == "repository_unreachable"
    assert "does not appear to be a git repository" in error.message


def test_a_url_for_a_program_is_unreachable_and_does_not_run(machine, root):
    error = failure(machine, f"ext::touch {root}/ran")
    assert error.code == "repository_unreachable"
    assert not (root / "ran").exists()


def test_a_missing_base_is_named(machine, repository):
    error = failure(machine, repository, base="nope")
    assert error.code == "base_missing"
    assert "nope" in error.message


def test_a_base_that_is_no_branch_name_is_missing(machine, repository):
    assert failure(machine, repository, base="--upload-pack=x").code == "base_missing"


def test_nothing_is_left_when_the_branch_cannot_be_made(machine, repository):
    repository.commit({"a": "1"}, "muster")  # git can't have muster/7-1 in addition to it
    error = failure(machine, repository, base="muster")
    assert error.code == "workspace_failed"
    assert "muster/7-1" in error.message


def test_an_empty_repository_is_said_to_be_empty(machine, root):
    error = failure(machine, Repository.create(root / "empty.git"))
    assert error.code == "repository_empty"
    assert "no commits" in error.message


def test_a_missing_checkpoint_is_named(machine, repository):
    error = failure(machine, repository, resume_from="refs/muster/7/1/0")
    assert error.code == "checkpoint_missing"


def test_a_checkpoint_that_was_moved_is_refused(machine, repository):
    approved, ref = repository.commit({"work": "1"}, "work"), "refs/muster/7/1/0"
    moved = repository.commit({"evil": "1"}, "work")
    repository.git("update-ref", ref, moved)
    known = {"resume_from": ref, "resume_commit": approved}
    error = failure(machine, repository, **known)
    assert error.code == "checkpoint_moved"
    assert moved in error.message
    repository.git("update-ref", ref, approved)
    assert machine.prepare(repository, **known).read_facts().head_commit == approved


def test_preparation_ends_at_its_time_limit(machine):
    with silent_server() as (url, _):
        error = failure(machine, url, timeout=0.4)
    assert error.code == "workspace_timeout"


def test_preparation_can_be_cancelled(machine):
    cancelled = threading.Event()
    caught = []

    def work(url):
        try:
            prepare_workspace(machine.request(url), machine.note, cancelled)
        except WorkspaceError as error:
            caught.append(error.code)

    with silent_server() as (url, wait_for_guest):
        thread = threading.Thread(target=work, args=(url,))
        thread.start()
        wait_for_guest()
        cancelled.set()
        thread.join(10)
    assert caught == ["cancelled"]
    assert not machine.layout.workspace(AttemptKey(7, 1)).exists()
    assert not [child for child in psutil.Process().children() if child.name() == "git"]


def test_what_an_earlier_try_left_is_replaced(any_machine, repository):
    first = any_machine.prepare(repository)
    act(first, "echo rest > rest")
    second = any_machine.prepare(repository)
    assert not (second.path / "rest").exists()


def test_many_attempts_can_be_prepared_at_once(machine, repository):
    made = []
    threads = [
        threading.Thread(target=lambda task=task: made.append(machine.prepare(repository, task)))
        for task in range(1, 5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.branch for one in made} == {f"muster/{task}-1" for task in range(1, 5)}


def test_an_attempt_resumes_at_the_checkpoint(any_machine, repository):
    first = any_machine.prepare(repository)
    act(first, "echo done > done; rm README")
    kept = checkpoints.push_checkpoint(first, 0, "develop", AUTHOR, note=any_machine.note)
    repository.commit({"later": "1"})
    second = any_machine.prepare(repository, 7, 2, resume_from=kept.ref)
    assert second.read_facts().head_commit == kept.commit
    assert (second.path / "done").read_text() == "done\n"
    assert not (second.path / "README").exists()
    assert act(second, "git status --porcelain; git symbolic-ref HEAD") == "refs/heads/muster/7-2"
    # Others' work in the meanwhile doesn't count as this task's.
    assert second.base_commit == first.base_commit
    assert second.read_facts().diff == DiffStat(2, 1, 1)


def test_facts_tell_head_dirt_diff_and_size(any_machine, repository):
    made = any_machine.prepare(repository)
    clean = made.read_facts()
    assert (clean.head_commit, clean.dirty, clean.diff) == (made.base_commit, False, DiffStat())
    act(made, "head -c 3000000 /dev/urandom > big; echo changed >> README")
    dirty = made.read_facts()
    assert dirty.dirty
    assert dirty.diff == DiffStat(1, 1, 0)
    assert dirty.size_bytes > clean.size_bytes + 2_900_000


def test_a_workspace_is_found_again_after_a_restart(any_machine, repository):
    made = any_machine.prepare(repository)
    assert workspace.find_workspace(any_machine.sandboxes, AttemptKey(7, 1)) == made
    assert workspace.find_workspace(any_machine.sandboxes, AttemptKey(7, 2)) is None


def test_nothing_is_left_of_a_removed_workspace(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "mkdir -p deep/er; touch deep/er/f; chmod 0 deep/er; ln -s / deep/root")
    made.remove()
    assert not made.path.exists()
    assert not made.home.exists()
    assert workspace.find_workspace(any_machine.sandboxes, AttemptKey(7, 1)) is None
    claims = {os.readlink(path) for path in any_machine.layout.identities.iterdir()}
    assert claims <= set(DAEMON_IDENTITIES)
    made.remove()


@as_root
def test_a_home_below_a_closed_directory_is_reported_before_anything_fails(root):
    closed = root / "closed"
    closed.mkdir(mode=0o700)
    layout = Layout(closed / "home")
    layout.make()
    with pytest.raises(HomeUnreachable, match=str(closed)):
        layout.require_reachable()
    os.chmod(closed, 0o711)
    layout.require_reachable()


def test_paths_are_made_of_integers_alone(tmp_path):
    layout = Layout(tmp_path)
    for place in (layout.workspace, layout.attempt, layout.attempt_home):
        with pytest.raises(ValueError):
            place(AttemptKey("../../etc", 1))  # type: ignore[arg-type]
    assert layout.workspace(AttemptKey(7, 1)) == tmp_path / "workspaces" / "7-1"


@as_root
def test_a_size_is_found_below_a_directory_that_is_closed_to_the_attempt(machine, repository):
    made = machine.prepare(repository)
    above = machine.layout.home
    above.chmod(0o700)
    try:
        assert made.measure_bytes() > 0
    finally:
        above.chmod(0o711)
