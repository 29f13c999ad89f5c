"""The ways in which people install a wheel: pip, uv and pipx, each with both wheels at hand."""

from collections.abc import Callable
from pathlib import Path

from tests.install.people import Person

Way = Callable[[Person, str, Path, Path], Path]


def pip(person: Person, python: str, server: Path, client: Path) -> Path:
    """Both files are named. Returns the directory of the scripts."""
    place = person.home / "muster"
    person.says(python, "-m", "venv", place)
    person.says(place / "bin" / "pip", "install", "--quiet", server, client)
    return place / "bin"


def uv(person: Person, python: str, server: Path, _: Path) -> Path:
    """The client is found beside the server."""
    links = ("--find-links", server.parent)
    person.says("uv", "tool", "install", "--quiet", "--python", python, server, *links)
    return person.home / ".local" / "bin"


def pipx(person: Person, python: str, server: Path, _: Path) -> Path:
    """The same, told to the pip that pipx runs."""
    links = f"--pip-args=--find-links {server.parent}"
    person.says("pipx", "install", "--quiet", "--python", python, server, links)
    return person.home / ".local" / "bin"


WAYS: dict[str, Way] = {"pip": pip, "uv": uv, "pipx": pipx}
