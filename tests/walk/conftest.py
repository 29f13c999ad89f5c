"""A model that follows a script, a browser, and what a new user starts with."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from demo.console import builder
from packages import build
from tests.agents.agents import NODE, NPM
from tests.agents.model.server import Model
from tests.e2e.visitor import launched
from tests.flows.running_stack import free_port
from tests.install import installers, people
from tests.install.people import Person
from tests.needs import declare_needs
from tests.walk.shell import StartLine

ROOT = Path(__file__).parents[2]
# A host that runs tests is busy and full; its machine must take the task anyway.
BUSY = {"MUSTER_MAX_LOAD_PERCENT": "100", "MUSTER_MAX_DISK_PERCENT": "100"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--server", choices=("checkout", "installed"), default="checkout")


@pytest.fixture(scope="session")
@declare_needs("chromium")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def model() -> Iterator[Model]:
    with Model() as model:
        yield model
    assert model.problems == []


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that every user can enter: attempts have uids of their own."""
    path = Path(tempfile.mkdtemp(prefix="muster-walk-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
@declare_needs("uv")
def start_line(request: pytest.FixtureRequest, folder: Path) -> StartLine:
    """`make up` in this checkout, or with `--server installed` what its packages install."""
    (sources := folder / "sources").mkdir()
    settings = {"MUSTER_PORT": str(free_port()), "MUSTER_REPOSITORIES": str(sources), **BUSY}
    if request.config.getoption("server", "checkout") == "installed":
        return _installed(folder, sources, settings)
    (folder / "home").mkdir()
    settings |= {"HOME": str(folder / "home"), "MUSTER_HOME": str(folder / "state")}
    kept = {name: os.environ[name] for name in ("GNUMAKEFLAGS",) if name in os.environ}
    return StartLine(
        "make up", ROOT, sources, {**_with_agents(os.environ["PATH"]), **settings, **kept}
    )


def _installed(folder: Path, sources: Path, settings: dict[str, str]) -> StartLine:
    """Build the packages and install them with uv, as an ordinary user."""
    builder.build(print)
    (dist := folder / "dist").mkdir()
    client, server = (build.build_wheel(each, dist) for each in (build.CLIENT, build.SERVER))
    people.tool("uv", folder / "tools")
    person = Person.at(folder / "home", folder / "fetched", (folder / "tools",))
    scripts = installers.uv(person, people.python(), server, client)
    env = person.environment(**settings)
    agents = _with_agents(os.pathsep.join([str(scripts), env["PATH"]]))
    return StartLine("muster-server up", person.home, sources, env | agents, person.account)


def _with_agents(path: str) -> dict[str, str]:
    return {"PATH": os.pathsep.join([str(NPM), str(NODE), path]), "LANG": "C.UTF-8"}
