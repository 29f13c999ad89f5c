"""`muster-server status` and `logs`, of a stack's home where nothing runs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.embedded import probes
from app.server_cli import main
from tests.flows.running_stack import free_port


@pytest.fixture
def quiet_port(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MUSTER_PORT", port := str(free_port()))
    return port


def test_a_server_that_does_not_answer_is_not_ready_and_advice_is_given(
    quiet_port: str, tmp_path: Path
) -> None:
    done = CliRunner().invoke(main, ["status", "--home", str(tmp_path)])
    assert done.exit_code == 1
    assert f"no response on port {quiet_port}" in done.output
    assert "muster-server doctor" in done.output


def test_programs_are_told_the_same(quiet_port: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["status", "--json", "--home", str(tmp_path)])
    found = json.loads(done.output)
    assert (found["ready"], found["version"], found["port"]) == (False, None, int(quiet_port))
    assert found["home"] == str(tmp_path)


def test_one_that_has_just_begun_to_answer_has_a_version_when_it_is_ready(
    quiet_port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([(0, ""), (200, '{"version": "1.2.3", "missing": []}')])
    monkeypatch.setattr(probes, "probe", lambda *_, **__: next(answers))
    done = CliRunner().invoke(main, ["status", "--json", "--home", str(tmp_path)])
    found = json.loads(done.output)
    assert (found["ready"], found["version"]) == (False, "1.2.3")


@pytest.mark.parametrize("process", ["../secrets", "a b", "--file=x", "web.log"])
def test_no_name_of_a_process_leads_elsewhere(process: str, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for place in ("logs/web.log", "secrets.log"):
        (tmp_path / place).write_text("said")
    done = CliRunner().invoke(main, ["logs", "--home", str(tmp_path), "--", process])
    assert done.exit_code == 1
    assert f"no log of {process}" in done.output
