"""Which of the servers of a host is meant."""

import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from app.server_cli.backups import target as backups
from app.server_cli.backups.errors import BackupError
from app.server_cli.installation import local_server, paths, settings
from app.server_cli.local.errors import OperateError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> paths.InstallationPaths:
    """An installation of the user's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.delenv("MUSTER_HOME", raising=False)
    made = paths.find_paths(user=True)
    settings.write_settings(made.settings, {"MUSTER_HOME": str(made.home), "MUSTER_PORT": "9001"})
    return made


def test_what_is_installed_is_meant_unless_a_home_is_named(
    installed: paths.InstallationPaths, tmp_path: Path
) -> None:
    assert (local_server.find_server().home, local_server.find_server().port) == (
        installed.home,
        9001,
    )
    assert local_server.find_server(tmp_path).paths is None


def test_what_is_in_a_shell_is_no_setting_of_an_installation(
    installed: paths.InstallationPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/other")
    monkeypatch.setenv("MUSTER_TLS_CERT", "/elsewhere")
    found = local_server.find_server().environment
    assert "DATABASE_URL" not in found
    assert "MUSTER_TLS_CERT" not in found
    assert found["PATH"]


@pytest.fixture
def another(installed: paths.InstallationPaths) -> paths.InstallationPaths:
    """The same, of another user, whose HOME root kept (`sudo -E`)."""
    if os.geteuid() != 0:
        pytest.skip("only root can give it to another")
    os.chown(installed.settings.parent, 65534, 65534)
    return installed


def test_root_takes_no_server_of_another_user_for_its_own(another: paths.InstallationPaths) -> None:
    with pytest.raises(OperateError) as refused:
        local_server.find_server()
    name = pwd.getpwuid(65534).pw_name
    assert str(refused.value) == (
        f"the server with the settings {another.settings} belongs to {name}: "
        f"run this as {name}, without sudo"
    )
    assert local_server.is_installed(another.home), "but nothing is restored over it"


def test_root_means_the_system_s_where_there_is_another_s_too(
    another: paths.InstallationPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = replace(paths.system_paths(), settings=tmp_path / "etc" / "muster.env")
    settings.write_settings(system.settings, {"MUSTER_PORT": "9002"})
    monkeypatch.setattr(paths, "system_paths", lambda: system)
    assert (local_server.find_server().paths, local_server.find_server().port) == (system, 9002)


def test_root_makes_none_of_its_own_in_the_home_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give it to another")
    os.chown(tmp_path, 65534, 65534)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(OperateError, match="use --user for yourself, without sudo"):
        paths.find_paths(user=True)


def test_root_makes_an_image_of_another_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give it to another")
    os.chown(tmp_path, 65534, 65534)
    monkeypatch.setenv("HOME", str(tmp_path))
    image = tmp_path / "image"
    assert paths.find_paths(user=True, root=image).root == image


def test_no_backup_is_restored_as_a_stack_into_the_home_of_an_installation(
    installed: paths.InstallationPaths, tmp_path: Path
) -> None:
    installed.home.mkdir(parents=True)
    (tmp_path / "link").symlink_to(installed.home)
    for home in (installed.home, tmp_path / "link"):
        with pytest.raises(BackupError, match="installed here"):
            backups.find_server(home)
    elsewhere = tmp_path / "elsewhere"
    settings.write_settings(installed.settings, {"MUSTER_HOME": str(elsewhere)})
    assert backups.find_server(installed.home).home == installed.home
    with pytest.raises(BackupError, match="--keys-to"):
        backups.find_server(elsewhere)
