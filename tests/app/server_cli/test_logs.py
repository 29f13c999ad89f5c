"""`muster-server logs`, of what systemd runs."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.server_cli import main
from app.server_cli.installation import paths, settings


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory on the search path of a host with an installation."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("MUSTER_HOME", raising=False)
    settings.write_settings(paths.find_paths(user=True).settings, {"MUSTER_PORT": "9001"})
    found = tmp_path / "bin"
    found.mkdir()
    monkeypatch.setenv("PATH", str(found))
    return found


def asked(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """What journalctl is asked for."""
    ran: list[list[str]] = []
    monkeypatch.setattr("os.execvp", lambda _, argv: ran.append(argv))
    done = CliRunner().invoke(main, ["logs", *words])
    assert done.exit_code == 0, done.output
    return [word for word in ran[0] if word.startswith("--unit")]


def test_they_are_those_of_the_server_and_not_of_a_worker_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("engines", "migrate", "web", "dispatch", "jobs", "beat")
    assert asked(monkeypatch) == [f"--unit=muster-{name}.service" for name in names]
    assert asked(monkeypatch, "web") == ["--unit=muster-web.service"]


def test_an_unknown_process_lists_the_known_ones() -> None:
    done = CliRunner().invoke(main, ["logs", "worker"])
    assert done.exit_code == 1
    assert "engines, migrate, web, dispatch, jobs, beat" in done.output


def test_a_missing_journal_is_reported() -> None:
    done = CliRunner().invoke(main, ["logs", "web"])
    assert done.exit_code == 1
    assert "can't run journalctl: No such file" in done.output


def test_of_a_stack_a_process_has_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place := tmp_path / "logs").mkdir()
    for name in ("beat", "gunicorn", "postgres", "valkey"):
        (place / f"{name}.log").touch()
    ran: list[list[str]] = []
    monkeypatch.setattr("os.execvp", lambda _, argv: ran.append(argv))
    for process, files in (("web", ["gunicorn"]), ("engines", ["postgres", "valkey"])):
        done = CliRunner().invoke(main, ["logs", process, "--home", str(tmp_path)])
        assert done.exit_code == 0, done.output
        assert ran[-1][2:] == [str(place / f"{name}.log") for name in files]
    done = CliRunner().invoke(main, ["logs", "jobs", "--home", str(tmp_path)])
    assert "no log of jobs" in done.output
    assert "there are logs of beat, gunicorn, postgres, valkey" in done.output
