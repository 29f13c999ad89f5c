"""Whatever an attempt does to its workspace, and whoever reads it, it gains nothing."""

import contextlib
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import DiffStat
from muster.worker.git import checkpoints, git, process, workspace
from muster.worker.git.checkpoints import CheckpointRefused
from muster.worker.git.remote import NO_LOGIN, Login
from muster.worker.git.workspace import WorkspaceError
from muster.worker.limits import disk, disk_program, sandbox_limits
from tests.muster.worker.git.pushes import publish
from tests.muster.worker.repositories import (
    AUTHOR,
    Machine,
    act,
    any_machine,
    as_root,
    machine,
    repository,
    root,
    wait_for,
)

__all__ = ["any_machine", "machine", "repository", "root"]


@pytest.mark.parametrize(
    "trick",
    [
        "mv .git /tmp/muster-$$; ln -s /tmp/muster-$$ .git; echo /tmp/muster-$$",
        "mv .git ../7-1/elsewhere; echo 'gitdir: elsewhere' > .git",
        "echo .. > .git/commondir",
        "rm -rf .git",
    ],
    ids=["symlink", "gitfile", "commondir", "gone"],
)
def test_a_replaced_git_directory_is_not_followed(any_machine, repository, trick):
    made = any_machine.prepare(repository)
    moved = act(made, trick)
    try:
        with pytest.raises(WorkspaceError, match="replaced"):
            made.read_facts()
        with pytest.raises(checkpoints.CheckpointRefused, match="replaced"):
            checkpoints.push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
        with pytest.raises(checkpoints.PublishRefused, match="replaced"):
            publish(made, 0, AUTHOR, note=any_machine.note)
    finally:
        subprocess.run(["rm", "-rf", "--", *moved.split()], check=True)


def test_a_work_tree_set_elsewhere_is_not_followed(any_machine, repository, root):
    made = any_machine.prepare(repository)
    act(made, f"git config core.worktree {root}")
    assert not made.read_facts().dirty


HOSTILE = """
mkdir -p hooks
for name in pre-commit commit-msg post-commit post-index-change reference-transaction \
        pre-push post-checkout prepare-commit-msg pre-auto-gc; do
    printf '#!/bin/sh\\n{tell} hook-%s\\n' $name > hooks/$name
    chmod 755 hooks/$name
done
mkdir -p .git/hooks && cp hooks/* .git/hooks/
cat > .git/evil <<'CONFIG'
[core]
    hooksPath = hooks
    fsmonitor = {tell} fsmonitor
    sshCommand = {tell} ssh
    pager = {tell} pager
    editor = {tell} editor
    askPass = {tell} askpass
    alternateRefsCommand = {tell} alternates
    gitProxy = {tell} proxy
[credential]
    helper = !{tell} credential
[commit]
    gpgSign = true
[gpg]
    program = {tell} gpg
[diff]
    external = {tell} diff
[diff "evil"]
    textconv = {tell} textconv
    command = {tell} command
[filter "evil"]
    clean = {tell} filter; cat
    required = true
[uploadpack]
    packObjectsHook = {tell} packobjects
[remote "origin"]
    uploadpack = {tell} uploadpack
    receivepack = {tell} receivepack
[url "ext::{tell} instead "]
    insteadOf = /
    insteadOf = file://
[alias]
    add = !{tell} alias
    commit = !{tell} alias
[protocol]
    allow = always
CONFIG
git config include.path evil
echo '* filter=evil diff=evil' > .gitattributes
echo more >> README
"""


def hostile(made: workspace.Workspace, spoils: Path) -> None:
    """Set every trap that a workspace can contain; each records who ran it and what it could
    see."""
    spoils.mkdir()
    spoils.chmod(0o777)
    tell = spoils / "tell"
    tell.write_text(
        f"#!/bin/bash\nwho={spoils}/$1-$$\n"
        "{ id -u; env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; } > $who 2>/dev/null\n"
        "exit 0\n"
    )
    tell.chmod(0o755)
    act(made, HOSTILE.replace("{tell}", str(tell)))


@pytest.mark.parametrize("with_token", [False, True])
def test_traps_in_a_workspace_run_nothing_as_root_and_see_no_token(
    any_machine, repository, root, with_token
):
    # Unique: under one user, the traps also see other tests running now.
    secret = f"tok3n-{secrets.token_hex(8)}"
    login = Login(secret) if with_token else NO_LOGIN
    made = any_machine.prepare(repository)
    spoils = root / "spoils"
    hostile(made, spoils)
    made.read_facts()
    checkpoints.push_checkpoint(made, 0, "develop", AUTHOR, login, note=any_machine.note)
    published = publish(made, 0, AUTHOR, login, note=any_machine.note)
    assert repository.refs()["refs/heads/muster/7-1"] == published.commit
    checkpoints.remove_workspace(made, login, note=any_machine.note)

    ran = {path.name.rsplit("-", 1)[0] for path in spoils.glob("*-*")}
    assert ran <= {"filter"}  # a clean filter is part of what a file's content is
    for spoil in spoils.glob("*-*"):
        lines = spoil.read_bytes()
        if made.identity is not None:
            assert lines.startswith(b"%d\n" % made.identity.uid)
        assert secret.encode() not in lines


