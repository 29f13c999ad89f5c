"""Installed by root for the whole system, in a separate view of /etc and /var/lib."""

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from app.server_cli.installation import units
from tests.install import people
from tests.needs import declare_needs

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root installs for the system"),
]
# No systemd runs in the view: services are only inspected.
VIEW = """
set -eu
mount -t tmpfs tmpfs "$PLACE"
cp -a /etc "$PLACE/etc"
mkdir "$PLACE/lib"
mount --bind "$PLACE/etc" /etc
mount --bind "$PLACE/lib" /var/lib
cd /
"""
INSTALL = """
"$PROGRAM" install --answers "$ANSWERS"
echo "account: $(getent passwd muster)"
stat -c '%a %U %n' /etc/muster/muster.env /var/lib/muster /var/lib/muster/beat
! setpriv --reuid muster --regid muster --clear-groups cat /etc/muster/muster.env 2>/dev/null
systemd-analyze verify --man=no /etc/systemd/system/muster*.service && echo verified
setpriv --reuid muster --regid muster --clear-groups "$PROGRAM" --version
"$PROGRAM" uninstall --yes --purge
find /etc /var/lib -name 'muster*' | sed 's/^/left: /'
getent passwd muster | sed 's/^/left: /' || true
"""
REFUSED = """
"$PROGRAM" install --answers "$ANSWERS" || echo refused
find /etc -name 'muster*.*'
getent passwd muster || true
"""


@pytest.fixture(scope="module")
@declare_needs("uv")
def program(area: Path, wheels: tuple[Path, Path], python: str) -> Path:
    """A `muster-server` that every user can run."""
    place = area / "opt"
    uv = people.tool("uv", area / "tools")
    argv = [uv, "tool", "install", "--quiet", "--python", python, wheels[0]]
    env = {**os.environ, "UV_TOOL_DIR": str(place / "tools"), "UV_TOOL_BIN_DIR": str(place / "bin")}
    subprocess.run([*argv, "--find-links", wheels[0].parent], env=env, check=True)
    return place / "bin" / "muster-server"


def run(script: str, place: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", VIEW + script]
    env = {**os.environ, "PLACE": str(place), **env}
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False)


@pytest.mark.needs("systemd-analyze")
def test_it_is_installed_for_an_account_of_its_own_and_then_nothing_is_left(
    program: Path, tmp_path: Path
) -> None:
    if "muster" in {each.pw_name for each in pwd.getpwall()}:
        pytest.skip("this system has an account muster")
    (answers := tmp_path / "answers.toml").write_text(
        'url = "https://muster.example.org"\ntls = "proxy"\n'
    )
    (place := tmp_path / "view").mkdir()
    done = run(INSTALL, place, PROGRAM=str(program), ANSWERS=str(answers))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "600 root /etc/muster/muster.env" in lines
    assert "700 muster /var/lib/muster" in lines
    assert "700 muster /var/lib/muster/beat" in lines
    assert "verified" in lines
    assert f"removed    {len(units.NAMES)} units of /etc/systemd/system" in lines
    assert [line for line in lines if line.startswith("left: ")] == []


def test_a_package_that_the_account_cannot_read_is_refused_before_anything_is_written(
    program: Path, tmp_path: Path
) -> None:
    if "muster" in {each.pw_name for each in pwd.getpwall()}:
        pytest.skip("this system has an account muster")
    (answers := tmp_path / "answers.toml").write_text('url = "http://127.0.0.1:9000"\n')
    (place := tmp_path / "view").mkdir()
    tools = program.resolve().parents[2]
    tools.chmod(0o700)
    try:
        done = run(REFUSED, place, PROGRAM=str(program), ANSWERS=str(answers))
    finally:
        tools.chmod(0o755)
    assert done.stdout == "refused\n"
    assert f"can't enter {tools}" in done.stderr
    assert "UV_TOOL_DIR=/opt/muster" in done.stderr
