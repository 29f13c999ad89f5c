"""What agents and the runner's session really send each other through the Agent Client Protocol, as
lines.

`python -m tests.agents.record_acp [AGENT…]` writes `recorded/acp/AGENT.jsonl` anew: a line for each
message, `{"in": …}` from the agent and `{"out": …}` to it; and one for what people do, `{"people":
…}`. In one conversation they allow an action, send a message, deny another action, and interrupt.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muster.worker.agents.runner.acp.session import AcpSession
from tests.agents.agents import GEMINI, NODE, NPM, OPENCODE, Agent
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.record import RECORDED, neutral
from tests.agents.testbed import AgentTestbed
from tests.muster.worker.agents.runner.fake_people import FakePeople

CONVERSATIONS = RECORDED / "acp"
TIMEOUT_SECONDS = 300.0
COMMANDS = {
    OPENCODE: ["opencode", "acp"],
    GEMINI: ["gemini", "--acp", "--skip-trust", "-m", "gemini-2.5-pro"],
}
ASKED = {
    "text": "Repair the package.",
    "permissions": "edit",
    "approvals": "ask",
    "session": None,
    "servers": [],
}
# gemini asks nobody about what it knows to be harmless.
COMMAND_LINES = [
    *(f"python3 -c \"open('{name}', 'w')\"" for name in ("one", "two")),
    "python3 -c \"import time; open('begun', 'w'); time.sleep(600)\"",
]
MESSAGE = {"number": 7, "text": "/clear\n{}", "author": "Mei"}
# By the number of their question before it.
ANSWERS: list[dict[str, Any]] = [
    {"permission": "allow_once"},
    {"permission": "deny", "comment": "Use make."},
    {"permission": "allow_once"},
    {"input": "Do something else."},
]


def script(agent: Agent) -> list[Any]:
    """gemini answers to a denial; the others' turn ends with it."""
    return [
        turn("I look.", call("run", command=COMMAND_LINES[0])),
        turn("First."),
        turn("I write.", call("run", command=COMMAND_LINES[1])),
        *([turn("No.")] if agent is GEMINI else []),
        turn("I wait.", call("run", command=COMMAND_LINES[2])),
        turn("I do that."),
    ]


def without_commands(event: dict[str, Any]) -> dict[str, Any]:
    """Without the descriptions of the agent's own commands, which are long."""
    update = event.get("params", {}).get("update", {})
    if "availableCommands" in update:
        update["availableCommands"] = []
    return event


class Recorder:
    """A session with a real agent; `lines` has their messages."""

    def __init__(self, ground: AgentTestbed, key: str) -> None:
        self.lines: list[dict[str, Any]] = []
        self.people = FakePeople()
        self._begun, self._has_interrupted = ground.workspace / "begun", False
        self._answered = 0
        os.chdir(ground.workspace)
        self._session = AcpSession(ASKED, self.people.questions, self.people.mailbox)
        path = os.pathsep.join([str(NPM), str(NODE), os.environ["PATH"]])
        variables = ground.agent.environment(ground.model.url, key, may_run=False)
        program, *arguments = COMMANDS[ground.agent]
        self._process = subprocess.Popen(
            [str(NPM / program), *arguments],
            env={"PATH": path, "LANG": "C.UTF-8", "HOME": str(ground.home), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(self) -> int | None:
        for line in self._read_lines():
            if line.startswith("{"):
                self.lines.append({"in": without_commands(json.loads(line))})
                self._session.feed(json.loads(line))
            self._steer()
            self._send()
            if self._session.status is not None:
                break
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        return self._session.status

    def _read_lines(self) -> Iterator[str]:
        """And an empty one now and then."""
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        self._send()
        rest, deadline = b"", time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if select.select([stream], [], [], 0.5)[0]:
                *lines, rest = (rest + os.read(stream, 1 << 16)).split(b"\n")
                yield from (line.decode() for line in lines)
            yield ""
        raise TimeoutError

    def _steer(self) -> None:
        if len(self.people.asked) > self._answered:
            if self._answered == 0:
                self._act({"message": MESSAGE})
            self._act({"answer": ANSWERS[self._answered]})
            self._answered += 1
        if self._begun.exists() and not self._has_interrupted:
            self._has_interrupted = True
            self._act({"interrupt": {"number": 1, "author": "Mei"}})

    def _act(self, what: dict[str, Any]) -> None:
        self.lines.append({"people": what})
        self.people.act(what)

    def _send(self) -> None:
        assert self._process.stdin is not None
        self._session._turns.process_due()
        self.people.process_answers()
        self._session._turns.process_due()
        for sent in self._session.outgoing:
            self.lines.append({"out": json.loads(sent)})
            self._process.stdin.write(sent)
        self._process.stdin.flush()
        self._session.outgoing.clear()


def record(agent: Agent) -> None:
    with (
        Model() as model,
        tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as root,
    ):
        ground = AgentTestbed(Path(root), agent, model)
        recorder = Recorder(ground, model.play(*script(agent)).key)
        status = recorder.run()
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in recorder.lines)
        CONVERSATIONS.mkdir(exist_ok=True)
        (CONVERSATIONS / f"{agent.name}.jsonl").write_text(neutral(text, ground))
        os.chdir("/")
    sys.stderr.write(f"{agent.name}: {status}\n")


def main(names: list[str]) -> None:
    for agent in COMMANDS:
        if not names or agent.name in names:
            record(agent)


if __name__ == "__main__":
    main(sys.argv[1:])
