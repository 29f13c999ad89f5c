"""What claude and the runner's session really send each other, as lines.

`python -m tests.agents.record_claude [SCENARIO…]` writes `recorded/claude/SCENARIO.jsonl` anew: a
line for each message, `{"in": …}` from claude and `{"out": …}` to it; and one for what people do,
`{"people": …}`, as the shim passes it on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.agents.agents import CLAUDE, NODE, NPM
from tests.agents.model.script import Step, call, turn
from tests.agents.model.server import Model
from tests.agents.record import RECORDED, neutral
from tests.agents.testbed import AgentTestbed
from tests.muster.worker.agents.runner.steered import ClaudeTalk

CONVERSATIONS = RECORDED / "claude"
PROMPT = "Repair the package."
WAIT = call("run", command="sleep 3; echo waited")
LONG = call("run", command="sleep 600")


def message(when: str) -> dict[str, Any]:
    return {"message": {"number": 4, "text": "/clear\n{}", "author": "Ada", "when": when}}


INTERRUPT = {"interrupt": {"number": 1, "author": "Ada"}}
ANSWER = {"input": "Do something else."}
DECISIONS = [{"permission": "allow_once"}, {"permission": "deny", "comment": "Use make."}]
# It asks nobody about what only changes files.
COMMANDS = [f"python3 -c \"open('{name}', 'w')\"" for name in ("one", "two")]
WRITES = [turn(call("run", command=each)) for each in COMMANDS]

# The model's turns, and what people do once the command runs. They answer questions in order.
SCENARIOS: dict[str, tuple[list[Step], dict[str, Any] | None]] = {
    "next": ([turn("I wait.", WAIT), turn("I read it.")], message("next")),
    "now": ([turn("I wait.", LONG), turn("I read it.")], message("now")),
    "interrupted": ([turn("I wait.", LONG), turn("I do that.")], INTERRUPT),
    "denied": ([*WRITES, turn("I use make.")], None),
}
OPTIONS = ["--input-format", "stream-json", "--replay-user-messages"]


class Recorder:
    """A session with a real claude; `lines` has their messages."""

    def __init__(self, ground: AgentTestbed, key: str, mail: dict[str, Any] | None) -> None:
        self.lines: list[dict[str, Any]] = []
        self._answered = 0
        self._mail, self._written = [mail] if mail else [], 0
        self._answers = [ANSWER] if mail else [*DECISIONS]
        asking = [] if mail else ["--permission-prompt-tool", "stdio"]
        variables = ground.agent.environment(ground.model.url, key)
        path = os.pathsep.join([str(NPM), str(NODE), os.environ["PATH"]])
        argv = [word for word in ground.agent.argv("", may_run=mail is not None) if word]
        self._process = subprocess.Popen(
            [str(NPM / argv[0]), *argv[1:], *OPTIONS, *asking],
            cwd=ground.workspace,
            env={"PATH": path, "LANG": "C.UTF-8", "HOME": str(ground.home), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.talk = ClaudeTalk(PROMPT)

    def run(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._pass_on()
        for line in self._process.stdout:
            event = json.loads(line)
            self.lines.append({"in": event})
            self.talk.feed(event)
            self._pass_on()
            if self._mail and '"tool_use"' in line.decode():
                self._send(self._mail.pop())
            elif self.talk.shim.asked > self._answered:
                self._answered += 1
                answer = self._answers[self._answered - 1]
                self._send({"answer": {"number": self._answered, **answer}})
            if self.talk.process.ended_with is not None:
                self._process.stdin.close()
        self._process.wait()

    def _send(self, mail: dict[str, Any]) -> None:
        self.lines.append({"people": mail})
        self.talk.send(mail)
        self._pass_on()

    def _pass_on(self) -> None:
        assert self._process.stdin is not None
        frames = self.talk.process.frames[self._written :]
        self._written += len(frames)
        for frame in frames:
            self.lines.append({"out": frame})
            self._process.stdin.write(json.dumps(frame).encode() + b"\n")
        self._process.stdin.flush()


def record(scenario: str) -> None:
    steps, mail = SCENARIOS[scenario]
    with (
        Model() as model,
        tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as root,
    ):
        ground = AgentTestbed(Path(root), CLAUDE, model)
        recorder = Recorder(ground, model.play(*steps).key, mail)
        recorder.run()
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in recorder.lines)
        CONVERSATIONS.mkdir(exist_ok=True)
        (CONVERSATIONS / f"{scenario}.jsonl").write_text(neutral(text, ground))
    sys.stderr.write(f"{scenario}: {recorder.talk.process.ended_with}\n")


def main(names: list[str]) -> None:
    for scenario in names or SCENARIOS:
        record(scenario)


if __name__ == "__main__":
    main(sys.argv[1:])
