"""Which of the servers of a host is meant."""

from pathlib import Path

import pytest

from app.operate.backups import places as backups
from app.operate.backups.errors import BackupError
from app.operate.installed import places, running, settings


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> places.Places:
    """An installation of the user's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.delenv("MUSTER_HOME", raising=False)
    made = places.of(user=True)
    settings.write(made.settings, {"MUSTER_HOME": str(made.home), "MUSTER_PORT": "9001"})
    return made


def test_what_is_installed_is_meant_unless_a_home_is_named(
    installed: places.Places, tmp_path: Path
) -> None:
    assert (running.of().home, running.of().port) == (installed.home, 9001)
    assert running.of(tmp_path).places is None


def test_no_backup_is_restored_as_a_stack_into_the_home_of_an_installation(
    installed: places.Places, tmp_path: Path
) -> None:
    installed.home.mkdir(parents=True)
    (tmp_path / "link").symlink_to(installed.home)
    for home in (installed.home, tmp_path / "link"):
        with pytest.raises(BackupError, match="installed here"):
            backups.server(home)
    elsewhere = tmp_path / "elsewhere"
    settings.write(installed.settings, {"MUSTER_HOME": str(elsewhere)})
    assert backups.server(installed.home).home == installed.home
    with pytest.raises(BackupError, match="--keys-to"):
        backups.server(elsewhere)
