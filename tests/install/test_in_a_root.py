"""In a Debian that has Python and git alone (and curl, for the line), by its ordinary user: from
the wheels to a task's evidence, and back to nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.roots import Root
from tests.install.supplies import LOCAL, PASSWORD, SETTINGS, Supplies, Work, make_repository

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter a root"),
]
ANN = "/home/ann"
INSTALL = "python3 -m venv ~/muster && ~/muster/bin/pip install --quiet /mnt/muster_*.whl"
UP = {
    "MUSTER_TLS_CERT": "/mnt/chain.pem",
    "MUSTER_TLS_KEY": "/mnt/key.pem",
    "MUSTER_BIND": "127.0.0.1",
    "MUSTER_MACHINES": "0",
    "MUSTER_ADMIN_PASSWORD": PASSWORD,
    **SETTINGS,
}
# Directories that every user has.
KEPT = {f"{ANN}/.config", f"{ANN}/.local", f"{ANN}/.local/share"}


@pytest.fixture
def root(area: Path, supplies: Supplies) -> Iterator[Root]:
    with Root("plain", area / "plain", supplies.given, supplies.shared) as made:
        yield made


def test_its_user_has_a_server_a_machine_and_a_task_and_then_nothing_is_left(
    root: Root, supplies: Supplies
) -> None:
    root.output_of("sh", "-c", INSTALL, user="ann", **LOCAL)
    work = Work(root, supplies, f"{ANN}/muster/bin/muster", "ann")
    up = f"exec {ANN}/muster/bin/muster-server up"
    log = root.begin("up", up, user="ann", MUSTER_PORT=str(work.port), **UP)
    root.wait_until_printed("up", "Ctrl-C stops everything.")
    work.sign_in()

    make_repository(root, "ann")
    line = f"{work.line()} --user --foreground --name wren -- --file-root /tmp/code"
    assert "-k --pinnedpubkey sha256//" in line
    worker = root.begin("worker", line, user="ann", **LOCAL)
    root.wait_until_printed("worker", "connected to")
    work.make_project("FIRST", "echo two > two.txt")
    task = work.completes("FIRST")
    assert "+++ b/two.txt\n" in work.output_of("task", "diff", task)
    assert work.is_genuine(task)

    prefix = f"{ANN}/.local/share/muster-worker"
    assert root.end("worker", "muster worker run") == 0, worker.read_text()
    root.output_of("sh", f"{prefix}/worker.sh", "--uninstall", "--user", user="ann")
    work.output_of("logout")
    assert root.end("up", "muster-server up") == 0, log.read_text()
    # The addresses in `muster`'s profiles stay, but no secrets.
    assert "mst_" not in root.output_of("sh", "-c", f"cat {ANN}/.config/muster/*")
    places = ("muster", ".muster", ".config/muster")
    root.output_of("rm", "-r", *(f"{ANN}/{each}" for each in places))
    assert set(root.written()) - KEPT == set()
    assert root.processes() == {}
    work.api.close()
