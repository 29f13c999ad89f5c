"""A stand-in for claude that reads messages; words of a text say what it does with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from muster.protocol.frames import AgentMessage, MessageOutcome
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.mounts import PYTHON
from muster.worker.shim.messages import FILE_NAME
from tests.muster.worker.worker_home import WorkerHome

_PROGRAM = """\
#!{python}
import json, sys

if "--version" in sys.argv:
    print("2.1.197 (Claude Code)")
    sys.exit()

RESULT = {{"type": "result", "session_id": "s-1", "num_turns": 1}}

def say(**event):
    print(json.dumps(event), flush=True)

is_working = False
for line in sys.stdin:
    frame = json.loads(line)
    if frame["type"] == "control_response":
        decision = frame["response"]["response"]
        print("decided:", decision["behavior"], decision.get("message", "")[:20], flush=True)
        continue
    if frame["type"] == "control_request":
        response = {{"subtype": "success", "request_id": frame["request_id"]}}
        say(type="control_response", response=response)
        say(**RESULT, subtype="error_during_execution", is_error=True)
        is_working = False
        continue
    text = frame["message"]["content"][0]["text"]
    if not is_working:
        say(type="system", subtype="init", session_id="s-1", model="m")
    if "IGNORE" in text:  # never read
        continue
    say(**frame, isReplay=True)
    print("read:", text.split()[-1], flush=True)
    if "ASK" in text:
        act = {{"subtype": "can_use_tool", "tool_name": "Bash", "input": {{"command": "make"}}}}
        say(type="control_request", request_id="act-1", request=act)
    is_working = "WORK" in text or (is_working and "END" not in text)
    if not is_working:
        say(**RESULT, subtype="success", is_error=False)
"""


def install(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> None:
    python = detect(worker.layout).interpreter.program
    if detect(worker.layout).level == "full":
        python = Path(PYTHON, "bin", python.name)
    program = worker.layout.home.parent / "programs" / "claude"
    program.parent.mkdir()
    program.write_text(_PROGRAM.format(python=python))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/local/bin:/usr/bin:/bin")
    worker.server.heartbeat_seconds = 5.0


def message(number: int, text: str, when: Any = "next") -> AgentMessage:
    return AgentMessage(7, 1, number, text, "Ada", when)


def states(worker: WorkerHome) -> dict[int, str]:
    """The messages' states in the shim's file."""
    found: dict[int, str] = {}
    for path in worker.layout.attempts.glob(f"*/{FILE_NAME}"):
        found |= {
            each["number"]: each["state"] for each in json.loads(path.read_text())["messages"]
        }
    return found


def outcomes(worker: WorkerHome) -> list[tuple[int, str]]:
    return [(body.number, body.state) for body in worker.server.bodies(MessageOutcome)]  # type: ignore[union-attr]
