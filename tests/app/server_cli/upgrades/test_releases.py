"""The current release, the previous one, and an interrupted upgrade."""

from pathlib import Path

import pytest

from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.local.errors import OperateError
from app.server_cli.upgrades import releases
from app.server_cli.upgrades.releases import (
    MIGRATING,
    InstalledReleases,
    InterruptedUpgrade,
    Release,
)


@pytest.fixture
def where(tmp_path: Path) -> InstallationPaths:
    return InstallationPaths(
        tmp_path / "config" / "muster.env",
        tmp_path / "share" / "muster",
        tmp_path / "units",
        is_user=True,
    )


def release(where: InstallationPaths, name: str) -> Release:
    """One that is there."""
    (place := where.releases / name / "bin").mkdir(parents=True)
    return Release(name, str(place / "python"))


def test_nothing_is_known_of_what_was_never_upgraded(where: InstallationPaths) -> None:
    assert (releases.load_releases(where), releases.load_interrupted(where)) == (None, None)


def test_what_is_used_is_remembered_and_everybody_may_read_it(where: InstallationPaths) -> None:
    used = InstalledReleases(Release("2", "/new/bin/python"), Release("1", "/old/bin/python"))
    releases.store_releases(where, used)
    assert releases.load_releases(where) == used
    assert where.release.stat().st_mode & 0o777 == 0o644
    releases.store_releases(where, InstalledReleases(used.now))
    assert releases.load_releases(where) == InstalledReleases(used.now, None)


def test_what_was_cut_off_is_remembered_until_it_is_over(where: InstallationPaths) -> None:
    begun = InterruptedUpgrade(MIGRATING, Release("1", "/old"), Release("2", "/new"), "/backup")
    releases.store_interrupted(where, begun)
    assert releases.load_interrupted(where) == begun
    releases.clear_interrupted(where)
    assert releases.load_interrupted(where) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"now": 1}', '{"now": null, "before": null}'])
def test_a_damaged_file_is_said_to_be_one(content: str, where: InstallationPaths) -> None:
    where.release.parent.mkdir()
    where.release.write_text(content)
    with pytest.raises(OperateError, match=r"can't read|is damaged"):
        releases.load_releases(where)


def test_two_upgrades_at_once_are_refused(where: InstallationPaths) -> None:
    second = releases.lock_upgrade(where)
    with (
        releases.lock_upgrade(where),
        pytest.raises(OperateError, match="another upgrade is running"),
    ):
        second.__enter__()
    with releases.lock_upgrade(where):
        pass


def test_nobody_else_can_hold_the_lock_not_even_one_of_before(where: InstallationPaths) -> None:
    where.releases.mkdir(parents=True)
    lock = where.releases / "lock"
    lock.touch(0o644)
    for _ in range(2):
        with releases.lock_upgrade(where):
            assert lock.stat().st_mode & 0o777 == 0o600
        lock.unlink()


def test_the_one_before_stays_and_older_ones_go(where: InstallationPaths) -> None:
    first, second, third = (release(where, name) for name in ("1", "2", "3"))
    assert releases.remove_unused(where, InstalledReleases(third, second)) == ["1"]
    assert not Path(first.python).parent.exists()
    assert Path(second.python).parent.exists()


def test_what_runs_keeps_its_release(
    where: InstallationPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = (release(where, name) for name in ("1", "2"))
    monkeypatch.setattr(releases, "_is_running", lambda place: place.name == "1")
    assert releases.remove_unused(where, InstalledReleases(second)) == []
