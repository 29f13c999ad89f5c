"""Two versions of the packages, which speak with each other."""

import zipfile

import pytest

from tests.install.two_versions import FAULTS, Releases

pytestmark = pytest.mark.timeout(900)


def test_the_next_version_has_a_migration_more_and_the_client_of_its_own(
    releases: Releases,
) -> None:
    now, later = (
        set(zipfile.ZipFile(release.server).namelist()) for release in (releases.now, releases.next)
    )
    assert "migrations/versions/9001_raised.py" in later - now
    assert f"app/install/files/{releases.next.client.name}" in later
    assert releases.next.version != releases.now.version


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_one_is_later_than_the_next(fault: str, releases: Releases) -> None:
    numbers = [
        [int(part) for part in release.version.split(".")]
        for release in (releases.now, releases.next, releases.broken(fault))
    ]
    assert numbers == sorted(numbers)
    assert numbers[0] < numbers[1] < numbers[2]
