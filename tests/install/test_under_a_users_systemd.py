"""Installed with `--user` by a user without rights, in a Debian with a real systemd: a server and a
machine under that user's own systemd, also after a log-out and a reboot, and nothing left after
uninstalling.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.server_cli.installation import units
from tests.flows.running_stack import wait_for
from tests.install.roots import Root
from tests.install.supplies import LOCAL, PASSWORD, SETTINGS, Supplies, Work, make_repository
from tests.install.under_systemd import ANSWERS, LONG, NOTES, has_begun, shims

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter a root"),
    pytest.mark.needs("debian-systemd"),
]
ANN = "/home/ann"
SERVER = f"{ANN}/muster/bin/muster-server"
WORKER = "muster-worker.service"
PREFIX = f"{ANN}/.local/share/muster-worker"
INSTALL = "python3 -m venv ~/muster && ~/muster/bin/pip install --quiet /mnt/muster_*.whl"
HERS = {"XDG_RUNTIME_DIR": "/run/user/1000"}
# Directories that every user has.
KEPT = {".config", ".config/systemd", ".config/systemd/user", ".local", ".local/share"}


def logged_in(root: Root, *words: str, **env: str) -> str:
    """Return the output of a command that ann runs in a log-in of her own, which ends with it."""
    passed = f"--whitelist-environment={','.join(env)}"
    line = 'exec "$0" "$@"'
    return root.output_of("su", "--login", "ann", passed, "-c", line, "--", *words, **env)


def answers(root: Root, *words: str) -> str:
    """Return her systemd's output, as by su or sudo: without a log-in."""
    return root.output_of("systemctl", "--user", *words, user="ann", **HERS)


@pytest.fixture(scope="module")
def root(area: Path, supplies: Supplies) -> Iterator[Root]:
    with Root("systemd", area / "of-a-user", supplies.given, supplies.shared) as made:
        yield made


@pytest.fixture(scope="module")
def before(root: Root) -> dict[str, str]:
    """The files that a boot and a log-in write."""
    logged_in(root, "true")
    return root.written()


@pytest.fixture(scope="module")
def work(root: Root, supplies: Supplies, before: dict[str, str]) -> Iterator[Work]:
    """With a server by two commands and a machine by one line."""
    made = Work(root, supplies, f"{ANN}/muster/bin/muster", "ann")
    root.output_of("sh", "-c", INSTALL, user="ann", **LOCAL)
    file = supplies.given / "answers-of-a-user.toml"
    file.write_text(ANSWERS.format(port=made.port))
    install = (SERVER, "install", "--user", "--answers", f"/mnt/{file.name}")
    root.output_of("systemctl", "stop", "user@1000")
    assert "Log in, for example by ssh" in root.output_of(*install, user="ann")
    output = logged_in(root, *install, MUSTER_ADMIN_PASSWORD=PASSWORD)
    assert "lingers    stays up after you log out" in output
    assert f"started    Muster: {made.url}/" in output
    lines = "".join(f"{name}={value}\n" for name, value in SETTINGS.items())
    root.output_of("tee", "-a", f"{ANN}/.config/muster/muster.env", given=lines)
    answers(root, "restart", units.TARGET)
    made.sign_in()
    make_repository(root, "ann")
    line = f"{made.line()} --user --name wren -- --file-root /tmp/code"
    output = root.output_of("sh", "-c", line, user="ann", **LOCAL)  # with no log-in: it lingers
    assert "Done. The console shows the machine." in output
    assert "when you log out" not in output
    made.make_project("FIRST", "echo two > two.txt", room="full")
    yield made
    made.api.close()


