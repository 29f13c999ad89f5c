"""Two versions of the packages, which speak with each other."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.server_cli.local import admin, paths
from app.server_cli.local.api import ApiClient
from app.server_cli.local.machines import await_online
from demo.repository import Repository
from tests.chaos.world import end_all_of
from tests.flows.running_stack import PASSWORD, RunningStack
from tests.gunicorns import end_at_once
from tests.install.round_trip import check_task_round_trip
from tests.install.two_versions import Releases

pytestmark = pytest.mark.timeout(900)


def test_the_next_version_has_a_migration_more_and_the_client_of_its_own(
    releases: Releases,
) -> None:
    now, later = (
        set(zipfile.ZipFile(release.server).namelist()) for release in (releases.now, releases.next)
    )
    assert "migrations/versions/9001_raised.py" in later - now
    assert f"app/worker_install/files/{releases.next.client.name}" in later
    assert releases.next.version != releases.now.version


class NextClient(RunningStack):
    """A server of this tree; its machine's worker, and the command, are of the next version."""

    def __init__(self, home: Path, releases: Releases) -> None:
        super().__init__(home, {"MUSTER_ADMIN_PASSWORD": PASSWORD})
        self.code = home / "client"
        zipfile.ZipFile(releases.next.client).extractall(self.code)

    def furnish(self) -> None:
        admin.create_admin(self.stack)
        self.api = ApiClient(self.stack.url)
        self.api.login(admin.ADMIN_NAME, PASSWORD)
        self.repository = Repository(self.home / "repository.git")
        self.repository.fill()
        home = ("--home", str(paths.machines_directory(self.home) / "next"))
        token = self.api.post("/api/admin/worker-tokens", {})["token"]
        asked = ("--server", self.stack.url, "--token", "-", "--name", "next")
        worker = ("env", f"PYTHONPATH={self.code}", *self.program, "worker")
        self.stack.run("enroll", [*worker, "enroll", *asked, *home], stdin=token.encode())
        seen = ("--file-root", str(self.home))
        self.stack.launch("next", [*worker, "run", *home, *seen])
        await_online(self.stack, 1)

    @property
    def program(self) -> list[str]:
        return [sys.executable, "-P", "-m", "muster"]

    def muster(self, *words: str) -> str:
        env = {**os.environ, "PYTHONPATH": str(self.code), "XDG_CONFIG_HOME": str(self.home)}
        env |= {"MUSTER_SERVER": self.stack.url, "MUSTER_TOKEN": self.api.token}
        done = subprocess.run(
            [*self.program, *words], env=env, cwd="/", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def later(releases: Releases) -> Iterator[NextClient]:
    home = Path(tempfile.mkdtemp(prefix="muster-versions-"))
    home.chmod(0o755)  # attempts have their own uids, and need access to the repository
    world = NextClient(home, releases)
    with world.stack:
        world.furnish()
        yield world
        end_at_once(world.stack)
    end_all_of(home)
    shutil.rmtree(home)


def test_a_command_and_a_worker_of_the_next_version_work_with_this_server(
    later: NextClient, releases: Releases
) -> None:
    """This version's with a server of the next: `test_upgrade.py`."""
    command = "echo one > one.txt; echo written"
    key = later.project("NEXT", {"name": "write", "kind": "shell", "command": command})
    [machine] = later.api.get("/api/web/machines")["items"]
    assert machine["version"] == releases.next.version
    check_task_round_trip(later.muster, key, releases.now.version, releases.next.version)
