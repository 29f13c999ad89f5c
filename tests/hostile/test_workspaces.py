"""A workspace that its agent has turned into something else: nothing of others comes of it."""

import re

import pytest

from muster.protocol.frames import Checkpoint, Failed, StageFinished
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import Remote
from tests.hostile.machine import Attempt, Machine

# {git}: another attempt's .git; {mirror}: another project's mirror; {secret}: a file of others.
SWAPS = {
    "a link": "rm -rf .git; ln -s {git} .git",
    "a link to a mirror": "rm -rf .git; ln -s {mirror} .git",
    "a gitfile": "rm -rf .git; echo 'gitdir: {git}' > .git",
    "a commondir": "echo {git} > .git/commondir",
    "objects elsewhere": "rm -rf .git/objects; ln -s {git}/objects .git/objects",
    "refs elsewhere": "rm -rf .git/refs; ln -s {git}/refs .git/refs",
    "a head elsewhere": "rm .git/HEAD; ln -s {git}/HEAD .git/HEAD",
    "a head that is a secret": "rm .git/HEAD; ln -s {secret} .git/HEAD",
    "a branch that is a secret": "find .git/refs/heads -type f -exec ln -sf {secret} '{{}}' ';'",
    "an index elsewhere": "rm -f .git/index; ln -s {git}/index .git/index",
    "a config that is a secret": "rm .git/config; ln -s {secret} .git/config",
    "a config with a secret in it": "git config include.path {secret}",
    "a work tree elsewhere": "git config core.worktree {other}",
    "ignored by a secret": "git config core.excludesFile {secret}",
    "described by a secret": "git config commit.template {secret}",
    "a log elsewhere": "rm -rf .git/logs; ln -s {other} .git/logs",
    "no repository": "rm -rf .git",
    "a pipe": "rm .git/HEAD; mkfifo .git/HEAD",
    "pipes in the tree": "mkfifo pipe; ln -s /dev/zero zero; ln -s /dev/tty tty",
    "a tree without end": "mkdir -p $(yes deeper-and-so/ | head -n 200 | tr -d '\\n'); ln -s . l",
}


@pytest.fixture
def other(machine: Machine) -> Attempt:
    """An attempt of another project's, at a gate."""
    return machine.ran(
        f"echo {machine.secret()} > plan; git add plan; git commit -qm plan", project="bank"
    )


def places(machine: Machine, other: Attempt) -> dict[str, str]:
    remote = Remote.parse(machine.bank.url)
    return {
        "git": str(other.workspace / ".git"),
        "other": str(other.workspace),
        "secret": str(machine.root / "operator" / "notes"),
        "mirror": str(Mirror(machine.home.layout, remote).path),
    }


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_a_repository_that_was_swapped_gives_nothing_away(
    machine: Machine, other: Attempt, swap: str
) -> None:
    before = machine.bank.refs()
    attempt = machine.attempt()
    attempt.order(f"echo work > work; {swap.format(**places(machine, other))}\necho swapped")
    machine.server.wait_until_seen(attempt.key, StageFinished, Failed, limit=40)
    assert machine.leaked() == []
    assert machine.bank.refs() == before
    assert attempt.alive_when(StageFinished, Checkpoint) == []
    other.run("git status --porcelain; git --no-pager log -1 --format=%s; cat plan", stage_index=1)
    assert other.log.startswith(b"plan\r\ncanary-")


BORROWS = {
    "alternates": "echo {mirror}/objects >> .git/objects/info/alternates",
    "alternates of a workspace": "echo {git}/objects >> .git/objects/info/alternates",
}


@pytest.mark.parametrize("borrow", BORROWS.values(), ids=BORROWS)
def test_objects_of_others_are_not_pushed_for_who_knows_their_names(
    machine: Machine, other: Attempt, borrow: str
) -> None:
    """Neither read by the stage, nor brought along by the daemon's git that takes the commit."""
    wanted = machine.bank.git("rev-parse", "main:ledger")
    attempt = machine.attempt()
    attempt.order(
        f"{borrow.format(**places(machine, other))}\n"
        f"git cat-file -p {wanted}\n"
        f"tree=$(printf '100644 blob {wanted}\\tstolen\\n' | git mktree --missing)\n"
        "commit=$(git commit-tree -p HEAD -m stolen $tree); git reset -q --soft $commit\n"
        "git read-tree $tree; git update-index --skip-worktree stolen; echo asked\n"
    )
    machine.server.wait_until_seen(attempt.key, StageFinished, Failed, limit=40)
    assert b"asked" in attempt.log
    assert machine.leaked() == []
    assert wanted not in objects(machine)


def objects(machine: Machine) -> set[str]:
    every = machine.shop.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    return set(every.splitlines())


LINKS = {
    "symbolic links": "ln -s {target} link-$n",
    "hard links": "ln {target} link-$n",
    "a directory of others": "ln -s $(dirname {target}) link-$n",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_links_out_of_the_workspace_lead_nowhere(
    machine: Machine, other: Attempt, link: str
) -> None:
    layout = machine.home.layout
    targets = [
        "/etc/shadow",
        layout.credentials / "credentials.json",
        machine.root / "operator" / "notes",
        other.workspace / "plan",
        layout.attempt(other.key) / "log",
    ]
    asked = "".join(
        f"n={n}; {link.format(target=target)}; cat link-$n 2>/dev/null; cat link-$n/* 2>/dev/null\n"
        for n, target in enumerate(targets)
    )
    attempt = machine.ran(f"{asked}chmod -R a+rwx . ; echo asked")
    attempt.publish()
    attempt.forget()
    assert not re.search(rb"root:[*!$]", attempt.log)
    assert machine.leaked() == []
    # What follows links on its way (du, chmod, rm) has left the others' files as they were.
    other.run("cat plan; ls -l plan", stage_index=1)
    assert b"canary-" in other.log