def test_her_units_are_right_and_run_though_she_is_not_logged_in(work: Work) -> None:
    root = work.root
    there = [f"{ANN}/.config/systemd/user/{name}" for name in (*units.NAMES, WORKER)]
    verified = root.run(
        "systemd-analyze", "verify", "--user", "--man=no", *there, user="ann", **HERS
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    status = json.loads(root.output_of(SERVER, "status", "--json", user="ann"))
    assert status["units"] == dict.fromkeys(units.NAMES, "active")
    assert status["ready"]
    assert "!!" not in root.output_of(SERVER, "doctor", user="ann")
    assert "Muster: the web server" in root.output_of(SERVER, "logs", "web", user="ann")
    assert answers(root, "is-enabled", units.TARGET, WORKER) == "enabled\nenabled"
    web = answers(root, "show", "--property=MainPID", "--value", "muster-web")
    group = root.output_of("cat", f"/proc/{web}/cgroup")
    assert "/user@1000.service/app.slice/muster-web.service" in group


def test_a_task_is_done_in_a_full_sandbox(work: Work) -> None:
    task = work.completes("FIRST")
    assert "+++ b/two.txt\n" in work.output_of("task", "diff", task)
    assert work.is_genuine(task)


def test_killed_services_come_back_and_attempts_continue(work: Work) -> None:
    root = work.root
    work.make_project("LONG", LONG)
    task = work.output_of("task", "create", "-p", "LONG", "-d", "Wait", "-q")
    wait_for(lambda: has_begun(work, task), "task that has begun", 120)
    # The shim of an earlier task may still be ending.
    wait_for(lambda: len(shims(root)) == 1, "task whose shim alone runs", 60)
    shim = shims(root)
    answers(root, "kill", "--signal=KILL", "--kill-whom=main", WORKER)
    web = answers(root, "show", "--property=MainPID", "muster-web")
    answers(root, "kill", "--signal=KILL", units.ENGINES)
    wait_for(lambda: not work.is_ready(), "outage", 30)
    wait_for(work.is_ready, "server that is ready", 120)
    assert answers(root, "show", "--property=MainPID", "muster-web") == web
    answers(root, "kill", "--signal=KILL", "muster-web")
    wait_for(lambda: answers(root, "show", "--property=MainPID", "muster-web") != web, "web", 60)
    wait_for(work.is_ready, "server that is ready", 120)
    assert shims(root) == shim
    root.output_of("touch", f"{PREFIX}/home/workspaces/{task}-1/go", user="ann")
    assert "completed" in work.output_of("task", "watch", task)


def test_after_a_reboot_all_of_it_is_there_again_before_she_logs_in(work: Work) -> None:
    work.root.stop()
    work.root.start()
    wait_for(work.is_ready, "server that is ready", 120)
    make_repository(work.root, "ann")
    work.completes("FIRST")


def test_where_a_host_does_not_let_her_linger_both_installers_say_who_can(work: Work) -> None:
    root = work.root
    root.output_of("systemctl", "mask", "--runtime", "--now", "polkit")
    root.output_of("rm", "/var/lib/systemd/linger/ann")  # disable-linger would end all at once
    line = f"{work.line()} --user"
    assert "`loginctl enable-linger ann`" in logged_in(root, "sh", "-c", line)
    again = (SERVER, "install", "--user", "--answers", "/mnt/answers-of-a-user.toml")
    assert "`loginctl enable-linger ann`" in logged_in(root, *again)
    root.output_of("loginctl", "enable-linger", "ann")
    root.output_of("systemctl", "unmask", "--runtime", "polkit")
    wait_for(work.is_ready, "server that is ready", 120)


def test_uninstalled_nothing_is_left(work: Work, before: dict[str, str]) -> None:
    root = work.root
    output = root.output_of("sh", f"{PREFIX}/worker.sh", "--uninstall", "--user", user="ann")
    assert "linger" not in output  # the server has had her linger
    work.output_of("logout")
    output = root.output_of(SERVER, "uninstall", "--user", "--purge", "--yes", user="ann")
    assert "`loginctl disable-linger ann`" in output
    assert answers(root, "list-units", "--failed", "--no-legend") == ""
    assert "muster" not in answers(root, "list-units", "--all", "--no-legend")
    logged_in(root, "loginctl", "disable-linger")
    root.output_of("rm", "-r", f"{ANN}/muster", f"{ANN}/.config/muster")
    new = {path for path, state in root.written().items() if before.get(path) != state}
    remaining = {f"{ANN}/{name}" for name in KEPT}
    assert {path for path in new if not path.startswith(NOTES)} - remaining == set()
    assert not any("muster" in line for line in root.processes().values())
