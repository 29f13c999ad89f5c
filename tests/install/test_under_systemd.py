"""Installed by root in a Debian with a real systemd: the units of server and worker, a task, killed
processes, a reboot, and nothing left after uninstalling.

Memory and process controllers may not be in version 2 of control groups here:
tests/muster/worker/limits shows that a worker enforces attempts' limits.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.server_cli.installation import units
from tests.flows.running_stack import wait_for
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
    """The files that a boot alone writes."""
    return root.written()


@pytest.fixture(scope="module")
def work(root: Root, supplies: Supplies, before: dict[str, str]) -> Iterator[Work]:
    """With a server by two commands and a machine by one line."""
    made = Work(root, supplies, f"{BIN}/muster", "root")
    root.output_of("sh", "-c", INSTALL, **LOCAL)
    (supplies.given / "answers.toml").write_text(ANSWERS.format(port=made.port))
    chosen = {"MUSTER_ADMIN_PASSWORD": PASSWORD}
    output = root.output_of(SERVER, "install", "--answers", "/mnt/answers.toml", **chosen)
    assert f"started    Muster: {made.url}/" in output
    # As an operator adds settings.
    lines = "".join(f"{name}={value}\n" for name, value in SETTINGS.items())
    root.output_of("tee", "-a", "/etc/muster/muster.env", given=lines)
    root.output_of("systemctl", "restart", units.TARGET)
    made.sign_in()
    line = f"{made.line()} --name harrier -- --file-root /tmp/code"
    assert "-k --pinnedpubkey sha256//" in line
    output = root.output_of("sh", "-c", line, **LOCAL)
    assert "Done. The console shows the machine." in output
    assert "enable-linger" not in output  # of an account that never logs in
    make_repository(root, "muster-worker")
    made.make_project("FIRST", "echo two > two.txt", room="full")
    yield made
    made.api.close()


def test_its_units_are_right_and_run(work: Work) -> None:
    there = [f"/etc/systemd/system/{name}" for name in (*units.NAMES, WORKER)]
    verified = work.root.run("systemd-analyze", "verify", "--man=no", *there)
    assert (verified.returncode, verified.stderr) == (0, "")
    status = json.loads(work.root.output_of(SERVER, "status", "--json"))
    assert status["units"] == dict.fromkeys(units.NAMES, "active")
    assert status["ready"]
    assert "!!" not in work.root.output_of(SERVER, "doctor")
    assert "Muster: the web server" in work.root.output_of(SERVER, "logs", "web")
    assert (
        work.root.output_of("systemctl", "is-enabled", units.TARGET, WORKER) == "enabled\nenabled"
    )


def test_a_task_is_done_in_a_full_sandbox_behind_the_unit_s_walls(work: Work) -> None:
    task = work.completes("FIRST")
    assert "+++ b/two.txt\n" in work.output_of("task", "diff", task)
    assert work.is_genuine(task)


def test_attempts_continue_while_worker_and_server_restart(work: Work) -> None:
    root = work.root
    work.make_project("LONG", LONG)
    task = work.output_of("task", "create", "-p", "LONG", "-d", "Wait", "-q")
    wait_for(lambda: has_begun(work, task), "task that has begun", 120)
    shim = shims(root)
    root.output_of("systemctl", "restart", WORKER)
    root.output_of("systemctl", "kill", "--signal=KILL", "--kill-whom=main", WORKER)
    web = root.output_of("systemctl", "show", "--property=MainPID", "muster-web")
    root.output_of("systemctl", "kill", "--signal=KILL", units.ENGINES)
    wait_for(lambda: not work.is_ready(), "outage", 30)
    wait_for(work.is_ready, "server that is ready", 120)
    # The processes that need PostgreSQL have waited for it.
    assert root.output_of("systemctl", "show", "--property=MainPID", "muster-web") == web
    assert shims(root) == shim
    root.output_of("touch", f"{WORKSPACES}/{task}-1/go")
    assert "completed" in work.output_of("task", "watch", task)


def test_after_a_reboot_all_of_it_is_there_again(work: Work) -> None:
    work.root.stop()
    work.root.start()
    wait_for(work.is_ready, "server that is ready", 120)
    make_repository(work.root, "muster-worker")
    work.completes("FIRST")


def test_it_is_upgraded_and_goes_back(work: Work, releases: Releases) -> None:
    """As in test_upgrade.py, where systemd is a fake: here it is not."""
    root, wheel = work.root, releases.next.server
    # Not next to the files for the next root.
    (root.given / "next").mkdir()
    shutil.copy(wheel, root.given / "next")
    engines = root.output_of("systemctl", "show", "--property=MainPID", units.ENGINES)
    secret = {"MUSTER_BACKUP_PASSPHRASE": "correct horse battery staple"}
    assert f"Muster {releases.next.version} is running." in root.output_of(
        SERVER, "upgrade", f"/mnt/next/{wheel.name}", **secret
    )
    status = json.loads(root.output_of(SERVER, "status", "--json"))
    assert status["version"] == status["installedVersion"] == releases.next.version
    assert status["release"].startswith("/opt/muster-server/releases/")
    assert status["units"] == dict.fromkeys(units.NAMES, "active")
    work.completes("FIRST")
    root.output_of(SERVER, "upgrade", "--rollback")
    status = json.loads(root.output_of(SERVER, "status", "--json"))
    assert status["version"] == status["installedVersion"] == releases.now.version
    work.completes("FIRST")
    assert root.output_of("systemctl", "show", "--property=MainPID", units.ENGINES) == engines


def test_uninstalled_nothing_is_left(work: Work, before: dict[str, str]) -> None:
    root = work.root
    root.output_of("sh", f"{PREFIX}/worker.sh", "--uninstall")
    work.output_of("logout")
    root.output_of(SERVER, "uninstall", "--purge", "--yes")
    assert root.output_of("systemctl", "--failed", "--no-legend") == ""
    assert "muster" not in root.output_of("systemctl", "list-units", "--all", "--no-legend")
    root.output_of("rm", "-r", "/opt/muster", "/root/.config")
    root.output_of("rm", "-rf", "/var/backups/muster")  # which stays after an upgrade
    now = root.written()
    new = {path for path, state in now.items() if before.get(path) != state}
    assert {path for path in new if not path.startswith(NOTES)} - BACKUPS == set()
    assert [line for line in root.processes().values() if "muster" in line] == []
