"""The peer for logs: a Buildbot master (SQLite) and its worker, in a persistent venv."""

import json
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from app.embedded import ports
from app.embedded.processes import wait_until
from app.embedded.stack import Stack
from bench import flood, venvs
from bench.command import Print
from bench.errors import NotMeasured
from bench.timestamps import Stamps

VERSION = "4.3.0"
_PACKAGES = [f"{name}=={VERSION}" for name in ("buildbot", "buildbot-worker", "buildbot-www")]
_START_SECONDS = 90.0
_FLOOD_SECONDS = 180.0
_POLL_SECONDS = 0.05
_FORCE = {"id": 1, "jsonrpc": "2.0", "method": "force", "params": {}}
_LOG = "builders/flood/builds/{build}/steps/1/logs/stdio"

# A minimal configuration; the rest are Buildbot's defaults.
_CONFIGURATION = """
from buildbot.plugins import schedulers, steps, util, worker

step = steps.ShellCommand(command={command!r}, env={env!r}, logEnviron=False)
BuildmasterConfig = dict(
    workers=[worker.Worker("worker", "password")],
    protocols=dict(pb=dict(port="tcp:{pb}:interface=127.0.0.1")),
    builders=[
        util.BuilderConfig(
            name="flood", workernames=["worker"], factory=util.BuildFactory([step])
        )
    ],
    schedulers=[schedulers.ForceScheduler(name="force", builderNames=["flood"])],
    db=dict(db_url="sqlite:///state.sqlite"),
    www=dict(port="tcp:{www}:interface=127.0.0.1"),
    buildbotURL="http://127.0.0.1:{www}/",
    buildbotNetUsageData=None,
)
"""


def install(say: Print) -> Path:
    """Return the directory of its commands. Raises CannotInstall."""
    return venvs.install(f"buildbot-{VERSION}", _PACKAGES, say)


class Buildbot:
    """Start master and worker as children of the stack. Raises NotMeasured."""

    def __init__(self, stack: Stack, scratch: Path, commands: Path) -> None:
        self._stamps = Stamps(scratch / "buildbot-stamps")
        self._builds = 0
        pb, self._port = ports.find_free_port(), ports.find_free_port()
        master, worker = scratch / "buildbot-master", scratch / "buildbot-worker"
        stack.run("buildbot-create", [str(commands / "buildbot"), "create-master", str(master)])
        (master / "master.cfg").write_text(self._configuration(pb))
        make = ["create-worker", str(worker), f"127.0.0.1:{pb}", "worker", "password"]
        stack.run("buildbot-worker-create", [str(commands / "buildbot-worker"), *make])
        for name, home in (("buildbot", master), ("buildbot-worker", worker)):
            stack.launch(name, [str(commands / name), "start", "--nodaemon", str(home)])
        if not wait_until(self._has_worker, _START_SECONDS, _POLL_SECONDS):
            raise NotMeasured(f"Buildbot is not up; see {stack.home}/logs/buildbot*.log")

    def flood_seconds(self) -> float:
        """Return the seconds from the step's start until its last line is readable over REST."""
        self._call("POST", "forceschedulers/force", _FORCE)
        self._builds += 1
        begun = self._stamps.next()
        if not wait_until(self._has_all_lines, _FLOOD_SECONDS, _POLL_SECONDS):
            raise NotMeasured(f"Buildbot doesn't have all lines after {_FLOOD_SECONDS:.0f} s")
        took = time.time() - begun
        self._check_bytes()
        if not wait_until(self._is_idle, _START_SECONDS, _POLL_SECONDS):
            raise NotMeasured("Buildbot's build doesn't end")
        return took

    def _configuration(self, pb: int) -> str:
        command = ["bash", "-c", flood.SCRIPT]
        return _CONFIGURATION.format(
            command=command, env=self._stamps.environment, pb=pb, www=self._port
        )

    def _check_bytes(self) -> None:
        """Check the log; Buildbot adds a few lines around the output. Raises NotMeasured."""
        log_id = self._log()["logid"]
        if flood.printed(b"\n") not in self._read("GET", f"logs/{log_id}/raw"):
            raise NotMeasured("Buildbot's log doesn't match the output")

    def _has_worker(self) -> bool:
        try:
            workers = self._call("GET", "workers")["workers"]
        except NotMeasured:
            return False
        return any(worker["connected_to"] for worker in workers)

    def _has_all_lines(self) -> bool:
        return bool(self._log()["num_lines"] >= flood.LINES)

    def _is_idle(self) -> bool:
        waiting = self._call("GET", "buildrequests?complete=false&limit=1")
        return not waiting["buildrequests"]

    def _log(self) -> dict[str, Any]:
        log: dict[str, Any] = self._call("GET", _LOG.format(build=self._builds))["logs"][0]
        return log

    def _call(self, method: str, path: str, body: object = None) -> Any:
        return json.loads(self._read(method, path, body))

    def _read(self, method: str, path: str, body: object = None) -> bytes:
        connection = HTTPConnection(ports.LOOPBACK, self._port, timeout=60)
        try:
            content = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            connection.request(method, f"/api/v2/{path}", content, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException) as error:
            raise NotMeasured(f"no response from Buildbot: {error!r}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise NotMeasured(f"Buildbot returned {answer.status} for {path}: {text[:200]!r}")
        return text
