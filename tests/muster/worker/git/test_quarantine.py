import os
import threading
from dataclasses import dataclass, replace

import pytest

from muster.worker.git import checkpoints, git, quarantine
from muster.worker.git.errors import WorkRefused
from muster.worker.git.quarantine import Quarantine
from muster.worker.sandbox.sandbox import SandboxFailed
from tests.hostile.pack import BLOB, TREE, Pack, announced, changed, object_id, repeated, tree_text
from tests.muster.worker.repositories import (
    AUTHOR,
    act,
    any_machine,
    machine,
    repository,
    root,
)
from tests.wait import wait_until

__all__ = ["any_machine", "machine", "repository", "root"]

REF = "refs/muster/7/1/0"
COMMITTED = "git add --all; git commit --quiet --message x; git rev-parse HEAD"


def store_commit(workspace, commit):
    mirror, base = workspace.mirror(), workspace.base_commit
    return mirror.import_commit(workspace.sandbox, REF, commit, base, [base], timeout=30.0)


def limited(workspace, **limits):
    room = replace(workspace.sandbox, limits=workspace.sandbox.limits._replace(**limits))
    return replace(workspace, sandbox=room)


def files(mirror):
    return {path.relative_to(mirror) for path in mirror.rglob("*") if path.is_file()}


def test_what_was_committed_is_in_the_mirror_afterwards_and_nothing_else(any_machine, repository):
    workspace = any_machine.prepare(repository)
    commit = act(workspace, f"echo new > new; {COMMITTED}")
    diff = store_commit(workspace, commit)
    mirror = workspace.mirror()
    assert (diff.files_changed, diff.insertions) == (1, 1)
    assert mirror.resolve_ref(REF) == commit
    assert git.run_git(["cat-file", "-p", f"{commit}:new"], mirror.path) == "new\n"
    git.run_git(["fsck", "--strict"], mirror.path)
    assert not list((mirror.path / quarantine.DIRECTORY).iterdir())


def test_what_is_taken_belongs_to_the_daemon(machine, repository):
    workspace = machine.prepare(repository)
    store_commit(workspace, act(workspace, f"echo new > new; {COMMITTED}"))
    packs = list((workspace.mirror().path / "objects/pack").iterdir())
    assert {path.stat().st_uid for path in packs} == {os.geteuid()}


def test_a_commit_that_the_mirror_has_is_taken_without_objects(any_machine, repository):
    workspace = any_machine.prepare(repository)
    assert store_commit(workspace, workspace.base_commit).files_changed == 0
    assert workspace.mirror().resolve_ref(REF) == workspace.base_commit


def test_a_history_without_the_base_is_counted_against_it(any_machine, repository):
    workspace = any_machine.prepare(repository)
    alone = "git checkout --quiet --orphan other; git rm -rfq .; echo x > x"
    assert store_commit(workspace, act(workspace, f"{alone}; {COMMITTED}")).insertions == 1


@pytest.mark.parametrize("kind", ["mkfifo", "ln -s /etc/passwd"])
def test_what_is_no_file_among_the_objects_is_found_before_git_opens_it(
    any_machine, repository, kind
):
    workspace = any_machine.prepare(repository)
    commit = act(workspace, f"echo x > x; {COMMITTED}")
    act(workspace, f"mkdir -p .git/objects/pack; {kind} .git/objects/pack/pack-1.bitmap")
    with pytest.raises(WorkRefused, match="neither a file nor a directory") as refused:
        store_commit(workspace, commit)
    assert refused.value.code == "work_unreadable"


def test_more_than_the_attempts_disk_is_not_taken_however_small_its_pack_is(machine, repository):
    workspace = limited(machine.prepare(repository), disk=20 << 20)
    before = files(workspace.mirror().path)
    # Without the file, the workspace itself is within the limit.
    commit = act(workspace, f"head -c 30000000 /dev/zero > zeros; {COMMITTED}; rm zeros")
    with pytest.raises(WorkRefused, match=r"28\.6 MiB unpacked.* 20 MiB of disk") as refused:
        store_commit(workspace, commit)
    assert refused.value.code == "work_too_large"
    assert files(workspace.mirror().path) == before


def test_a_pack_that_is_larger_than_the_attempts_disk_is_cut_off(machine, repository):
    workspace = limited(machine.prepare(repository), disk=1 << 20)
    commit = act(workspace, f"head -c 3000000 /dev/urandom > noise; {COMMITTED}")
    with pytest.raises(WorkRefused) as refused:
        store_commit(workspace, commit)
    assert refused.value.code == "work_too_large"


@dataclass(frozen=True)
class Replaced(Quarantine):
    """A shell command replaces git in the sandbox."""

    command: str = ""

    def _pack_command(self, commit, known):
        return announced(self.command)


