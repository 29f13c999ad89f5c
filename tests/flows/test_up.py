"""`make up` for a newcomer: in an empty home."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from app.embedded import accounts, server_account
from app.embedded.directories import can_enter
from app.server_cli.local.api import ApiClient
from tests.flows.running_stack import free_port, wait_for
from tests.flows.test_demo import ROOT, output_of, processes_of
from tests.wait import exit_of

# The system's Python, which every user can run, with our packages.
OPEN = Path(f"/usr/bin/python3.{sys.version_info.minor}")
# Parts of their command lines.
SERVERS = ("-m gunicorn", "celery_worker worker", "celery_worker beat")


@pytest.fixture
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="muster-up-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def interpreter() -> tuple[str, bool]:
    """Return the stack's interpreter, and whether an unprivileged account can run it there."""
    account = accounts.find_first(server_account.DEFAULT_ACCOUNTS)
    places = (ROOT, Path(sysconfig.get_path("purelib")))
    is_open = all(can_enter(place, account) for place in places) and runs_our_packages(OPEN)
    return (str(OPEN), True) if is_open else (sys.executable, False)


def runs_our_packages(python: Path) -> bool:
    """A Python of our minor version can still be too old for the installed packages."""
    if not python.exists():
        return False
    argv = [python, "-c", "import celery, gevent, psycopg2, redis.asyncio"]
    env = {"PYTHONPATH": sysconfig.get_path("purelib")}
    return subprocess.run(argv, env=env, capture_output=True, check=False).returncode == 0


def find_owners(home: Path) -> dict[str, set[int]]:
    """Return the users of each kind of process."""
    return {
        name: {
            psutil.Process(pid).uids().effective
            for pid, line in processes_of(home).items()
            if f" {name} " in line
        }
        for name in SERVERS
    }


def check_owners(home: Path, *, is_open: bool) -> None:
    """Serving processes run as the unprivileged account, or the output says why not."""
    if os.geteuid() != 0:
        return
    # Some start after the server answers.
    wait_for(lambda: all(find_owners(home).values()), "process of each kind")
    owners = find_owners(home)
    account = accounts.find_first(server_account.DEFAULT_ACCOUNTS)
    assert account is not None
    if is_open:
        assert owners == {name: {account.uid} for name in SERVERS}
    else:
        assert "gunicorn, Celery and beat stay root: " in output_of(home)


def test_sign_in_works_once_it_serves(home: Path) -> None:
    api = ApiClient(f"http://127.0.0.1:{(port := free_port())}")
    env = {"PATH": os.environ["PATH"], "MUSTER_HOME": str(home / "state"), "MUSTER_PORT": str(port)}
    env |= {"MUSTER_MACHINES": "0", "MUSTER_WEB_WORKERS": "1", "MUSTER_EMBEDDED_FSYNC": "off"}
    # So that neither the console nor the machines' package is built.
    env |= {"MUSTER_CONSOLE": str(home / "console"), "MUSTER_INSTALL": str(home / "packages")}
    python, is_open = interpreter()
    env |= {"PYTHONPATH": sysconfig.get_path("purelib")} if is_open else {}

    def answers() -> bool:
        with suppress(OSError):
            return bool(api.get("/healthz"))
        return False

    with (home / "output").open("w") as output:
        argv = [python, "-m", "demo.up"]
        up = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(answers, "answer", 180.0, problem=exit_of(up, home / "output"))
        wait_for(lambda: "Next:" in output_of(home), "the next step")
        *_, console, user, password, _, following = output_of(home).splitlines()
        assert console.split() == ["Console", f"{api.url}/"]
        assert following.strip() == "Next: sign in there and follow “Getting started”."
        api.login(user.split()[1], password.split()[1])
        assert api.get("/api/web/profile")["mustChangePassword"]
        assert [each["current"] for each in api.get("/api/web/profile/sessions")["items"]] == [True]
        check_owners(home, is_open=is_open)
        up.terminate()
        assert up.wait(30) == 0
    finally:
        up.kill()
        up.wait()
    assert processes_of(home) == {}
