from functools import partial

import pytest

from muster.protocol.frames import Author, DiffStat
from muster.worker.git import git
from muster.worker.git.checkpoints import (
    CheckpointRefused,
    PublishRefused,
    push_checkpoint,
    remove_workspace,
)
from muster.worker.git.mirror_users import KEPT_REFS
from muster.worker.git.remote import Login
from tests.muster.worker.git.pushes import publish
from tests.muster.worker.repositories import (
    AUTHOR,
    act,
    any_machine,
    as_root,
    machine,
    repository,
    root,
    served_with_login,
)

__all__ = ["any_machine", "machine", "repository", "root"]

REFUSE_CHECKPOINTS = """
case "$1" in refs/muster/*) echo "no such refs here, please" >&2; exit 1;; esac
"""


def test_a_checkpoint_is_a_commit_by_the_developer_at_the_remote(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "echo new > new; echo more >> README; rm src/app.py")
    kept = push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    assert kept.ref == "refs/muster/7/1/0"
    assert repository.refs()[kept.ref] == kept.commit
    shown = repository.git("log", "-1", "--format=%an|%ae|%cn|%ce|%s", kept.ref)
    assert shown == "Ada Dev|ada@dev.example|Ada Dev|ada@dev.example|develop (task #7)"
    assert repository.git("ls-tree", "-r", "--name-only", kept.ref).split() == ["README", "new"]
    assert not made.read_facts().dirty


def test_a_stage_that_changed_nothing_is_kept_at_head(any_machine, repository):
    made = any_machine.prepare(repository)
    kept = push_checkpoint(made, 0, "look", AUTHOR, note=any_machine.note)
    assert kept.commit == made.base_commit == repository.refs()["refs/muster/7/1/0"]


def test_what_the_agent_committed_itself_is_kept_on_whatever_branch(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "git checkout -qb elsewhere; echo a > a; git add a; git commit -qm own; echo b > b")
    kept = push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    assert repository.git("log", "--format=%s", kept.ref).splitlines() == [
        "develop (task #7)",
        "own",
        "seed",
    ]
    assert publish(made, 0, AUTHOR, note=any_machine.note).commit == kept.commit


@pytest.mark.parametrize("name", ["-m evil", "# heading", "a\nb", '"$(id)" {x}', "ünï"])
def test_a_stages_name_is_the_message_whatever_it_holds(machine, repository, name):
    made = machine.prepare(repository)
    act(made, "echo new > new")
    kept = push_checkpoint(made, 0, name, AUTHOR, note=machine.note)
    assert repository.git("log", "-1", "--format=%B", kept.ref) == f"{name} (task #7)"


def test_a_checkpoint_made_again_replaces_the_first(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "echo 1 > f")
    push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    act(made, "git reset -q --hard HEAD^; echo 2 > f")
    again = push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    assert repository.refs()[again.ref] == again.commit


@pytest.mark.parametrize("in_part", [False, True])
def test_a_renewed_checkpoint_leaves_the_reported_one(machine, repository, in_part):
    made = machine.prepare(repository)
    push = partial(push_checkpoint, made, 0, "develop", AUTHOR, note=machine.note, in_part=in_part)
    act(made, "echo 1 > f")
    first = push()
    act(made, "echo 2 > f")
    again = push(is_renewed=True)
    assert again.ref == f"{first.ref}-{again.commit}"
    refs = repository.refs()
    assert (refs[first.ref], refs[again.ref]) == (first.commit, again.commit)
    remove_workspace(made, note=machine.note)
    assert not [ref for ref in repository.refs() if ref.startswith("refs/muster/")]


def test_a_remote_that_refuses_costs_the_checkpoint_and_not_the_work(any_machine, repository):
    repository.hook("update", REFUSE_CHECKPOINTS)
    made = any_machine.prepare(repository)
    act(made, "echo new > new")
    with pytest.raises(CheckpointRefused, match="no such refs here, please"):
        push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    assert publish(made, 0, AUTHOR, note=any_machine.note).diff.files_changed == 1
    assert set(repository.refs()) == {"refs/heads/main", "refs/heads/muster/7-1"}


def test_a_remote_that_is_gone_costs_the_checkpoint(machine, repository):
    made = machine.prepare(repository)
    repository.path.rename(repository.path.with_name("moved"))
    with pytest.raises(CheckpointRefused, match="git repository"):
        push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)
    with pytest.raises(PublishRefused, match="git repository"):
        publish(made, 0, AUTHOR, note=machine.note)


def test_an_index_lock_left_by_a_killed_git_is_cleared(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "echo new > new; touch .git/index.lock")
    kept = push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    assert kept.commit != made.base_commit


def test_one_file_that_cannot_be_read_does_not_cost_the_others(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "git init -q inner; echo good > good")  # a repository without a commit
    kept = push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    assert "good" in repository.git("ls-tree", "--name-only", kept.ref).split()
    assert any_machine.notes[-1][0] == "warning"
    assert "inner" in any_machine.notes[-1][1]


