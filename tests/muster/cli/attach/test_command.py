"""`muster attach` and its arguments, without reaching a terminal."""

from pathlib import Path

import httpx
import pytest

from tests.muster.cli.shell import SERVER, Shell

NOTHING_RUNS = httpx.Response(409, json={"code": "no_terminal", "detail": "No stage runs."})


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("reference", ["7", "#7", f"{SERVER}/tasks/7"])
def test_a_task_is_said_as_anywhere_and_one_without_a_terminal_is_a_failure(reference: str) -> None:
    shell = Shell(lambda _: NOTHING_RUNS)
    ended = shell("--server", SERVER, "attach", reference, is_terminal=True)
    assert [request.url.path for request in shell.asked] == ["/api/web/tasks/7/pty-token"]
    assert ended.status == 1
    assert "No stage of task 7 is running." in ended.err


@pytest.mark.usefixtures("home")
def test_an_authority_that_is_none_is_said_to_be_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MUSTER_CA_FILE", str(tmp_path / "none.pem"))
    shell = Shell(lambda _: NOTHING_RUNS)
    ended = shell("--server", "https://muster.example", "attach", "7", is_terminal=True)
    assert (ended.status, shell.asked) == (1, [])
    assert "none.pem isn't a CA certificate" in ended.err
