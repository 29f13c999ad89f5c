"""The package of people and machines, as `make dist` makes it; the server's is in tests/install."""

import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import muster
from app.server_cli.local.command import run_steps
from packages import build

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.build_wheel(build.CLIENT, tmp_path_factory.mktemp("dist"))


def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def metadata(wheel: Path) -> Message:
    [name] = (name for name in names(wheel) if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(zipfile.ZipFile(wheel).read(name).decode())


def needed(lines: Iterable[str]) -> dict[str, set[str]]:
    """The names of packages, by the extra that wants them."""
    found: dict[str, set[str]] = {"": set()}
    for one in map(Requirement, lines):
        extra = str(one.marker).partition('"')[2].rstrip('"') if one.marker else ""
        found.setdefault(extra, set()).add(one.name)
    return found


def test_it_brings_one_name_and_all_of_our_files(wheel: Path) -> None:
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "muster").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    found = {name for name in names(wheel) if ".dist-info/" not in name}
    assert found == ours | {"muster/LICENSE"}


def test_it_is_pure_python_for_any_system(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")


def test_its_version_is_the_tree_s_and_none_that_a_public_index_would_take(wheel: Path) -> None:
    version = Version(metadata(wheel)["Version"])
    assert (version.public, version.local) == (muster.__version__, "muster")
    assert f"-{version}-" in wheel.name


def test_it_needs_what_the_files_by_hand_name_and_a_machine_needs_more(wheel: Path) -> None:
    found = needed(metadata(wheel).get_all("Requires-Dist", []))
    assert {"click", "rich", "httpx", "keyring", "jq"} <= found[""]
    assert {"psutil", "pyavt"} == found["worker"]


def test_it_never_needs_a_package_of_ours_by_a_name_that_is_somebody_else_s(wheel: Path) -> None:
    found = needed(metadata(wheel).get_all("Requires-Dist", []))
    assert not any(name.startswith("muster") for name in set().union(*found.values()))


def test_it_is_the_same_bytes_twice(wheel: Path, tmp_path: Path) -> None:
    assert build.build_wheel(build.CLIENT, tmp_path).read_bytes() == wheel.read_bytes()


def test_what_cannot_be_packed_is_said_and_is_no_traceback(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "dist").write_text("a file, where the packages' directory should be")
    place = tmp_path / "dist"
    assert (
        run_steps(lambda screen: screen.line(str(build.build_wheel("client", place))), "", 130) == 1
    )
    assert "can't pack muster-client" in capsys.readouterr().out
