"""Installed by root in a Debian in which a real systemd runs: its units, a worker's, a task, what
happens when their processes are killed, a reboot, and nothing that is left.

The controllers of memory and processes may be elsewhere than in version 2 of control groups here:
that a worker holds attempts to them is shown in tests/muster/worker/limits.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.server_cli.installation import units
from tests.flows.running_stack import until
from tests.install.roots import Root
from tests.install.supplies import LOCAL, PASSWORD, SETTINGS, Supplies, Work, make_repository
from tests.install.two_versions import Releases
from tests.install.under_systemd import ANSWERS, LONG, NOTES, has_begun, shims

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter a root"),
    pytest.mark.needs("debian-systemd"),
]
BIN = "/opt/muster/bin"
SERVER = f"{BIN}/muster-server"
WORKER = "muster-worker.service"
PREFIX = "/opt/muster-worker"
WORKSPACES = "/var/lib/muster-worker/worker/workspaces"
INSTALL = "python3 -m venv /opt/muster && /opt/muster/bin/pip install --quiet /mnt/muster_*.whl"
BACKUPS = {"/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/.pwd.lock"}
BACKUPS |= {"/etc/subuid-", "/etc/subgid-"}


@pytest.fixture(scope="module")
def root(area: Path, supplies: Supplies) -> Iterator[Root]:
    with Root("systemd", area / "systemd", supplies.given, supplies.shared) as made:
        yield made


@pytest.fixture(scope="module")
def before(root: Root) -> dict[str, str]:
    """What a boot alone writes."""
    return root.written()


@pytest.fixture(scope="module")
def work(root: Root, supplies: Supplies, before: dict[str, str]) -> Iterator[Work]:
    """With a server by two commands and a machine by one line."""
    made = Work(root, supplies, f"{BIN}/muster", "root")
    root.says("sh", "-c", INSTALL, **LOCAL)
    (supplies.given / "answers.toml").write_text(ANSWERS.format(port=made.port))
    chosen = {"MUSTER_ADMIN_PASSWORD": PASSWORD}
    said = root.says(SERVER, "install", "--answers", "/mnt/answers.toml", **chosen)
    assert f"started    Muster: {made.url}/" in said
    # As an operator adds settings.
    lines = "".join(f"{name}={value}\n" for name, value in SETTINGS.items())
    root.says("tee", "-a", "/etc/muster/muster.env", given=lines)
    root.says("systemctl", "restart", units.TARGET)
    made.sign_in()
    line = f"{made.line()} --name harrier -- --file-root /tmp/code"
    assert "-k --pinnedpubkey sha256//" in line
    said = root.says("sh", "-c", line, **LOCAL)
    assert "Done. The console shows the machine." in said
    assert "enable-linger" not in said  # of an account that never logs in
    make_repository(root, "muster-worker")
    made.make_project("FIRST", "echo two > two.txt", room="full")
    yield made
    made.api.close()


def test_its_units_are_right_and_run(work: Work) -> None:
    there = [f"/etc/systemd/system/{name}" for name in (*units.NAMES, WORKER)]
    verified = work.root.run("systemd-analyze", "verify", "--man=no", *there)
    assert (verified.returncode, verified.stderr) == (0, "")
    told = json.loads(work.root.says(SERVER, "status", "--json"))
    assert told["units"] == dict.fromkeys(units.NAMES, "active")
    assert told["ready"]
    assert "!!" not in work.root.says(SERVER, "doctor")
    assert "Muster: the web server" in work.root.says(SERVER, "logs", "web")
    assert work.root.says("systemctl", "is-enabled", units.TARGET, WORKER) == "enabled\nenabled"


def test_a_task_is_done_in_a_full_room_behind_the_unit_s_walls(work: Work) -> None:
    task = work.completes("FIRST")
    assert "+++ b/two.txt\n" in work.says("task", "diff", task)
    assert work.is_genuine(task)


def test_what_runs_goes_on_while_worker_and_server_are_started_again(work: Work) -> None:
    root = work.root
    work.make_project("LONG", LONG)
    task = work.says("task", "create", "-p", "LONG", "-d", "Wait", "-q")
    until(lambda: has_begun(work, task), "task that has begun", 120)
    shim = shims(root)
    root.says("systemctl", "restart", WORKER)
    root.says("systemctl", "kill", "--signal=KILL", "--kill-whom=main", WORKER)
    web = root.says("systemctl", "show", "--property=MainPID", "muster-web")
    root.says("systemctl", "kill", "--signal=KILL", units.ENGINES)
    until(lambda: not work.is_ready(), "outage", 30)
    until(work.is_ready, "server that is ready", 120)
    # The processes that need PostgreSQL have waited for it.
    assert root.says("systemctl", "show", "--property=MainPID", "muster-web") == web
    assert shims(root) == shim
    root.says("touch", f"{WORKSPACES}/{task}-1/go")
    assert "completed" in work.says("task", "watch", task)


def test_after_a_reboot_all_of_it_is_there_again(work: Work) -> None:
    work.root.stop()
    work.root.start()
    until(work.is_ready, "server that is ready", 120)
    make_repository(work.root, "muster-worker")
    work.completes("FIRST")


def test_it_is_upgraded_and_goes_back(work: Work, releases: Releases) -> None:
    """As in test_upgrade.py, where systemd is a fake: here it is not."""
    root, wheel = work.root, releases.next.server
    # Not beside those that the next root is given, too.
    (root.given / "next").mkdir()
    shutil.copy(wheel, root.given / "next")
    engines = root.says("systemctl", "show", "--property=MainPID", units.ENGINES)
    secret = {"MUSTER_BACKUP_PASSPHRASE": "correct horse battery staple"}
    assert "This is Muster" in root.says(SERVER, "upgrade", f"/mnt/next/{wheel.name}", **secret)
    told = json.loads(root.says(SERVER, "status", "--json"))
    assert told["version"] == told["installedVersion"] == releases.next.version
    assert told["release"].startswith("/opt/muster-server/releases/")
    assert told["units"] == dict.fromkeys(units.NAMES, "active")
    work.completes("FIRST")
    root.says(SERVER, "upgrade", "--back")
    told = json.loads(root.says(SERVER, "status", "--json"))
    assert told["version"] == told["installedVersion"] == releases.now.version
    work.completes("FIRST")
    assert root.says("systemctl", "show", "--property=MainPID", units.ENGINES) == engines


def test_uninstalled_nothing_is_left(work: Work, before: dict[str, str]) -> None:
    root = work.root
    root.says("sh", f"{PREFIX}/worker.sh", "--uninstall")
    work.says("logout")
    root.says(SERVER, "uninstall", "--purge", "--yes")
    assert root.says("systemctl", "--failed", "--no-legend") == ""
    assert "muster" not in root.says("systemctl", "list-units", "--all", "--no-legend")
    root.says("rm", "-r", "/opt/muster", "/root/.config")
    root.says("rm", "-rf", "/var/backups/muster")  # which stays after an upgrade
    now = root.written()
    new = {path for path, told in now.items() if before.get(path) != told}
    assert {path for path in new if not path.startswith(NOTES)} - BACKUPS == set()
    assert [line for line in root.processes().values() if "muster" in line] == []
