"""What the Makefile does on machines that have less than most."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UV = """\
#!/bin/sh
case "$*" in
*--help*) ;;
"cache dir") echo "$HOME/.cache/uv" ;;
*) env >"$(dirname "$0")/environment" ;;
esac
"""
SMALL_DISK = """\
import shutil, types
shutil.disk_usage = lambda path: types.SimpleNamespace(free=200 * 10**6)
"""


def make(*words: str, path: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": f"{path}{os.environ['PATH']}", **variables}
    argv = ["make", "-C", ROOT, f"PYTHON={sys.executable}", *words]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False)


def install(tmp_path: Path, home: Path) -> str:
    """The environment of a uv that installs packages for somebody with this HOME."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    uv = tmp_path / "uv"
    uv.write_text(UV)
    uv.chmod(0o755)
    stamp = f"{tmp_path}/venv/runtime.stamp"
    done = make(f"VENV={tmp_path}/venv", stamp, path=f"{tmp_path}:", HOME=str(home))
    assert done.returncode == 0, done.stderr
    return (tmp_path / "environment").read_text()


@pytest.mark.parametrize("is_usable", [True, False], ids=["usable", "unusable"])
def test_packages_are_cached_only_in_a_home_that_can_be_written(
    tmp_path: Path, *, is_usable: bool
) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "home" if is_usable else tmp_path / "file" / "home"
    assert ("UV_NO_CACHE=1\n" in install(tmp_path, home)) is not is_usable


def test_a_disk_that_is_too_small_is_reported_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SMALL_DISK)
    venv = tmp_path / "venv"
    done = make(f"VENV={venv}", f"{venv}/bin/python", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "needs 500 MB of disk, and 200 MB are free here" in done.stderr
    assert "git clone . /path/on/that/disk/muster" in done.stderr
    assert not venv.exists()


def test_doctor_runs_in_the_virtual_environment_as_readme_has_it() -> None:
    recipe = make("--dry-run", "doctor").stdout.splitlines()
    assert recipe[-1] == ".venv/bin/python -m flask --app wsgi doctor"
    assert "`make doctor`" in (ROOT / "README.md").read_text()


def test_up_installs_what_packs_the_machines_package(tmp_path: Path) -> None:
    recipe = make("--dry-run", f"VENV={tmp_path}", "up").stdout
    assert "-r requirements-build.txt 2>&1" in recipe
    assert "hatchling==" in (ROOT / "requirements-build.txt").read_text()
