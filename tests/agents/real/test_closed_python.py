"""The real agents where the only Python, and our package, lie in a home that is root's alone."""

import os
import signal
import sysconfig
from collections.abc import Iterator

import pytest

from app.server_cli.local.machines import await_online
from muster.worker.sandbox import interpreter
from tests.agents.agents import CLAUDE, CODEX, OPENCODE, Agent
from tests.agents.marks import needs_agent
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.service import MachineUser, Service, transcript
from tests.hostile.users import USERS
from tests.muster.worker import uids
from tests.wait import wait_until

TIMEOUT = 150.0  # opencode takes half a minute to begin where much else runs
# The system's are covered in mounts of the daemon's own, so that none of them can be run.
WITHOUT_PYTHON = """\
for python in /usr/bin/python3* /usr/local/bin/python3*; do
    [ ! -f "$python" ] || mount --bind /dev/null "$(realpath "$python")" || exit 1
done
exec "$@"
"""
NUMBERS = {"full": 3, "processes": 4}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A Python with our package in a directory that only root can enter: its variables and
    `PYTHON`, its program."""
    home = tmp_path_factory.mktemp("closed")
    home.chmod(0o700)
    made = next(interpreter.copied_interpreters(home))
    packages = sysconfig.get_path("purelib")
    path = os.pathsep.join([str(made.library), packages])
    return {"PYTHON": str(made.program), "PYTHONPATH": path}


class ClosedPlace(MachineUser):
    """A machine of root's, started by a closed Python."""

    def serve_closed(self, closed: dict[str, str], level: str) -> None:
        self.start_with(
            ["unshare", "--mount", "--", "/bin/sh", "-c", WITHOUT_PYTHON, "sh", closed["PYTHON"]],
            {"PYTHONPATH": closed["PYTHONPATH"]},
            level,
            uids.OWN[400 + 100 * self.number :][:100],
        )


@pytest.fixture(scope="module", params=NUMBERS)
def place(
    service: Service, closed: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[MachineUser]:
    level, number = request.param, NUMBERS[request.param]
    made = ClosedPlace.for_user(service, service.places["root"].directory, number, USERS[0])
    made.enroll(service.api, "--slots", "4")
    made.serve_closed(closed, level)
    await_online(service.stack, len(service.places) + 1)
    (machine,) = (
        each for each in service.api.get("/api/web/machines")["items"] if each["name"] == made.name
    )
    assert machine["sandbox"]["level"] == level, machine["sandbox"]
    service.ids[made.name] = machine["id"]
    daemon = service.stack.processes[made.process]
    yield made
    os.kill(daemon.pid, signal.SIGTERM)
    wait_until(lambda: daemon.poll() is not None, seconds=30)


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param(agent, marks=needs_agent(agent), id=agent.name)
        for agent in (CLAUDE, CODEX, OPENCODE)
    ],
)
def test_its_runner_reports_a_stage_through_to_its_end(
    service: Service, place: MachineUser, agent: Agent
) -> None:
    with Model() as model:
        play = model.play(turn(call("run", command="echo it ran")), turn("All done."))
        task = service.given(place, agent, model.url, play).ask("Say that it ran.")
        done = task.wait_for_status("completed", patience=TIMEOUT)
        entries = transcript(task)
    assert model.problems == []
    assert any(entry["kind"] == "command" for entry in entries)
    assert "All done." in str(entries[-3:])
    assert done["usage"]["outputTokens"] > 0
    copies = list(place.layout.interpreters.iterdir())
    # A full sandbox shows the worker's own, wherever it lies.
    assert len(copies) == (0 if place.number == NUMBERS["full"] else 1)
