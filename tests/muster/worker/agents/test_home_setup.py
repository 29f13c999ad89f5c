import subprocess
from pathlib import Path

from muster.worker.agents import home_setup

TEXT = 'it\'s "hard" %s \\ $(id)\n'


def furnish(home: Path, workspace: Path) -> None:
    (workspace / ".git").mkdir(parents=True, exist_ok=True)
    script = home_setup.build_script(
        str(home), [(".agent/a 'b'/settings", TEXT)], [".agent*", "-x"]
    )
    subprocess.run(["sh", "-c", script], cwd=workspace, check=True)


def test_a_file_is_written_as_it_is_and_once(tmp_path: Path) -> None:
    home, workspace = tmp_path / "home dir", tmp_path / "workspace"
    settings = home / ".agent" / "a 'b'" / "settings"
    furnish(home, workspace)
    assert settings.read_text() == TEXT
    assert settings.stat().st_mode & 0o777 == 0o600
    settings.write_text("of the agent's own")
    furnish(home, workspace)
    assert settings.read_text() == "of the agent's own"


def test_ignored_patterns_are_added_to_git_once(tmp_path: Path) -> None:
    for _ in range(2):
        furnish(tmp_path / "home", tmp_path / "workspace")
    excluded = (tmp_path / "workspace" / ".git" / "info" / "exclude").read_text()
    assert excluded == ".agent*\n-x\n"


def test_where_nothing_is_needed_nothing_is_run() -> None:
    assert home_setup.build_script("/home", [], []) == ""