@as_root
def test_an_attempt_can_read_neither_its_neighbour_nor_the_daemons_things(machine, repository):
    mine, other = machine.prepare(repository), machine.prepare(repository, 8)
    (machine.layout.credentials / "jwt").write_text("secret")
    for path in (
        other.path,
        other.path / "README",
        other.home,
        machine.layout.credentials / "jwt",
        machine.layout.journal,
        machine.layout.attempts,
        machine.layout.workspaces,
        machine.layout.mirrors,
    ):
        assert act(mine, f"ls {path} >/dev/null 2>&1 && echo seen || echo hidden") == "hidden"
    assert act(mine, f"cat {mine.path}/README") == "hello"
    assert act(mine, f"touch {mine.mirror().path}/x 2>/dev/null || echo refused") == "refused"


EATER = "x = bytearray(1 << 30); x[::4096] = x[::4096]; import time; time.sleep(60)"


@pytest.mark.parametrize(
    ("filter_", "code"),
    [
        (f"/usr/bin/python3 -c '{EATER}'", "memory_exceeded"),
        ("for i in $(seq 200); do sleep 60 & done; wait", "processes_exceeded"),
        ("head -c 600000000 /dev/zero > /home/muster/much; sleep 60", "disk_exceeded"),
    ],
    ids=["memory", "processes", "disk"],
)
def test_what_git_runs_is_held_to_an_attempts_limits(machine, repository, filter_, code):
    made = machine.prepare(repository)
    limits = made.sandbox.limits._replace(memory=64 << 20, processes=100, disk=200 << 20)
    made = replace(made, sandbox=replace(made.sandbox, limits=limits))
    act(made, f"git config filter.eats.clean {shlex.quote(filter_)}")
    act(made, "echo '* filter=eats' > .gitattributes")
    with pytest.raises(CheckpointRefused, match=code):
        checkpoints.push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)


AWAITED = "touch /home/muster/began; until [ -e /home/muster/go ]; do sleep 0.05; done"


def test_what_others_write_to_the_disk_meanwhile_is_not_held_against_an_attempt(
    machine, repository, monkeypatch
):
    made = machine.prepare(repository)
    act(made, f"git config filter.x.clean '{AWAITED}'")
    act(made, "echo '* filter=x' > .gitattributes")
    limit = made.sandbox.limits.disk
    free, measured = [3 * limit], []

    class SharedDisk(disk_program.DiskLossWatch):
        def _measure_free_space(self):
            return {"/": disk._FreeSpace(free[0], 1000, 5000)}

        def _finish_walk(self, walk, now):
            breach = super()._finish_walk(walk, now)
            measured.append(self._used)
            return breach

    monkeypatch.setattr(process, "DiskLossWatch", SharedDisk)
    with ThreadPoolExecutor() as pool:
        push = partial(checkpoints.push_checkpoint, made, 0, "develop", AUTHOR, note=machine.note)
        pushing = pool.submit(push)
        problem = lambda: pushing.done() and pushing.exception()  # noqa: E731
        try:
            wait_for((made.home / "began").exists, problem=problem)
            free[0] -= 2 * limit
            wait_for(lambda: any(measured), problem=problem)
        finally:
            (made.home / "go").touch()
        taken = pushing.result()
    assert repository.refs()[taken.ref] == taken.commit
    assert 0 < max(measured) < 1 << 20


def test_a_filter_that_speaks_for_git_costs_the_facts_and_nothing_else(any_machine, repository):
    made = any_machine.prepare(repository)
    act(made, "git config filter.x.clean 'printf \"\\\\0\\\\0\" > /proc/1/fd/1; cat'")
    act(made, "echo '* filter=x' > .gitattributes; echo more >> README")
    with contextlib.suppress(git.GitError):
        made.read_facts()
    taken = checkpoints.push_checkpoint(made, 0, "develop", AUTHOR, note=any_machine.note)
    assert repository.refs()[taken.ref] == taken.commit


@pytest.fixture
def limited_machine(machine: Machine) -> Iterator[Machine]:
    """A machine that limits each attempt to little memory and few processes."""
    asked = {"memory": 256 << 20, "processes": 64}
    limits = sandbox_limits.create_limits(machine.layout.home, 2, asked)
    if limits.groups is None:
        pytest.skip(limits.groups_problem)
    machine.sandboxes = replace(machine.sandboxes, groups=limits.make_groups)
    yield machine
    limits.end_attempt(AttemptKey(7, 1).name)
    assert not any(Path(each).exists() for each in limits.groups.paths_for_sandbox("7-1-daemon"))


BOMB = """
import os, signal
open("/home/muster/ran", "w")
{bomb}
open("/home/muster/had-it-all", "w")
"""
FORKS = """
for _ in range(200):
    if not os.fork():
        signal.pause()
"""


@pytest.mark.parametrize("bomb", ["held = bytearray(1 << 30)", FORKS], ids=["memory", "processes"])
def test_a_filter_that_takes_what_there_is_is_held_to_the_attempts_limits(
    limited_machine, repository, bomb
):
    made = limited_machine.prepare(repository)
    (made.path / "bomb").write_text(BOMB.format(bomb=bomb))
    act(made, "git config filter.x.clean 'python3 /workspace/bomb </dev/null >/dev/null 2>&1; cat'")
    act(made, "echo '* filter=x' > .gitattributes; echo more >> README")
    with contextlib.suppress(checkpoints.CheckpointRefused):
        checkpoints.push_checkpoint(made, 0, "develop", AUTHOR, note=limited_machine.note)
    assert (made.home / "ran").exists()
    assert not (made.home / "had-it-all").exists()


def test_the_lines_of_a_very_large_file_are_not_counted(machine, repository):
    made = machine.prepare(repository)
    act(made, "yes '' | head -c 9000000 > lines; echo more >> README")
    expected = DiffStat(2, 1, 0)
    act(made, "git add --all")
    assert made.read_facts().diff == expected
    taken = checkpoints.push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)
    assert taken.diff == expected
