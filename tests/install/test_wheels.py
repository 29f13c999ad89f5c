"""The contents of the packages, and that our names are never looked up on a public index."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from muster import __version__
from packages import build
from tests.install.foreign_index import index
from tests.install.people import Person

# Every package that is needed is asked for.
pytestmark = pytest.mark.timeout(900)
SERVER = {"app", "migrations", "config.py", "wsgi.py", "celery_worker.py", "gunicorn.conf.py"}
CONSOLE = "console"
ROOT = Path(__file__).parents[2]


def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def needed(wheel: Path) -> list[Requirement]:
    [name] = (name for name in names(wheel) if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(zipfile.ZipFile(wheel).read(name).decode())
    return [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]


def test_the_directory_has_two_wheels_and_nothing_else(dist: Path) -> None:
    version = f"{__version__}+muster"
    assert sorted(path.name for path in dist.iterdir()) == [
        f"muster_{which}-{version}-py3-none-any.whl" for which in ("client", "server")
    ]


def test_they_are_the_same_bytes_twice(dist: Path, tmp_path: Path) -> None:
    for which in (build.CLIENT, build.SERVER):
        made = build.build_wheel(which, tmp_path)
        assert digest(made) == digest(dist / made.name)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_server_s_brings_these_names_alone(wheels: tuple[Path, Path]) -> None:
    tops = {name.partition("/")[0] for name in names(wheels[0]) if ".dist-info/" not in name}
    assert tops == SERVER | {CONSOLE}


@pytest.mark.parametrize("room", ["app", "migrations"])
def test_all_files_of_a_package_are_in_it(room: str, wheels: tuple[Path, Path]) -> None:
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours <= set(names(wheels[0]))


def test_the_console_is_built_and_of_one_build(wheels: tuple[Path, Path]) -> None:
    kept = json.loads((ROOT / "console" / "dist" / ".files.json").read_text())
    found = {
        name.removeprefix("console/dist/")
        for name in names(wheels[0])
        if name.startswith("console/")
    }
    assert "index.html" in found
    assert found == set(kept["now"])


def test_it_carries_the_client_s_wheel_and_what_is_locked(wheels: tuple[Path, Path]) -> None:
    server, client = wheels
    carried = zipfile.ZipFile(server)
    assert carried.read(f"app/worker_install/files/{client.name}") == client.read_bytes()
    for lock in ("requirements.txt", "requirements-worker.txt"):
        assert carried.read(f"app/worker_install/files/{lock}") == (ROOT / lock).read_bytes()


def test_the_one_name_of_ours_that_is_asked_for_is_one_that_no_public_index_takes(
    wheels: tuple[Path, Path],
) -> None:
    [ours] = (one for one in needed(wheels[0]) if one.name.startswith("muster"))
    assert str(ours) == f"muster-client[worker]=={__version__}+muster"


@pytest.mark.needs("uv")
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_foreign_packages_of_our_name_are_never_installed(
    tool: str,
    wheels: tuple[Path, Path],
    new_user: Callable[..., Person],
    python: str,
    tmp_path: Path,
) -> None:
    person = new_user("uv")
    place = person.home / "env"
    person.output_of("uv", "venv", "--quiet", "--seed", "--python", python, place)
    pip = [place / "bin" / "pip", "install", "--dry-run", "--quiet", "--report", "-"]
    uv = ["uv", "pip", "install", "--dry-run", "--index-strategy", "unsafe-best-match"]
    argv = pip if tool == "pip" else [*uv, "--python", place]
    with index(tmp_path, "muster-client", (__version__, f"{__version__}.post1", "98765.0")) as url:
        alone = person.run(*argv, "--extra-index-url", url, wheels[0])
        beside = person.run(
            *argv, "--extra-index-url", url, "--find-links", wheels[0].parent, wheels[0]
        )
    assert alone.returncode != 0, alone.stdout
    assert "muster-client" in alone.stderr
    assert beside.returncode == 0, beside.stderr
    assert f"{__version__}+muster" in beside.stdout + beside.stderr
    assert "98765.0" not in beside.stdout + beside.stderr
