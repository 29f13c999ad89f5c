"""A stage of a real agent that people steer, in a worker without the server."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from muster.protocol.frames import (
    AgentOptions,
    MessageOutcome,
    StageFinished,
    Transcript,
    TranscriptEntry,
)
from tests.agents import agent_setup
from tests.agents.agents import NODE, NPM, Agent
from tests.agents.model.script import Step
from tests.agents.model.server import Model
from tests.muster.worker.repositories import wait_for
from tests.muster.worker.worker_home import WorkerHome

TIMEOUT_SECONDS = 120.0
WAIT = "while [ ! -e go ]; do sleep 0.1; done; echo gone"
"""A command that ends once the test creates that file in the workspace."""


class SteeredStage:
    """A stage whose model plays these steps. `command` is a project's own, for `acp`."""

    def __init__(
        self,
        agent: Agent,
        worker: WorkerHome,
        model: Model,
        monkeypatch: pytest.MonkeyPatch,
        *steps: Step,
        command: str | None = None,
    ) -> None:
        monkeypatch.setenv("PATH", os.pathsep.join([str(NPM), str(NODE), os.environ["PATH"]]))
        worker.server.heartbeat_seconds = 5.0
        self.worker, self.play = worker, model.play(*steps)
        self._agent, self._command = agent, command
        self._way = agent_setup.setup_for(agent, model.url, self.play.key)

    def start(self, text: str = "Do A.", **more: Any) -> None:
        chosen = self._way.options if self._command is None else {}
        options = AgentOptions(**{"permissions": "all", **chosen})
        stage: dict[str, Any] = {"kind": "agent", "options": options, **more}
        stage |= {"agent": self._agent.name if self._command is None else "acp"}
        stage |= {"agent_command": self._command} if self._command else {}
        given = {"env": self._way.environment, "secrets": self._way.secrets, "timeout": 300.0}
        self.worker.run(text, **given, **stage)

    def wait_for_command(self, mark: str) -> None:
        def is_running() -> bool:
            return any(mark in _command_line(each.pid) for each in self.worker.stages())

        wait_for(is_running, TIMEOUT_SECONDS)

    def wait_for_mail(self, state: str) -> None:
        """Until the shim has stored that state of a message."""
        wait_for(lambda: f'"{state}"' in self._mail(), TIMEOUT_SECONDS)

    def wait_for_end(self) -> StageFinished:
        finished = self.worker.server.wait_for_report(StageFinished, limit=TIMEOUT_SECONDS)
        assert isinstance(finished, StageFinished)
        return finished

    def outcomes(self) -> list[tuple[int, str]]:
        bodies = self.worker.server.bodies(MessageOutcome)
        return [(body.number, body.state) for body in bodies]

    def messages(self) -> list[tuple[Any, Any, str]]:
        """Number, author and text of each that the agent has read."""
        entries = [
            entry for each in self.worker.server.bodies(Transcript) for entry in each.entries
        ]
        return [_described(entry) for entry in entries if "number" in entry.data]

    def requests(self) -> list[str]:
        """What the model was asked, each time with all that was before."""
        return [json.dumps(seen.body) for seen in self.play.seen if seen.kind == "main"]

    def _mail(self) -> str:
        files = self.worker.layout.attempts.glob("*/messages.json")
        return "".join(path.read_text() for path in files)


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def _described(entry: TranscriptEntry) -> tuple[Any, Any, str]:
    return entry.data["number"], entry.data["author"], entry.text


def sleep_seconds() -> str:
    """A command line that nothing else has."""
    return f"sleep 600.{uuid.uuid4().int % 10**9}"
