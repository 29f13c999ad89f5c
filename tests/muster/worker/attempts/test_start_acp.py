"""A project's own command is spoken to, from order to session."""

import json
from pathlib import Path
from typing import Any

import pytest

from muster.protocol.frames import AgentOptions, Failed, StageFinished, Transcript
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]

AGENT = """\
#!/bin/sh
say() { printf '{"jsonrpc":"2.0",%s}\\n' "$1"; }
hear() { read -r line; printf '%s\\n' "$line" >> heard; }
echo "$@" > arguments
hear; say '"id":1,"result":{"protocolVersion":1,"agentCapabilities":{"loadSession":true}}'
hear; say '"id":2,"result":{"sessionId":"s-1"}'
hear
said='"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"Done."}'
say '"method":"session/update","params":{"sessionId":"s-1","update":{'"$said"'}}'
say '"id":3,"result":{"stopReason":"end_turn"}'
sed 's/^/heard /' heard; cat arguments
"""


@pytest.fixture
def program(worker: WorkerHome) -> Path:
    program = worker.layout.home.parent / "agent"
    program.write_text(AGENT)
    program.chmod(0o755)
    return program


def stage(worker: WorkerHome, program: Path, text: str, index: int = 0, **more: Any) -> list[Any]:
    """The agent's input in that stage; the last has its arguments."""
    server, before = worker.server, len(worker.server.log())
    more = {"kind": "agent", "agent": "acp", "agent_command": f"{program} --serve", **more}
    server.send(worker.stage(text, index, **more))
    finished = server.wait_for_report(StageFinished, index + 1)
    assert (finished.how, finished.code) == ("exit", 0)
    server.wait_for(lambda: len(server.log()) == finished.log_end)
    lines = server.log()[before:].decode().splitlines()
    heard = [json.loads(line.removeprefix("heard ")) for line in lines if "heard {" in line]
    return [*heard, next(line for line in lines if line.startswith("--serve"))]


def test_its_text_its_session_and_its_arguments_reach_it(worker: WorkerHome, program: Path) -> None:
    options = AgentOptions(arguments=["--more"])
    greeting, new, prompt, arguments = stage(worker.start(), program, "one", options=options)
    assert (greeting["method"], new["method"]) == ("initialize", "session/new")
    assert [server["name"] for server in new["params"]["mcpServers"]] == ["muster"]
    assert prompt["params"]["prompt"] == [{"type": "text", "text": "one"}]
    assert arguments == "--serve --more"
    kinds = [entry.kind for each in worker.server.bodies(Transcript) for entry in each.entries]
    assert kinds == ["message", "usage"]
    again = stage(worker, program, "two", 1)[-3]
    assert (again["method"], again["params"]["sessionId"]) == ("session/load", "s-1")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"agent_command": None}, "the project has no agentCommand"),
        ({"options": AgentOptions(interface="terminal")}, "has no terminal"),
    ],
)
def test_what_cannot_be_spoken_to_fails_in_words(
    worker: WorkerHome, program: Path, more: dict[str, Any], words: str
) -> None:
    order = {"kind": "agent", "agent": "acp", "agent_command": str(program), **more}
    worker.start().server.send(worker.stage("x", **order))
    failed = worker.server.wait_for_report(Failed)
    assert failed.code == "stage_impossible"
    assert words in failed.message
