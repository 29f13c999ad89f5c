"""An installed server is upgraded with ten running attempts; broken releases are rolled back.

One server for all, at `now` and then at `next`. Each attempt waits for its own flag, and each stage
records that it ran. After a test in which they finish, new ones start.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.flows.running_stack import FollowedTask, wait_for
from tests.install import installers
from tests.install.installed_server import TIMEOUT_SECONDS, InstalledServer
from tests.install.people import Person
from tests.install.round_trip import check_task_round_trip
from tests.install.two_versions import Releases
from tests.needs import declare_needs
from tests.wait import find_first, wait_for_output, wait_until

pytestmark = pytest.mark.timeout(1800)
COUNT = 10
MAX_OUTAGE_SECONDS = 45.0  # seconds without an answer, on a machine as busy as this may be


class World:
    def __init__(self, server: InstalledServer, releases: Releases) -> None:
        self.server, self.releases = server, releases
        self.tasks: list[FollowedTask] = []
        flag = self.flag("$MUSTER_TASK_ID")
        note = f"echo $MUSTER_STAGE $MUSTER_ATTEMPT >> {server.notes}/ran-$MUSTER_TASK_ID"
        waits = f"{note}; until [ -e {flag} ]; do sleep 0.2; done; echo x > done"
        stages = [
            {"name": name, "kind": "shell", "command": command}
            for name, command in (("one", note), ("two", waits))
        ]
        server.project("P", *stages)
        self.begin()

    def begin(self) -> None:
        """Ten attempts, where there are none."""
        if not self.tasks:
            self.tasks = [self.server.task("P") for _ in range(COUNT)]
            wait_until(
                lambda: self.notes(self.tasks) == [2] * COUNT,
                "ten attempts",
                TIMEOUT_SECONDS,
                problem=find_first(*(task.find_problem for task in self.tasks)),
            )

    def end(self) -> list[FollowedTask]:
        """Let the ten finish. Returns them."""
        ended, self.tasks = self.tasks, []
        self.server.person.output_of("touch", *(self.flag(task.id) for task in ended))
        return ended

    def flag(self, task: int | str) -> Path:
        return self.server.notes / f"flag-{task}"

    def notes(self, tasks: list[FollowedTask]) -> list[int]:
        """Return how many stages have started, per task."""
        found = [self.server.notes / f"ran-{task.id}" for task in tasks]
        return [len(path.read_text().splitlines()) for path in found if path.exists()]

    def require_live(self) -> None:
        """Check that all attempts are running, and are the first."""
        found = [task.now() for task in self.tasks]
        assert [(task["status"], task["attempt"]) for task in found] == [("running", 1)] * COUNT
        assert self.notes(self.tasks) == [2] * COUNT

    def answers_live(self) -> bool:
        """Check the same; false while the server is being restarted, or still about to be."""
        try:
            self.require_live()
        except URLError:
            return False
        return True

    @property
    def now(self) -> object:
        self.require_live()
        return self.server.version


@pytest.fixture(scope="module")
@declare_needs("uv")
def world(releases: Releases, make_person: Callable[..., Person], python: str) -> Iterator[World]:
    person = make_person("uv")
    program = (
        installers.uv(person, python, releases.now.server, releases.now.client) / "muster-server"
    )
    server = InstalledServer(person, program, python)
    try:
        server.install()
        server.furnish(COUNT + 1)
        yield World(server, releases)
    finally:
        server.stop()


@pytest.fixture(scope="module")
def at_next(world: World) -> World:
    with world.server.watched() as seen:
        status, output = world.server.upgrade(world.releases.next)
    sys.stdout.write(f"{output}no answer for {seen['longest']:.1f} s at most\n")
    assert status == 0, output
    assert seen["longest"] < MAX_OUTAGE_SECONDS
    return world


@pytest.fixture
def upgraded(at_next: World) -> World:
    """At the next version, with ten attempts."""
    at_next.begin()
    return at_next


def test_ten_running_attempts_go_on_while_the_server_becomes_the_next(upgraded: World) -> None:
    assert upgraded.now == upgraded.releases.next.version
    assert upgraded.server.get("/readyz")["missing"] == []


def test_its_machine_takes_the_next_version_by_itself_and_the_ten_go_on(upgraded: World) -> None:
    """In more ways: `test_machine_upgrades.py`."""
    api, version = upgraded.server.api, upgraded.releases.next.version

    def is_next() -> bool:
        [machine] = api.get("/api/web/machines")["items"]
        return machine["version"] == version and machine["upgrade"]["state"] == "current"

    api.put("/api/admin/settings", {"machineUpgrades": "now"})
    wait_for(is_next, f"machine of {version}", TIMEOUT_SECONDS)
    api.put("/api/admin/settings", {"machineUpgrades": "off"})
    upgraded.require_live()


def test_the_command_of_before_is_now_the_new_one(upgraded: World) -> None:
    assert upgraded.releases.next.version in upgraded.server.run("--version")[1]
    status, output = upgraded.server.upgrade(upgraded.releases.next, "--no-backup")
    assert (status, "is already running here" in output) == (1, True)


def test_a_command_and_a_worker_of_before_work_with_it(upgraded: World) -> None:
    """The next version's with a server of this one: `test_two_versions.py`."""
    command = "echo one > one.txt; echo written"
    key = upgraded.server.project("Q", {"name": "write", "kind": "shell", "command": command})
    releases = upgraded.releases
    check_task_round_trip(upgraded.server.muster, key, releases.next.version, releases.now.version)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("migration", "Nothing has changed"),
        ("web", "exited"),
    ],
)
def test_a_broken_one_leaves_or_gives_back_what_there_was(
    fault: str, words: str, upgraded: World
) -> None:
    status, output = upgraded.server.upgrade(upgraded.releases.broken(fault), "--no-backup")
    assert (status, words in output) == (1, True), output
    assert upgraded.now == upgraded.releases.next.version
    found = upgraded.server.status()
    assert (found["ready"], found["interruptedUpgrade"]) == (True, None)


# Its last output when it is killed, during the following step: the release's check, the backup, the
# migration, the restart of the first process, and of the last.
LAST_WORDS = ("installing", "checking that", "backing up", "migrating the data", "restarting beat")


def test_killed_at_any_step_it_continues_or_rolls_back(upgraded: World, tmp_path: Path) -> None:
    server, later = upgraded.server, upgraded.releases.later
    for words in LAST_WORDS:
        log = tmp_path / words
        _kill_after(words, server.begin("upgrade", later.server, log=log), log)
        wait_for(upgraded.answers_live, "answer", TIMEOUT_SECONDS)
    assert "resuming the upgrade that was interrupted while switching" in log.read_text()
    assert server.status()["interruptedUpgrade"] == {
        "step": "switching",
        "from": upgraded.releases.next.version,
        "to": later.version,
    }
    status, output = server.run("upgrade", "--rollback")
    assert status == 0, output
    assert upgraded.now == upgraded.releases.next.version
    assert server.status()["interruptedUpgrade"] is None


def _kill_after(words: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    wait_for_output(log, words, running, TIMEOUT_SECONDS)
    running.send_signal(signal.SIGKILL)
    running.wait()


def test_after_all_of_it_each_stage_has_run_once(upgraded: World) -> None:
    ended = upgraded.end()
    for task in ended:
        assert task.wait_for_status("completed", patience=TIMEOUT_SECONDS)["attempt"] == 1
    assert upgraded.notes(ended) == [2] * COUNT
