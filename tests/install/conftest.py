"""Both packages, made once; and people to install them."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.console import builder
from muster import __version__
from packages import build
from tests.install import installers, pasted_commands, people
from tests.install.people import Person
from tests.install.roots import Root
from tests.install.supplies import Supplies
from tests.install.two_versions import Release, Releases
from tests.needs import declare_needs


@pytest.fixture(scope="session")
def area() -> Iterator[Path]:
    """A directory that every user can enter."""
    path = Path(tempfile.mkdtemp(prefix="muster-install-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def dist(area: Path) -> Path:
    """What `make dist` leaves."""
    builder.build(lambda line: None)
    place = area / "dist"
    build.clear_directory(place)
    for which in (build.CLIENT, build.SERVER):
        build.build_wheel(which, place)
    return place


@pytest.fixture(scope="session")
def wheels(dist: Path) -> tuple[Path, Path]:
    """The server's and the client's."""
    [server], [client] = dist.glob("muster_server-*"), dist.glob("muster_client-*")
    return server, client


@pytest.fixture(scope="session")
def releases(area: Path, wheels: tuple[Path, Path]) -> Releases:
    """Of this tree, and to come."""
    server, client = wheels
    return Releases(area, Release(__version__, server, client))


@pytest.fixture(scope="session")
@declare_needs("debian-plain")
def supplies(area: Path, wheels: tuple[Path, Path]) -> Supplies:
    """The files for roots, with the downloaded third-party packages."""
    made = Supplies(area / "given", area / "shared")
    made.pack(wheels)
    with Root("plain", area / "fetching", made.given, made.shared) as root:
        made.fetch(root)
    return made


@pytest.fixture(scope="session")
def python() -> str:
    return people.python()


@pytest.fixture
def new_user(area: Path) -> Iterator[Callable[..., Person]]:
    """A user with an empty home and these tools."""
    with _people(area) as come:
        yield come


@pytest.fixture(scope="module")
def make_person(area: Path) -> Iterator[Callable[..., Person]]:
    """The same, for all tests of a file."""
    with _people(area) as come:
        yield come


@contextmanager
def _people(area: Path) -> Iterator[Callable[..., Person]]:
    made: list[Path] = []

    def come(*tools: str) -> Person:
        place = Path(tempfile.mkdtemp(dir=area))
        place.chmod(0o755)
        made.append(place)
        for name in tools:
            people.tool(name, place / "tools")
        return Person.at(place / "home", area / "fetched", (place / "tools",))

    yield come
    for place in made:
        shutil.rmtree(place, ignore_errors=os.geteuid() != 0)


@pytest.fixture(scope="session")
@declare_needs("uv")
def installed(area: Path, wheels: tuple[Path, Path], python: str) -> Iterator[tuple[Person, Path]]:
    """A user who has installed the server with uv, and the directory of its commands."""
    with _people(area) as come:
        person = come("uv")
        yield person, installers.uv(person, python, *wheels)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pasted_commands.Server]:
    """One that serves its line, for the files of a unit."""
    made = pasted_commands.Server(tmp_path_factory.mktemp("server"))
    with made.stack:
        made.sign_in()
        yield made
        made.api.close()


@pytest.fixture
def host(area: Path) -> Iterator[pasted_commands.Host]:
    """Of an ordinary user; afterwards without a worker."""
    made = pasted_commands.Host(Path(tempfile.mkdtemp(prefix="user-", dir=area)) / "home")
    made.home.parent.chmod(0o755)
    yield made
    if made.prefix.exists():
        made.uninstall()
