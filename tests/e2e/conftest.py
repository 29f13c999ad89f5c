"""One stack with a team, and one browser, for all tests of a process."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser

from app.embedded.stack import Stack
from app.server_cli.local import paths
from demo.console import builder
from tests.chaos.world import end_all_of
from tests.e2e.visitor import Visitor, launched
from tests.e2e.world import plot
from tests.e2e.world.__main__ import USUAL, environment
from tests.e2e.world.stage import World
from tests.flows.running_stack import free_port
from tests.gunicorns import end_at_once
from tests.needs import declare_needs

PASSWORD = "a password that only tests use"
MACHINES = ("heron", "tern")

OpenBrowser = Callable[..., Visitor]


@pytest.fixture(scope="session")
@declare_needs("chromium")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@contextmanager
def running_world(**options: Any) -> Iterator[World]:
    builder.build(print)
    home = Path(tempfile.mkdtemp(prefix="muster-e2e-"))
    home.chmod(0o755)  # attempts have a uid of their own, and must get to the repositories
    with Stack(home, free_port(), environment(PASSWORD)) as stack:
        world = World(stack, PASSWORD, print, **options)
        world.furnish()
        yield world
        area = paths.machines_directory(home)
        end_at_once(stack)
    end_all_of(area)  # shims outlive their daemon
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """The team, its projects and two machines; tests make their own tasks."""
    with attached() or running_world(named=MACHINES) as world:
        yield world


@pytest.fixture(scope="session")
def full_world() -> Iterator[World]:
    """All of its machines and tasks too, in every state: for looking, and to be left as it is."""
    if there := attached():
        with there as world:
            yield world
        return
    with running_world() as world:
        plot.play(world)
        yield world


def attached() -> AbstractContextManager[World] | None:
    """The full world that runs already on MUSTER_E2E_URL, in MUSTER_E2E_HOME: for whoever writes
    tests, for it is started once. What stops servers is not for it."""
    if not (url := os.environ.get("MUSTER_E2E_URL")):
        return None
    stack: Any = SimpleNamespace(
        url=url, home=Path(os.environ["MUSTER_E2E_HOME"]), check=lambda: None
    )
    world = World(stack, USUAL, print)
    world.attach()
    return nullcontext(world)


@pytest.fixture
def open_browser(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenBrowser]:
    """Opens a browser of somebody's own, signed in as them (by default as nobody). Whatever went
    wrong in one, unless the test has expected it, fails the test.
    """
    visitors: list[Visitor] = []

    def come(world: World, name: str | None = None, **options: Any) -> Visitor:
        visitor = Visitor(browser, world.stack.url, **options)
        visitors.append(visitor)
        return visitor.sign_in(name, world.password) if name else visitor

    yield come
    faults = [fault for visitor in visitors for fault in visitor.errors]
    for visitor in visitors:
        visitor.close()
    assert not faults, "\n".join(faults)
