"""Which files a server has for machines."""

import hashlib
import os
from pathlib import Path

import pytest

from app.worker_install import packages
from tests.bundled_wheel import REQUIREMENTS, WHEEL, make


def test_each_file_comes_from_the_first_place_that_has_it(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for place in (first, second):
        place.mkdir()
        make(place)
    (first / REQUIREMENTS).unlink()
    found = packages.find_packages([tmp_path / "nowhere", first, second])
    assert (found.wheel, found.requirements) == (first / WHEEL, second / REQUIREMENTS)
    assert found.wheel_sha256 == hashlib.sha256(b"a wheel").hexdigest()


def test_of_several_wheels_it_is_the_latest(tmp_path: Path) -> None:
    make(tmp_path)
    newer = tmp_path / "muster_client-0.2.0-py3-none-any.whl"
    newer.write_bytes(b"newer")
    os.utime(tmp_path / WHEEL, (1, 1))
    assert packages.find_packages([tmp_path]).wheel == newer


def test_a_wheel_that_has_changed_has_another_hash(tmp_path: Path) -> None:
    before = packages.find_packages([make(tmp_path)]).wheel_sha256
    (tmp_path / WHEEL).write_bytes(b"another wheel")
    assert packages.find_packages([tmp_path]).wheel_sha256 != before


@pytest.mark.parametrize(
    "name",
    [
        "muster_server-1-py3-none-any.whl",
        "muster_client-1-py3-none-any.whl;id",
        "muster_client.whl",
    ],
)
def test_nothing_else_is_taken_for_the_wheel(tmp_path: Path, name: str) -> None:
    make(tmp_path)
    (tmp_path / WHEEL).rename(tmp_path / name)
    with pytest.raises(packages.PackagesNotFound, match="make dist"):
        packages.find_packages([tmp_path])
