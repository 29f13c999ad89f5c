"""`muster-server unlock`, of a stack's home."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.server_cli import main


def test_it_is_the_servers_own_command_in_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[list[str], str]] = []

    def run(argv: list[str], *, env: dict[str, str], **_: Any) -> Any:
        ran.append((argv, env["MUSTER_HOME"]))
        return subprocess.CompletedProcess(argv, 3)

    monkeypatch.setattr(subprocess, "run", run)
    done = CliRunner().invoke(main, ["unlock", "--home", str(tmp_path), "--", "--ada"])
    assert done.exit_code == 3, "as the command ended"
    [(argv, home)] = ran
    assert argv[1:] == ["-m", "flask", "--app", "wsgi", "unlock", "--", "--ada"]
    assert home == str(tmp_path)
