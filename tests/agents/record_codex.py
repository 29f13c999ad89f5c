"""What codex's app server and the runner's session really send each other, as lines.

`python -m tests.agents.record_codex [SCENARIO…]` writes `recorded/codex/SCENARIO.jsonl` anew: a
line for each message, `{"in": …}` from codex and `{"out": …}` to it.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from muster.worker.agents.runner.codex.session import CodexSession
from muster.worker.agents.runner.mailbox import Message
from tests.agents.agents import CODEX, NODE, NPM
from tests.agents.model.play import Play
from tests.agents.model.script import FOREVER, Refusal, ThinkingPart, call, turn
from tests.agents.model.server import Model
from tests.agents.record import RECORDED, neutral
from tests.agents.testbed import PROMPT, RIGHT, WRONG, AgentTestbed, repair
from tests.muster.worker.agents.runner.fake_people import FakePeople

CONVERSATIONS = RECORDED / "codex"
TIMEOUT_SECONDS = 60.0
DENIAL = {"permission": "deny", "comment": "Use make for that."}
SLOW = call("run", command="for n in 1 2 3 4 5 6; do echo $n; sleep 0.5; done")


class Recorder:
    """A session with a real app server; `lines` has their messages."""

    def __init__(self, ground: AgentTestbed, key: str, asked: dict[str, Any]) -> None:
        self.lines: list[dict[str, Any]] = []
        self.people = FakePeople()
        variables = ground.agent.environment(ground.model.url, key)
        os.environ["CODEX_API_KEY"] = key
        os.chdir(ground.workspace)
        self.session = CodexSession(asked, self.people.questions, self.people.mailbox)
        path = os.pathsep.join([str(NPM), str(NODE), os.environ["PATH"]])
        self._process = subprocess.Popen(
            [str(NPM / "codex"), "app-server", "-c", "cli_auth_credentials_store=ephemeral"],
            env={"PATH": path, "LANG": "C.UTF-8", "HOME": str(ground.home), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(self, steer: Callable[[Recorder], None] = lambda _: None, until: str = "") -> None:
        """Until the session has finished, or the first message that contains `until`. `steer` is
        called after each message of codex."""
        for line in self._read_lines():
            self.lines.append({"in": json.loads(line)})
            self.session.feed(json.loads(line))
            steer(self)
            self._send()
            if self.session.status is not None or (until and until in line):
                break
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()

    def _read_lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        self._send()
        rest, deadline = b"", time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if select.select([stream], [], [], 0.1)[0]:
                *lines, rest = (rest + os.read(stream, 1 << 16)).split(b"\n")
                yield from (line.decode() for line in lines)
        raise TimeoutError

    def _send(self) -> None:
        assert self._process.stdin is not None
        self.session.process_due()
        self.people.process_answers()
        for sent in self.session.outgoing:
            self.lines.append({"out": json.loads(sent)})
            self._process.stdin.write(sent)
        self._process.stdin.flush()
        self.session.outgoing.clear()


def seen(recorder: Recorder, method: str) -> int:
    return sum(line.get("in", {}).get("method") == method for line in recorder.lines)


def message_while_it_runs(when: str) -> Callable[[Recorder], None]:
    def steer(recorder: Recorder) -> None:
        if seen(recorder, "item/commandExecution/outputDelta") == 1 and not recorder.people.sent:
            message = Message(7, "Stop here.\n{}", "Mei", is_urgent=when == "now")
            recorder.people.sent.append(message)
            recorder.people.recipient.deliver(message)

    return steer


def interrupt_while_it_runs(recorder: Recorder) -> None:
    if seen(recorder, "item/commandExecution/outputDelta") == 1 and not recorder.people.sent:
        recorder.people.sent.append(Message(0, "", "Mei"))
        recorder.people.answer = {"input": "Do something else."}
        recorder.people.recipient.interrupt(1, "Mei")


def deny_requests(recorder: Recorder) -> None:
    recorder.people.answer = DENIAL


Steps = list[Any]
EDIT = call("edit", path="arithmetic/__init__.py", old=WRONG, new=RIGHT)
VARIED: Steps = [
    turn(
        ThinkingPart("I think first."),
        "Two at once.",
        call("write", path="notes.txt", text="one\ntwo\n"),
        call("run", command="echo out; echo err >&2; exit 3"),
    ),
    turn("Done."),
]
SLOWLY: Steps = [turn("I wait.", SLOW), turn("I go on."), turn("I go on again.")]
SCENARIOS: dict[str, tuple[Steps, dict[str, Any], Callable[[Recorder], None]]] = {
    "repair": (repair(), {}, lambda _: None),
    "varied": (VARIED, {}, lambda _: None),
    "denied": (
        [turn("I mend it.", EDIT), turn("I look.", call("run", command="touch a")), turn("No.")],
        {"sandbox": "read-only", "approvals": "untrusted"},
        deny_requests,
    ),
    "quota": ([Refusal("quota", 3600, FOREVER)], {}, lambda _: None),
    "overloaded": ([Refusal("overloaded", None, FOREVER)], {}, lambda _: None),
    "rate-limited": ([Refusal("rate_limited", 3600, FOREVER)], {}, lambda _: None),
    "unauthorized": ([], {}, lambda _: None),
    "next": (SLOWLY, {}, message_while_it_runs("next")),
    "now": (SLOWLY, {}, message_while_it_runs("now")),
    "interrupted": (SLOWLY, {}, interrupt_while_it_runs),
}
UNTIL = {"rate-limited": '"willRetry":true'}  # it then waits


def record(scenario: str) -> None:
    steps, more, steer = SCENARIOS[scenario]
    asked = {"text": PROMPT, "session": None, "model": None}
    asked |= {"sandbox": "danger-full-access", "approvals": "never"} | more
    with (
        Model() as model,
        tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as root,
    ):
        ground = AgentTestbed(Path(root), CODEX, model)
        play: Play | None = model.play(*steps) if steps else None
        recorder = Recorder(ground, play.key if play else "sk-wrong", asked)
        recorder.people.answer = {}  # nobody answers in time
        recorder.run(steer, UNTIL.get(scenario, ""))
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in recorder.lines)
        text = text.replace(play.key if play else "sk-wrong", "sk-recorded")
        CONVERSATIONS.mkdir(exist_ok=True)
        (CONVERSATIONS / f"{scenario}.jsonl").write_text(neutral(text, ground))
        os.chdir("/")
    sys.stderr.write(f"{scenario}: {recorder.session.status}\n")


def main(names: list[str]) -> None:
    for scenario in names or SCENARIOS:
        record(scenario)


if __name__ == "__main__":
    main(sys.argv[1:])
