"""Fixtures of folders, in a run of pytest of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFTEST = """
import pytest

EVENTS = []

@pytest.fixture(scope="package")
def server():
    EVENTS.append("started")
    yield EVENTS
    EVENTS.append("ended")
"""
USING = """
def test_server_runs(server):
    assert server == ["started"]
"""
AFTER = """
def test_server_has_ended(request):
    (conftest,) = (p for p in request.config.pluginmanager.get_plugins() if hasattr(p, "EVENTS"))
    assert conftest.EVENTS == ["started", "ended"]
"""


def test_a_folders_fixture_lives_for_all_its_files_and_ends_with_the_last(tmp_path: Path) -> None:
    for path, text in {
        "first/conftest.py": CONFTEST,
        "first/test_a.py": USING,
        "first/below/test_b.py": USING,
        "first/test_c.py": USING,
        "second/test_d.py": AFTER,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.folders", "--rootdir", tmp_path]
    options = ["--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    done = subprocess.run(
        [*command, *options, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
