"""The ways in which people install a wheel: pip, uv and pipx, each with both wheels at hand."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.install.people import Person

Installer = Callable[[Person, str, Path, Path], Path]


def pip(person: Person, python: str, server: Path, client: Path) -> Path:
    """Both files are named. Returns the directory of the scripts."""
    place = person.home / "muster"
    person.output_of(python, "-m", "venv", place)
    person.output_of(place / "bin" / "pip", "install", "--quiet", server, client)
    return place / "bin"


def uv(person: Person, python: str, server: Path, _: Path) -> Path:
    """The client is found beside the server."""
    links = ("--find-links", server.parent)
    compile_packages(person, python, server)
    person.output_of("uv", "tool", "install", "--quiet", "--python", python, server, *links)
    return person.home / ".local" / "bin"


def compile_packages(person: Person, python: str, server: Path) -> None:
    """Compile the packages in uv's cache, once for all environments that it links them into.

    An upgrade makes an environment, and each of its first processes would compile for 4 s. These
    files are valid by the hash of their source, so a link or a copy of another age may use them.
    """
    done, place = person.fetched / "compiled", person.home / "compiled"
    if done.exists():
        return
    person.output_of("uv", "venv", "--quiet", "--python", python, place)
    links = ("--find-links", server.parent)
    person.output_of("uv", "pip", "install", "--quiet", "--python", place, server, *links)
    packages = person.fetched / "UV" / "archive-v0"
    by_hash = ("--invalidation-mode", "checked-hash")
    # It fails for templates of sources, which are no Python; the rest is compiled nevertheless.
    person.run(python, "-m", "compileall", "-qq", *by_hash, packages)
    shutil.rmtree(place)
    done.touch()


def pipx(person: Person, python: str, server: Path, _: Path) -> Path:
    """The same, passed to the pip that pipx runs."""
    links = f"--pip-args=--find-links {server.parent}"
    person.output_of("pipx", "install", "--quiet", "--python", python, server, links)
    return person.home / ".local" / "bin"


INSTALLERS: dict[str, Installer] = {"pip": pip, "uv": uv, "pipx": pipx}
