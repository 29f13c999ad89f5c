"""Running a release as a canary: shell scripts replace it."""

import os
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from muster.worker.home_lock import HomeInUse
from muster.worker.layout import Layout
from muster.worker.upgrades import canary, choice, releases
from muster.worker.upgrades.canary import Canary, Watchdog
from muster.worker.upgrades.choice import FailedRelease, ReleaseChoice

NAME = "a" * 12 + "-" + "b" * 8
BEGUN = ReleaseChoice("base", release="before", canary=NAME, version="9")
WORD = (
    "import os, time; os.write(int(os.environ['MUSTER_WORKER_WATCHDOG']), b'heard\\n'); "
    "time.sleep(60)"
)
RECEIVED = f'exec {sys.executable} -c "{WORD}"'


class World:
    def __init__(self, layout: Layout) -> None:
        self.layout, self.stopped, self.is_reachable = layout, threading.Event(), True

    def run(self, script: str, seconds: float = 20.0, begun: ReleaseChoice = BEGUN) -> Path | None:
        python = releases.python_path(self.layout, NAME)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
        choice.save(self.layout, begun)
        tried = Canary(self.layout, ["--home", "x"], lambda: self.is_reachable, self.stopped)
        return tried.run(begun, seconds)

    @property
    def choice(self) -> ReleaseChoice | None:
        return choice.load(self.layout)


@pytest.fixture
def world(tmp_path: Path) -> World:
    layout = Layout(tmp_path / "home")
    layout.make()
    return World(layout)


def test_what_the_server_has_answered_stays(world: World) -> None:
    assert world.run(RECEIVED) == releases.python_path(world.layout, NAME)
    assert world.choice == ReleaseChoice("base", release=NAME)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 3", "it exited (status 3) before the server answered it"),
        ("kill -9 $$", "it exited (SIGKILL) before the server answered it"),
        ("exec sleep 60", "the server didn't answer it within 0 s"),
    ],
    ids=["ends", "dies", "is silent"],
)
def test_what_is_not_answered_is_given_back(script: str, why: str, world: World) -> None:
    following = world.run(script, 0.4 if "sleep" in script else 20.0)
    assert following is not None
    assert following != releases.python_path(world.layout, NAME)
    assert world.choice == ReleaseChoice(
        "base", release="before", failed=FailedRelease(NAME, "9", why)
    )


def test_where_the_one_before_reaches_no_server_either_it_is_owed_a_second_try(
    world: World,
) -> None:
    world.is_reachable = False
    world.run("exit 3")
    once = world.choice
    assert once is not None
    assert once.failed is not None
    assert once.failed.may_retry
    world.run("exit 3", begun=ReleaseChoice("base", canary=NAME, version="9", failed=once.failed))
    twice = world.choice
    assert twice is not None
    assert twice.failed is not None
    assert not twice.failed.may_retry


def test_a_stop_ends_the_canary_without_blaming_it(world: World) -> None:
    threading.Timer(0.2, world.stopped.set).start()
    began = time.monotonic()
    assert world.run("exec sleep 60", 60.0) is None
    assert time.monotonic() - began < 30
    assert world.choice == ReleaseChoice("base", release="before")


def test_a_full_disk_costs_nobody_their_daemon(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = choice.save

    def full(layout: Layout, made: ReleaseChoice) -> None:
        if not made.canary:
            raise OSError("no space left")
        save(layout, made)

    monkeypatch.setattr(choice, "save", full)
    monkeypatch.setattr(choice, "current", choice.load)
    assert world.run("exit 3") == Path(sys.executable)
    known = choice.recover_interrupted(world.layout)
    assert known is not None
    assert known.failed == FailedRelease(NAME, "9", choice.INTERRUPTED, may_retry=True)


def test_a_reinstallation_during_a_canary_is_respected(world: World) -> None:
    world.run(f"rm {world.layout.release_choice}; exit 3")
    assert world.choice is None


def test_one_at_a_time(world: World) -> None:
    with choice.canary_lock(world.layout), pytest.raises(HomeInUse):
        world.run(RECEIVED)


def test_who_is_tried_says_that_it_is_heard_and_ends_with_who_tries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = socket.socketpair()
    monkeypatch.setenv(canary.WATCHDOG_VARIABLE, str(theirs.detach()))
    ended = threading.Event()
    leash = Watchdog(ended.set)
    assert canary.WATCHDOG_VARIABLE not in os.environ, "for no child"
    leash.notify_ready()
    leash.notify_ready()
    assert ours.recv(64).startswith(b"heard\n")
    assert not ended.is_set()
    ours.close()
    assert ended.wait(10)
