"""A home full of links, pipes and foreign owners: the daemon changes none, and waits for none."""

import os
import subprocess
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Published, StageFinished
from tests.hostile.machine import Attempt, Machine
from tests.hostile.service import in_service
from tests.hostile.users import USERS, User
from tests.muster.worker.repositories import wait_for

CASES = [(user, level) for user in USERS for level in ("full", "processes")]
# What daemons, git and agents look for in a home.
NAMES = [
    *(
        ".gitconfig",
        ".git",
        ".git-credentials",
        ".config",
        ".config/git/config",
        ".cache",
        ".local",
    ),
    *(
        ".ssh",
        ".claude",
        ".claude.json",
        ".codex",
        ".codex/config.toml",
        ".gemini",
        ".aider.conf.yml",
    ),
    *(".profile", ".bashrc", ".vscode-cli", "known"),
]
# {name}: in the home; {victim}: a file of the daemon's user; {directory}: one of its directories.
TRAPS = {
    "links": [
        "ln -s {victim} {name}",
        "ln -s {directory}/made {name}",
        "ln -s {directory} {name}",
    ],
    "pipes": ["mkfifo {name}", "mkdir {name}; mkfifo {name}/pipe; chmod 0 {name}"],
}


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0].name}-{case[1]}")
def shared_machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    user, level = request.param
    if os.geteuid() != 0:
        pytest.skip("needs root: the truth is looked at by another user")
    with in_service(user, "--sandbox", level, slots=4) as made:
        yield made


@pytest.fixture
def victims(machine: Machine) -> tuple[Path, Path]:
    """A file and a directory, which the daemon's user may change."""
    directory = machine.root / "operator" / "directory"
    directory.mkdir(mode=0o755, exist_ok=True)
    victim = machine.root / "operator" / "victim"
    victim.write_text("the daemon's")
    victim.chmod(0o644)
    machine.user.own(directory, victim)
    return victim, directory


def state(victims: tuple[Path, Path]) -> list[object]:
    victim, directory = victims
    found = [each.stat() for each in victims]
    owners = [(each.st_mode, each.st_uid, each.st_gid, each.st_mtime_ns) for each in found]
    return [victim.read_text(), os.listdir(directory), *owners]


def next_of(machine: Machine, before: Attempt) -> Attempt:
    """The task's next attempt, to which the home passes."""
    key = AttemptKey(before.key.task_id, before.key.attempt + 1)
    machine.attempts[key] = Attempt(machine, key, before.project)
    return machine.attempts[key]


@pytest.mark.parametrize("kinds", TRAPS.values(), ids=TRAPS)
def test_what_an_agent_left_in_its_home_leads_the_daemon_nowhere(
    machine: Machine, victims: tuple[Path, Path], kinds: list[str]
) -> None:
    victim, directory = victims
    places = {"victim": victim, "directory": directory}
    traps = [
        f"{{ rm -rf {name}; {kind.format(name=name, **places)}; }} 2>&-"
        for name, kind in zip(NAMES, cycle(kinds), strict=False)
    ]
    first = machine.ran("\n".join(["echo work > work; cd $HOME", *traps, "echo trapped"]))
    before = state(victims)  # where it is the daemon's own user, an agent may write there
    home = machine.home.layout.attempt_home(first.key)
    plant_foreign(machine.user, home)
    second = next_of(machine, first)
    second.run("echo 'went on'", continues=1)
    second.wait_for_output("went on")
    second.publish()
    first.forget()
    second.forget()
    layout = machine.home.layout
    wait_for(lambda: not [*layout.homes.glob(f"{first.key.task_id}-*")])
    assert not [*layout.workspaces.glob(f"{first.key.task_id}-*")]
    assert second.alive_when(StageFinished, Published) == []
    assert state(victims) == before


def plant_foreign(user: User, home: Path) -> None:
    """What another user's processes may have put into a home that its owner has opened."""
    if user.uid is not None:
        return
    script = (
        "mkdir -p foreign/in; mkfifo foreign/in/pipe; ln -s / foreign/root; chmod 700 foreign/in"
    )
    subprocess.run(["sh", "-ec", script], cwd=home, check=True)
    subprocess.run(["chown", "-hR", "54321:54321", "foreign"], cwd=home, check=True)
