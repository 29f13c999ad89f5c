"""What `muster-server install --user` writes serves: its units are run by hand, in their order."""

import configparser
import json
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.server_cli.installation import settings, units
from app.server_cli.local.api import ApiClient
from muster import __version__
from tests.flows.running_stack import free_port, wait_for
from tests.install.people import Person

pytestmark = pytest.mark.timeout(1800)
TIMEOUT_SECONDS = 600.0


class Units:
    """The services of a person's own, as systemd would run them but for its walls."""

    def __init__(self, person: Person, logs: Path) -> None:
        self.person = person
        self.logs = logs
        self.there = person.home / ".config" / "systemd" / "user"
        self.environment = settings.read_settings(person.home / ".config" / "muster" / "muster.env")
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        unit = configparser.RawConfigParser(strict=False)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string((self.there / name).read_text())
        words = shlex.split(unit["Service"]["ExecStart"].replace("%%", "%").replace("$$", "$"))
        there = unit["Service"]["WorkingDirectory"]
        argv = ["env", f"--chdir={there}", *words]
        process = self.person.start(*argv, log=self.logs / f"{name}.log", env=self.environment)
        self.running.append(process)
        return process

    def stop(self) -> None:
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        self.running.clear()


@pytest.fixture
def server(installed: tuple[Person, Path], tmp_path: Path) -> Iterator[tuple[Units, Path]]:
    person, scripts = installed
    program = scripts / "muster-server"
    answers = person.home / "answers.toml"
    answers.write_text(f'url = "http://127.0.0.1:{(port := free_port())}"\nport = {port}\n')
    output = person.output_of(program, "install", "--user", "--answers", answers)
    assert "enable --now muster.target" in output
    made = Units(person, tmp_path)
    yield made, program
    made.stop()


def test_its_units_serve_and_leave_nothing(server: tuple[Units, Path]) -> None:
    found, program = server
    person, home = found.person, found.person.home / ".local" / "share" / "muster"
    engines = found.start(units.ENGINES)
    wait_for(lambda: _is_there(home / "services.json", engines), "engines", TIMEOUT_SECONDS)
    assert found.start(units.MIGRATE).wait(TIMEOUT_SECONDS) == 0
    for name, _ in units.PROCESSES.values():
        found.start(name)

    def status() -> dict[str, object]:
        done = person.run(program, "status", "--json")
        report: dict[str, object] = json.loads(done.stdout)
        return report if done.returncode == 0 else {}

    assert wait_for(status, "readiness", TIMEOUT_SECONDS)["version"] == __version__
    assert (
        ApiClient(f"http://127.0.0.1:{found.environment['MUSTER_PORT']}").get("/readyz")["missing"]
        == []
    )
    assert "!! " not in _doctors_words_of_keys(person.run(program, "doctor").stdout)
    found.stop()
    person.output_of(program, "uninstall", "--user", "--purge", "--yes")
    assert list(person.home.rglob("muster*.service")) == []
    assert not home.exists()
    assert person.running() == []


def _is_there(path: Path, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None
    return path.exists()


def _doctors_words_of_keys(output: str) -> str:
    """The doctor's findings that `install` is responsible for: not this host's size."""
    return "\n".join(line for line in output.splitlines() if "migrations" in line or "keys" in line)
