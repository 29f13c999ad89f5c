"""Which release is used, which was before, and what was cut off."""

from pathlib import Path

import pytest

from app.server_cli.installation.paths import Places
from app.server_cli.local.errors import OperateError
from app.server_cli.upgrades import releases
from app.server_cli.upgrades.releases import MIGRATING, CutOff, Release, Used


@pytest.fixture
def where(tmp_path: Path) -> Places:
    return Places(
        tmp_path / "config" / "muster.env",
        tmp_path / "share" / "muster",
        tmp_path / "units",
        is_user=True,
    )


def release(where: Places, name: str) -> Release:
    """One that is there."""
    (place := where.releases / name / "bin").mkdir(parents=True)
    return Release(name, str(place / "python"))


def test_nothing_is_known_of_what_was_never_upgraded(where: Places) -> None:
    assert (releases.used(where), releases.cut_off(where)) == (None, None)


def test_what_is_used_is_remembered_and_everybody_may_read_it(where: Places) -> None:
    used = Used(Release("2", "/new/bin/python"), Release("1", "/old/bin/python"))
    releases.use(where, used)
    assert releases.used(where) == used
    assert where.release.stat().st_mode & 0o777 == 0o644
    releases.use(where, Used(used.now))
    assert releases.used(where) == Used(used.now, None)


def test_what_was_cut_off_is_remembered_until_it_is_over(where: Places) -> None:
    begun = CutOff(MIGRATING, Release("1", "/old"), Release("2", "/new"), "/backup")
    releases.note(where, begun)
    assert releases.cut_off(where) == begun
    releases.forget(where)
    assert releases.cut_off(where) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"now": 1}', '{"now": null, "before": null}'])
def test_a_damaged_file_is_said_to_be_one(content: str, where: Places) -> None:
    where.release.parent.mkdir()
    where.release.write_text(content)
    with pytest.raises(OperateError, match=r"cannot be read|is damaged"):
        releases.used(where)


def test_two_upgrades_at_once_are_refused(where: Places) -> None:
    second = releases.alone(where)
    with releases.alone(where), pytest.raises(OperateError, match="another upgrade runs"):
        second.__enter__()
    with releases.alone(where):
        pass


def test_nobody_else_can_hold_the_lock_not_even_one_of_before(where: Places) -> None:
    where.releases.mkdir(parents=True)
    lock = where.releases / "lock"
    lock.touch(0o644)
    for _ in range(2):
        with releases.alone(where):
            assert lock.stat().st_mode & 0o777 == 0o600
        lock.unlink()


def test_the_one_before_stays_and_older_ones_go(where: Places) -> None:
    first, second, third = (release(where, name) for name in ("1", "2", "3"))
    assert releases.remove_others(where, Used(third, second)) == ["1"]
    assert not Path(first.python).parent.exists()
    assert Path(second.python).parent.exists()


def test_what_runs_keeps_its_release(where: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    _, second = (release(where, name) for name in ("1", "2"))
    monkeypatch.setattr(releases, "_is_running", lambda place: place.name == "1")
    assert releases.remove_others(where, Used(second)) == []