@as_root
def test_commits_are_made_with_the_attempts_rights(machine, repository):
    made = machine.prepare(repository)
    act(made, "echo new > new")
    push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)
    owners = {path.lstat().st_uid for path in made.path.rglob("*")}
    assert owners == {made.identity.uid}
    assert {path.lstat().st_uid for path in made.mirror().path.rglob("*")} == {0}


def test_publishing_pushes_the_branch_and_counts_against_the_base(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "seq 10 > numbers; echo bye > README")
    push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    done = publish(made, 0, AUTHOR, note=any_machine.note)
    assert done.branch == "muster/7-1"
    assert repository.refs()["refs/heads/muster/7-1"] == done.commit
    assert done.diff == DiffStat(2, 11, 1)


def test_publishing_twice_is_as_good_as_once(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "echo new > new")
    push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    assert publish(made, 0, AUTHOR, note=any_machine.note) == publish(
        made, 0, AUTHOR, note=any_machine.note
    )


def test_work_that_no_checkpoint_committed_is_published_all_the_same(machine, repository):
    made = machine.prepare(repository)
    act(made, "echo new > new")
    with pytest.raises(CheckpointRefused, match="empty ident"):
        push_checkpoint(made, 0, "develop", Author("", "x@y.example"), note=machine.note)
    with pytest.raises(PublishRefused, match="empty ident"):
        publish(made, 0, Author("", "x@y.example"), note=machine.note)
    published = publish(made, 0, AUTHOR, note=machine.note)
    assert published.diff.files_changed == 1
    assert repository.git("log", "-1", "--format=%s", published.commit) == "task #7"


def test_a_moved_branch_is_not_overwritten(machine, repository):
    made = machine.prepare(repository)
    theirs = repository.commit({"their": "work"}, "muster/7-1")
    act(made, "echo new > new")
    push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)
    with pytest.raises(PublishRefused, match="rejected"):
        publish(made, 0, AUTHOR, note=machine.note)
    assert repository.refs()["refs/heads/muster/7-1"] == theirs


def test_what_others_did_is_not_counted_when_the_base_is_merged_in(machine, repository):
    made = machine.prepare(repository)
    act(made, "echo new > new")
    push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)
    repository.commit({"theirs": "1"})
    later = machine.prepare(repository, 7, 2, resume_from="refs/muster/7/1/0")
    act(later, "git merge -q origin/main")
    published = publish(later, -1, AUTHOR, note=machine.note)
    assert repository.git("ls-tree", "--name-only", published.commit).split() == [
        "README",
        "new",
        "src",
        "theirs",
    ]
    assert later.base_commit == made.base_commit


def test_a_new_history_without_the_base_is_counted_against_it(machine, repository):
    made = machine.prepare(repository)
    act(made, "git checkout -q --orphan alone; git rm -rqf .; echo x > only")
    push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)
    published = publish(made, 0, AUTHOR, note=machine.note)
    assert published.diff == DiffStat(3, 1, 2)


def test_forgetting_removes_checkpoints_everywhere_and_keeps_the_branch(any_machine, repository):
    made = any_machine.prepare(repository)
    for index in range(2):
        act(made, f"echo {index} > f")
        push_checkpoint(made, index, "develop", AUTHOR, note=any_machine.note)
    publish(made, 0, AUTHOR, note=any_machine.note)
    other = any_machine.prepare(repository, 7, 10)
    kept = push_checkpoint(other, 0, "develop", AUTHOR, note=any_machine.note)
    remove_workspace(made, note=any_machine.note)
    assert set(repository.refs()) == {"refs/heads/main", "refs/heads/muster/7-1", kept.ref}
    assert not made.path.exists()
    local = git.run_git(["for-each-ref", "--format=%(refname)"], other.mirror().path).split()
    assert [ref for ref in local if not ref.startswith(KEPT_REFS)] == ["refs/heads/main", kept.ref]


def test_forgetting_at_an_unreachable_remote_is_a_warning(machine, repository):
    made = machine.prepare(repository)
    push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)
    repository.path.rename(repository.path.with_name("moved"))
    remove_workspace(made, note=machine.note)
    assert machine.notes[-1][0] == "warning"
    assert not made.path.exists()


def test_a_private_repository_is_served_from_clone_to_forgetting(any_machine, repository):
    login = Login("tok3n")
    with served_with_login(repository, "tok3n") as (url, _):
        made = any_machine.prepare(url, login=login)
        act(made, "echo new > new")
        kept = push_checkpoint(made, 0, "develop", AUTHOR, login, note=any_machine.note)
        published = publish(made, 0, AUTHOR, login, note=any_machine.note)
        assert repository.refs()[kept.ref] == published.commit
        remove_workspace(made, login, note=any_machine.note)
    assert set(repository.refs()) == {"refs/heads/main", "refs/heads/muster/7-1"}
