"""Machines install their server's release: a worker of the previous version, installed by pip from
the index, and a complete server of this tree, which builds its own package.

The lease is short, and a canary takes at most half of it.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muster import __version__
from packages import build
from tests.chaos.world import end_all_of
from tests.flows.running_stack import wait_for
from tests.gunicorns import end_at_once
from tests.install.self_upgrades import BEFORE, COUNT, TIMEOUT_SECONDS, Machine, Wheels, Work, World

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def wheels(area: Path) -> Wheels:
    return Wheels(area)


@pytest.fixture(scope="module")
def base(area: Path, wheels: Wheels, python: str) -> Path:
    """The interpreter of the installed worker's environment."""
    place = area / "base"
    subprocess.run([python, "-m", "venv", place], check=True)
    locked = build.ROOT / "requirements-worker.txt"
    pip = (place / "bin" / "pip", "install", "--quiet")
    subprocess.run([*pip, "--require-hashes", "-r", locked], check=True)
    subprocess.run([*pip, "--no-deps", wheels.of_before()], check=True)
    return place / "bin" / "python"


@pytest.fixture(scope="module")
def world(wheels: Wheels, base: Path) -> Iterator[World]:
    home = Path(tempfile.mkdtemp(prefix="muster-upgrades-", dir="/var/tmp"))
    home.chmod(0o755)  # attempts have their own uids, and need access to the repository
    made = World(home, wheels, base)
    made.carry(wheels.good())
    with made.stack:
        made.furnish()
        yield made
        end_at_once(made.stack)
    end_all_of(home)
    shutil.rmtree(home)


MakeMachine = Callable[..., Machine]


@pytest.fixture
def machine(world: World) -> Iterator[MakeMachine]:
    made: list[Machine] = []

    def make(name: str, *options: str) -> Machine:
        one = Machine(world, name)
        made.append(one)
        one.start(*options)
        return one

    world.carry(world.wheels.good())
    world.upgrades("off")
    yield make
    for one in made:
        one.stop()


@contextmanager
def explain_failure(machine: Machine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        print(machine.log.read_text()[-4000:])  # noqa: T201
        raise


def test_at_once_nothing_that_runs_is_lost(world: World, machine: MakeMachine) -> None:
    one = machine("plover")
    with explain_failure(one):
        assert one.now["version"] == BEFORE
        one.wait_for_state("off")  # a setting takes effect within a second
        work = Work(one, COUNT)
        world.upgrades("now")
        one.wait_for_version(__version__)
        one.wait_until_settled()
        work.require_live()
        assert one.now["upgrade"] == {"state": "current", "offered": None, "reason": ""}
        work.end()
        later = world.task("PLOVER", machineId=one.now["id"])
        assert later.wait_for_status("completed", patience=TIMEOUT_SECONDS)["attempt"] == 1, (
            "shims of the release"
        )
    about = {"targetType": "machine", "targetId": one.now["id"]}
    entries = world.api.get("/api/admin/audit-logs", action="machine.upgraded", **about)["items"]
    assert [each["changes"]["after"] for each in entries] == [{"version": __version__}]


def test_idle_is_when_nothing_runs(world: World, machine: MakeMachine) -> None:
    one = machine("curlew")
    with explain_failure(one):
        work = Work(one, 1)
        world.upgrades("idle")
        waits = one.wait_for_state("waiting")
        assert waits == {
            "state": "waiting",
            "offered": __version__,
            "reason": "until nothing runs here; drain it to upgrade sooner",
        }
        assert one.now["version"] == BEFORE
        work.end()
        one.wait_for_version(__version__)


def test_who_is_pinned_or_keeps_its_release_stays(world: World, machine: MakeMachine) -> None:
    pinned, keeps = machine("dunlin"), machine("godwit", "--no-auto-upgrade")
    world.api.put(f"/api/admin/machines/{pinned.now['id']}", {"pinned": True})
    world.upgrades("now")
    pinned.wait_for_state("pinned")
    keeps.wait_for_state("opted_out")
    assert [one.now["version"] for one in (pinned, keeps)] == [BEFORE] * 2
    assert not list((pinned.home / "releases").glob("*-*"))
    assert not list((keeps.home / "releases").glob("*-*"))


def test_broken_releases_are_given_back(world: World, machine: MakeMachine) -> None:
    one = machine("snipe")
    with explain_failure(one):
        work = Work(one, 1)
        world.carry(world.wheels.broken("daemon"))
        world.upgrades("now")
        assert "it doesn't start: RuntimeError" in one.wait_for_state("failed")["reason"]
        # Another package is tried again; usually the server has restarted with it.
        world.carry(world.wheels.broken("silent"))
        one.poll_again()
        silent = "the server didn't answer it within"
        wait_for(lambda: silent in one.now["upgrade"]["reason"], "failure", TIMEOUT_SECONDS)
        assert f"It stays on {BEFORE}" in one.now["upgrade"]["reason"]
        assert (one.now["version"], one.now["connected"]) == (BEFORE, True)
        work.require_live()
        world.carry(world.wheels.good())
        one.poll_again()
        one.wait_for_version(__version__)
        one.wait_until_settled()
        work.end()


def test_killed_while_it_prepares_it_goes_over_when_it_is_started_again(
    world: World, machine: MakeMachine
) -> None:
    one = machine("ruff")
    with explain_failure(one):
        world.upgrades("now")
        wait_for(
            lambda: list((one.home / "releases").glob("*-*")), "begun release", TIMEOUT_SECONDS
        )
        os.kill(one.process.pid, signal.SIGKILL)
        one.process.wait()
        one.start()
        one.wait_for_version(__version__)
