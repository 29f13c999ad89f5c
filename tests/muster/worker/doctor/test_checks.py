"""`python -m muster worker doctor`, as people call it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.muster.worker.repositories import as_root, root
from tests.muster.worker.worker_home import SOURCES

__all__ = ["root"]


def doctor(*options: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "muster", "worker", "doctor", *options],
        cwd=SOURCES,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_works_where_nothing_is_set_up_yet_and_leaves_nothing(root: Path) -> None:
    completed = doctor("--home", str(root / "home"), COLUMNS="80")
    assert (completed.returncode, completed.stderr) == (0, "")
    rows = [line.split()[:2] for line in completed.stdout.splitlines() if line[:4].strip()]
    names = [name for _, name in rows]
    assert list(dict.fromkeys(names))[:10] == [
        *("git", "home", "disk", "bubblewrap", "util-linux"),
        *("namespaces", "sandbox", "Python", "cgroups", "Landlock"),
    ]
    assert "server" in names
    assert list(root.iterdir()) == []


def test_programs_read_the_same(root: Path) -> None:
    completed = doctor("--json", "--home", str(root / "home"))
    rows = json.loads(completed.stdout)
    assert {tuple(row) for row in rows} == {
        ("name", "level", "text", "advice", "command", "ok"),
    }
    assert {row["level"] for row in rows} <= {"ok", "warn", "fail"}


def test_what_stops_work_is_its_exit_status(root: Path) -> None:
    for name in ("sh", "unshare", "bwrap", "setpriv"):
        (root / name).symlink_to(shutil.which(name) or "/nonexistent")
    completed = doctor("--home", str(root / "home"), PATH=str(root))
    assert completed.returncode == 1
    assert "fail  git           not installed" in completed.stdout
    assert completed.stdout.splitlines()[-1].startswith("1 failure")


@as_root
def test_an_ordinary_user_gets_usable_advice(root: Path) -> None:
    """In this process's own Python, which such a user may be unable to reach."""
    root.chmod(0o777)
    program = (
        "import os,sys; sys.path.insert(0, sys.argv[1])\n"
        "from muster.worker import commands\n"
        "os.setgroups([]); os.setresgid(66123, 66123, 66123); os.setresuid(66123, 66123, 66123)\n"
        "sys.exit(commands.main(['doctor', '--json', '--home', sys.argv[2]]))"
    )
    completed = subprocess.run(
        [sys.executable, "-c", program, str(SOURCES), str(root / "home")],
        cwd=SOURCES,
        env={**os.environ, "HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    rows = {row["name"]: row for row in json.loads(completed.stdout)}
    assert completed.returncode == 0
    # Not always full: that user may not read the interpreter of these tests.
    assert rows["sandbox"]["text"].startswith(("full", "processes"))
    root.chmod(0o711)
