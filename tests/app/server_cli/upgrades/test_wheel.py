"""Valid and invalid server packages."""

import zipfile
from pathlib import Path

import pytest

from app.server_cli.local.errors import OperateError
from app.server_cli.upgrades import wheel

NAME = "muster_server-0.2.0+muster-py3-none-any.whl"
CLIENT = "muster_client-0.2.0+muster-py3-none-any.whl"
TOLD = "muster_server-0.2.0+muster.dist-info/METADATA"
METADATA = "Metadata-Version: 2.4\nName: muster-server\nVersion: 0.2.0+muster\n"
CARRIED = (CLIENT, "requirements.txt", "requirements-worker.txt")
WHOLE = {TOLD: METADATA} | {f"app/worker_install/files/{name}": name for name in CARRIED}


def packed(place: Path, files: dict[str, str], name: str = NAME) -> Path:
    with zipfile.ZipFile(place / name, "w") as made:
        for path, text in files.items():
            made.writestr(path, text)
    return place / name


def test_a_whole_one_has_a_version_and_a_directory_of_its_own(tmp_path: Path) -> None:
    found = wheel.read_wheel(packed(tmp_path, WHOLE))
    assert (found.version, found.client) == ("0.2.0", CLIENT)
    assert found.label == f"0.2.0-{found.sha256[:12]}"


def test_what_it_carries_is_laid_out_beside_itself(tmp_path: Path) -> None:
    (place := tmp_path / "there").mkdir()
    ours = wheel.unpack_bundled(wheel.read_wheel(packed(tmp_path, WHOLE)), place)
    assert [path.name for path in ours] == [CLIENT, NAME]
    assert {path.name for path in place.iterdir()} == {*CARRIED, NAME}
    assert (place / CLIENT).read_text() == CLIENT


@pytest.mark.parametrize("left_out", WHOLE)
def test_a_part_of_one_is_none(left_out: str, tmp_path: Path) -> None:
    files = {name: text for name, text in WHOLE.items() if name != left_out}
    with pytest.raises(OperateError, match="isn't a package made by `make dist`"):
        wheel.read_wheel(packed(tmp_path, files))


def test_the_clients_is_not_the_servers(tmp_path: Path) -> None:
    with pytest.raises(OperateError, match=r"use muster_server-….whl"):
        wheel.read_wheel(packed(tmp_path, WHOLE, CLIENT))


def test_the_name_is_what_it_is(tmp_path: Path) -> None:
    files = WHOLE | {TOLD: METADATA.replace("0.2.0", "0.3.0")}
    with pytest.raises(OperateError, match="a different package than its name says"):
        wheel.read_wheel(packed(tmp_path, files))


def test_a_torn_one_and_one_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    whole = packed(tmp_path, WHOLE)
    whole.write_bytes(whole.read_bytes()[:-40])
    for path in (whole, tmp_path / "nowhere" / NAME):
        with pytest.raises(OperateError, match="can't read"):
            wheel.read_wheel(path)


def test_a_changed_byte_is_seen(tmp_path: Path) -> None:
    whole = packed(tmp_path, WHOLE)
    content = whole.read_bytes()
    whole.write_bytes(content.replace(CLIENT.encode() + b"PK", b"X" + CLIENT.encode()[1:] + b"PK"))
    assert whole.read_bytes() != content
    with pytest.raises(OperateError, match="is damaged"):
        wheel.read_wheel(whole)
