"""`muster-server install` and `uninstall`, below a separate directory, where nothing starts."""

import os
import stat
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.server_cli import install as verb
from app.server_cli import main
from app.server_cli.installation import paths, settings, systemd, units
from app.server_cli.installation.initial_setup import InitialSetup
from tests.ptys import Pty

SETTINGS = "etc/muster/muster.env"
UNITS = "etc/systemd/system"


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "answers.toml"
    file.write_text('url = "https://muster.example.org"\ntls = "proxy"\n')
    return file


def install(file: Path, root: Path) -> dict[str, str]:
    run("install", "--answers", str(file), "--root", str(root))
    return settings.read_settings(root / SETTINGS)


def test_it_writes_settings_and_units_and_nothing_else(file: Path, tmp_path: Path) -> None:
    found = install(file, root := tmp_path / "root")
    assert found["MUSTER_PROXY"] == "127.0.0.1"
    written = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert written == {SETTINGS, *(f"{UNITS}/{name}" for name in units.NAMES)}
    assert stat.S_IMODE((root / SETTINGS).stat().st_mode) == 0o600


def test_no_unit_has_a_secret_in_it(file: Path, tmp_path: Path) -> None:
    found = install(file, root := tmp_path / "root")
    texts = "".join((root / UNITS / name).read_text() for name in units.NAMES)
    assert found["SECRET_KEY"] not in texts
    assert found["ENCRYPTION_KEYS"] not in texts


def test_a_second_install_keeps_keys_and_own_settings_and_takes_new_answers(
    file: Path, tmp_path: Path
) -> None:
    before = install(file, root := tmp_path / "root")
    settings.write_settings(root / SETTINGS, {**before, "MUSTER_LOG_LEVEL": "DEBUG"})
    file.write_text('database = "postgresql://db/muster"\nredis = "redis://cache/0"\nport = 9001\n')
    after = install(file, root)
    keys = ("SECRET_KEY", "JWT_SECRET_KEY", "WORKER_JWT_SECRET_KEY", "ENCRYPTION_KEYS")
    assert [after[key] for key in keys] == [before[key] for key in keys]
    assert (after["MUSTER_LOG_LEVEL"], after["MUSTER_PORT"]) == ("DEBUG", "9001")
    assert "MUSTER_PROXY" not in after
    assert not (root / UNITS / units.ENGINES).exists()


def test_a_second_install_leaves_an_operator_s_file_as_it_is_but_for_the_answers(
    file: Path, tmp_path: Path
) -> None:
    install(file, root := tmp_path / "root")
    own = "\n# ours: ask Ada before you change it\n;MUSTER_PORT=1\nMUSTER_LOG_LEVEL=DEBUG\n"
    written = (root / SETTINGS).read_text().replace("MUSTER_PORT", f"{own}MUSTER_PORT")
    (root / SETTINGS).write_text(written)
    install(file, root)
    assert (root / SETTINGS).read_text() == written
    file.write_text(file.read_text() + "port = 9001\n")
    install(file, root)
    expected = written.replace('MUSTER_PORT="9000"', 'MUSTER_PORT="9001"')
    assert (root / SETTINGS).read_text() == expected != written


def test_what_was_installed_is_gone_but_for_keys_and_data(file: Path, tmp_path: Path) -> None:
    before = install(file, root := tmp_path / "root")
    run("uninstall", "--yes", "--root", str(root))
    assert list((root / UNITS).iterdir()) == []
    assert settings.read_settings(root / SETTINGS) == before


def test_purged_nothing_is_left(file: Path, tmp_path: Path) -> None:
    install(file, root := tmp_path / "root")
    run("uninstall", "--yes", "--purge", "--root", str(root))
    assert [path for path in root.rglob("*") if path.is_file() or "muster" in path.name] == []


def test_purged_the_backups_are_left(file: Path, tmp_path: Path) -> None:
    install(file, root := tmp_path / "root")
    (backup := root / "var/backups/muster/before-0.1.0").parent.mkdir(parents=True)
    backup.touch()
    output = run("uninstall", "--yes", "--purge", "--root", str(root))
    assert f"kept       {backup.parent}, " in output
    assert [path for path in root.rglob("*") if path.is_file()] == [backup]


def test_nothing_is_deleted_without_a_yes(file: Path, tmp_path: Path) -> None:
    install(file, root := tmp_path / "root")
    uninstall = ("uninstall", "--purge", "--root", str(root))
    assert "Not a terminal: pass --yes." in run(*uninstall, code=2)
    argv = [sys.executable, "-m", "app.server_cli", *uninstall]
    with Pty(argv, {**os.environ}, cols=200) as terminal:
        terminal.wait_until_shown("Stop Muster and remove its units?")
        assert "permanently. Backups in /var/backups/muster stay." in terminal.lines[0]
        terminal.type("n\n")
        assert terminal.wait_until_ended() == 1
        assert "Error: Cancelled." in terminal.lines
    assert (root / SETTINGS).is_file()


def test_a_wrong_answer_writes_nothing(file: Path, tmp_path: Path) -> None:
    file.write_text("port = 0\n")
    root = tmp_path / "root"
    assert "isn't a port number" in run(
        "install", "--answers", str(file), "--root", str(root), code=1
    )
    assert not root.exists()


@pytest.mark.parametrize(
    ("is_ready", "code", "words"),
    [(True, 0, "started    Muster: https"), (False, 1, "!! started, but not ready yet")],
)
def test_it_ends_well_only_where_the_server_is_ready(
    is_ready: bool,
    code: int,
    words: str,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(systemd, "is_running", lambda _: True)
    monkeypatch.setattr(systemd, "call_systemctl", lambda *_: "")
    monkeypatch.setattr(InitialSetup, "create_admin", lambda _: None)
    monkeypatch.setattr(InitialSetup, "set_public_url", lambda _: True)
    monkeypatch.setattr(verb, "READY_TIMEOUT_SECONDS", 0.0)
    monkeypatch.setattr(verb, "_is_ready", lambda _: is_ready)
    assert words in run("install", "--user", "--answers", str(file), code=code)


@pytest.mark.parametrize("before", [True, False])
def test_that_install_has_had_one_linger_is_said_when_all_is_removed(
    before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(systemd, "is_running", lambda _: True)
    monkeypatch.setattr(systemd, "call_systemctl", lambda *_: "")
    answers = iter([before, True])  # to install, then to uninstall
    monkeypatch.setattr(systemd, "has_linger", lambda _: next(answers, True))
    monkeypatch.setattr(systemd, "enable_linger", lambda _: True)
    where = paths.find_paths(user=True)
    where.settings.parent.mkdir(parents=True)
    verb._enable_linger(where)
    output = run("uninstall", "--user", "--yes", "--purge")
    assert ("`loginctl disable-linger " in output) != before
    assert not where.settings.parent.exists()


@pytest.mark.parametrize("options", [(), ("--purge",)])
def test_nothing_is_removed_below_what_a_systemd_runs_that_does_not_answer(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "run/systemd").mkdir(parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(systemd, "is_running", lambda _: False)
    unit = tmp_path / ".config/systemd/user" / units.NAMES[0]
    data = tmp_path / ".local/share/muster/postgres/PG_VERSION"
    for file in (unit, data):
        file.parent.mkdir(parents=True)
        file.touch()
    output = run("uninstall", "--user", "--yes", *options, code=1)
    assert "nothing was removed. Log in, for example by ssh" in output
    assert unit.exists()
    assert data.exists()
    (tmp_path / "run/systemd").rmdir()  # none runs, and so nothing of it does
    run("uninstall", "--user", "--yes", *options)
    assert not unit.exists()