def test_a_sandbox_that_hangs_is_given_up_and_nobody_waits_for_it(machine, repository, monkeypatch):
    monkeypatch.setattr(quarantine, "STALL_TIMEOUT_SECONDS", 1.0)
    workspace = machine.prepare(repository)
    mirror, base = workspace.mirror(), workspace.base_commit
    stuck = Replaced(mirror.path, "x", workspace.sandbox, "sleep 60")
    refused = []

    def fill():
        with stuck.create():
            try:
                stuck.fill("1" * 40, base, [], 60.0)
            except WorkRefused as error:
                refused.append(error)

    thread = threading.Thread(target=fill)
    thread.start()
    wait_until(stuck.directory.is_dir, "quarantine")
    with mirror.lock.try_acquire() as is_ours:
        assert is_ours
    thread.join()
    assert [error.code for error in refused] == ["work_unreadable"]
    assert "no progress for 1 s" in refused[0].message


@pytest.mark.parametrize(("length", "code"), [(40, ""), (60, "work_too_large")])
def test_deltas_may_lie_as_deep_as_git_lays_them(machine, repository, tmp_path, length, code):
    workspace = machine.prepare(repository)
    pack, content = Pack(), b"0123456789abcdef"
    blob = base = pack.add(BLOB, content)
    for number in range(length):
        pack.add_delta(base, changed(len(content), number))
        content += number.to_bytes(4, "big")
        base = object_id(BLOB, content)
    commit = pack.commit(pack.add(TREE, tree_text((b"100644", b"a", blob))))
    stream = tmp_path / "stream"
    stream.write_bytes(pack.stream())
    tried = Replaced(workspace.mirror().path, "x", workspace.sandbox, f"cat {stream}")
    found = ""
    with tried.create():
        try:
            tried.fill(commit, workspace.base_commit, [], 60.0)
        except WorkRefused as refused:
            found = refused.code
    assert found == code


def test_a_few_bytes_that_grow_to_more_than_the_memory_are_refused_by_the_kernel(
    machine, repository, tmp_path
):
    workspace = limited(machine.prepare(repository), memory=64 << 20)
    pack = Pack()
    blob = pack.add(BLOB, bytes(1 << 20))
    pack.add_delta(blob, repeated(1 << 20, 200))
    commit = pack.commit(pack.add(TREE, tree_text((b"100644", b"a", blob))))
    (tmp_path / "stream").write_bytes(pack.stream())
    command = f"cat {tmp_path / 'stream'}"
    tried = Replaced(workspace.mirror().path, "x", workspace.sandbox, command)
    with tried.create(), pytest.raises(WorkRefused, match="Out of memory") as refused:
        tried.fill(commit, workspace.base_commit, [], 60.0)
    assert refused.value.code == "work_too_large"


@pytest.mark.parametrize("name", ["--upload-pack=x", "main", "HEAD", "1" * 39, ""])
def test_what_is_no_commits_id_reaches_no_git(machine, repository, name):
    workspace = machine.prepare(repository)
    with pytest.raises(WorkRefused, match="isn't a commit"):
        store_commit(workspace, name)


def test_a_checker_whose_sandbox_cannot_be_made_says_nothing_about_the_work(machine, repository):
    workspace = machine.prepare(repository)
    if workspace.sandbox.mounts is None:
        pytest.skip("needs a full sandbox")
    commit = act(workspace, f"echo x > x; {COMMITTED}")
    mirror, base = workspace.mirror(), workspace.base_commit
    checked = Quarantine(mirror.path, "x", replace(workspace.sandbox, bwrap="/bin/false"))
    tried = Replaced(mirror.path, "x", checked.sandbox, "sleep 0.1")
    with tried.create(), pytest.raises(SandboxFailed):
        tried.fill(commit, base, [base], 30.0)


@pytest.mark.parametrize(
    "words", ["No space left on device", "Too many open files", "Input/output error"]
)
def test_what_a_machine_is_short_of_says_nothing_about_the_work(machine, repository, words):
    workspace = machine.prepare(repository)
    command = f"echo 'fatal: cannot write: {words}' >&2; exit 1"
    tried = Replaced(workspace.mirror().path, "x", workspace.sandbox, command)
    with tried.create(), pytest.raises(git.GitError, match=words) as failed:
        tried.fill("1" * 40, workspace.base_commit, [], 30.0)
    assert not isinstance(failed.value, WorkRefused)


def test_branches_that_the_mirror_has_are_not_checked_again(machine, repository):
    """An old commit of theirs may be one that git calls an error."""
    empty = repository.git("hash-object", "-t", "tree", "-w", "--stdin")
    broken = f"tree {empty.strip()}\nauthor a <a@example.com> 1 +0000\ncommitter b\n\nx\n"
    literal = ("hash-object", "-t", "commit", "-w", "--stdin", "--literally")
    old = repository.git(*literal, given=broken).strip()
    repository.git("update-ref", "refs/heads/old", old)
    machine.prepare(repository, task_id=8, base="old")
    workspace = machine.prepare(repository)
    merge = "git commit-tree -m merge -p HEAD -p {old} HEAD^{{tree}}"
    act(workspace, f"git reset --soft $({merge.format(old=old)}); echo x > x")
    made = checkpoints.push_checkpoint(workspace, 0, "develop", AUTHOR, note=machine.note)
    assert repository.refs()[made.ref] == made.commit
