"""What each agent really prints, kept as lines for those who read it.

`python -m tests.agents.record [AGENT… | AGENT-SCENARIO…]` writes `recorded/AGENT-SCENARIO.jsonl`
anew, and the exit statuses to `recorded/endings.json`; null is one that still waited and had to be
ended.

What of their standard error is read is in `AGENT-SCENARIO.log`, without the places in their code,
and in `kept/AGENT-SCENARIO.jsonl` what of the files that they keep themselves tells of tokens.
What differs from run to run and from machine to machine (paths, ports, ids) is replaced.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.agents.agents import AGENTS, Agent, Ended, Subscriber
from tests.agents.model.script import FOREVER, Problem, Refusal, ThinkingPart, call, turn
from tests.agents.model.server import Model
from tests.agents.testbed import COMMAND, RIGHT, WRONG, AgentTestbed, repair

RECORDED = Path(__file__).parent / "recorded"
# Ids, each with what is kept of it. The same id becomes the same number throughout a recording.
IDS = re.compile(
    r"(?P<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)"
    r"|(?P<head>\b(?:ses|msg|prt|per)_)[0-9a-zA-Z]{20,}"
)


def played(ground: AgentTestbed) -> Ended:
    return ground.ask(ground.model.play(*repair()))


def denied(ground: AgentTestbed) -> Ended:
    """Some may edit and not run, others run and not edit."""
    edit = call("edit", path="arithmetic/__init__.py", old=WRONG, new=RIGHT)
    steps = turn("I mend it.", edit), turn("I run the tests.", call("run", command=COMMAND))
    return ground.ask(ground.model.play(*steps, turn("Not all is allowed.")), may_run=False)


def unauthorized(ground: AgentTestbed) -> Ended:
    return ground.ask("sk-wrong")


def refused(kind: Problem, after: float | None) -> Callable[[AgentTestbed], Ended]:
    """For good, as a limit is that ends in an hour."""

    def ask(ground: AgentTestbed) -> Ended:
        return ground.ask(ground.model.play(Refusal(kind, after, FOREVER)), within=100)

    return ask


def varied(ground: AgentTestbed) -> Ended:
    """A thought, two calls at once, a new file, and a command that fails and has both outputs."""
    write = call("write", path="notes.txt", text="one\ntwo\n")
    fail = call("run", command="echo out; echo err >&2; exit 3")
    return ground.ask(
        ground.model.play(
            turn(ThinkingPart("I think first."), "Two at once.", write, fail), turn("Done.")
        )
    )


def cut(ground: AgentTestbed) -> Ended:
    half = turn(
        "This is cut in its middle, when much of it has been said.", problem="cut", events=5
    )
    return ground.ask(ground.model.play(half, turn("Done.")))


def resumed(ground: AgentTestbed) -> Ended:
    play = ground.model.play(turn("I have read it."), turn("You asked me to read it."))
    session = ground.agent.session(ground.ask(play, "Read the package."))
    return ground.ask(play, "What did I ask you?", session)


SCENARIOS: dict[str, Callable[[AgentTestbed], Ended]] = {
    "repair": played,
    "denied": denied,
    "unauthorized": unauthorized,
    "rate-limited": refused("rate_limited", 3600),
    "rate-limited-untold": refused("rate_limited", None),
    "quota": refused("quota", 3600),
    "overloaded": refused("overloaded", None),
    "varied": varied,
    "cut": cut,
    "resumed": resumed,
}


# gemini's model is not offered what it may not do.
NONE_OF = {"gemini": {"denied"}}
RECORDINGS = [
    *(
        (agent, name)
        for agent in AGENTS
        for name in SCENARIOS
        if name not in NONE_OF.get(agent.name, ())
    ),
    (Subscriber(), "quota"),
    (Subscriber(), "rate-limited"),
]


OUTPUT_LOGS = {
    "opencode": ("rate-limited", "rate-limited-untold", "overloaded"),
    "gemini": ("rate-limited-untold", "overloaded"),
    "codex": ("denied",),
}
USAGE_FILES = {"codex": ".codex/sessions/*/*/*/*.jsonl", "gemini": ".gemini/tmp/*/chats/*.jsonl"}
OF_USE = {"codex": ("repair", "resumed"), "gemini": ("repair",)}
OF_THE_MACHINE = re.compile(r"^ |/tmp|/root|file://")


def neutral(text: str, ground: AgentTestbed) -> str:
    for found, kept in (
        # As claude names a directory after it.
        (re.sub(r"[^a-zA-Z0-9]", "-", str(ground.workspace)), "-workspace"),
        (str(ground.workspace), "/workspace"),
        (str(ground.home), "/home/muster"),
        (str(ground.root), "/home"),
        (ground.model.url.removeprefix("http://"), "model.example"),
    ):
        text = text.replace(found, kept)
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        number = numbers.setdefault(match[0], len(numbers) + 1)
        return (
            f"00000000-0000-4000-8000-{number:012}"
            if match["uuid"]
            else f"{match['head']}{number:04}"
        )

    return IDS.sub(numbered, text)


def record(agent: Agent, scenario: str) -> int | None:
    with (
        Model() as model,
        tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as root,
    ):
        ground = AgentTestbed(Path(root), agent, model)
        ended = SCENARIOS[scenario](ground)
        path = RECORDED / f"{agent.name}-{scenario}.jsonl"
        path.write_text(neutral(ended.stdout, ground))
        if scenario in OUTPUT_LOGS.get(agent.name, ()):
            lines = neutral(ended.stderr, ground).splitlines(keepends=True)
            kept = [line for line in lines if not OF_THE_MACHINE.search(line)]
            path.with_suffix(".log").write_text("".join(kept))
        if scenario in OF_USE.get(agent.name, ()):
            store_usage_lines(ground, path)
    sys.stderr.write(f"{path.name}: {ended.status} after {ended.seconds:.0f} s\n")
    return ended.status


def store_usage_lines(ground: AgentTestbed, path: Path) -> None:
    texts = [
        found.read_text() for found in sorted(ground.home.glob(USAGE_FILES[ground.agent.name]))
    ]
    lines = neutral("".join(texts), ground).splitlines(keepends=True)
    file = path.parent / "kept" / path.name
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(line for line in lines if '"token' in line))


def main(names: list[str]) -> None:
    RECORDED.mkdir(exist_ok=True)
    endings = RECORDED / "endings.json"
    for agent, scenario in RECORDINGS:
        if not names or {agent.name, f"{agent.name}-{scenario}"} & {*names}:
            status = record(agent, scenario)
            statuses = json.loads(endings.read_text()) if endings.exists() else {}
            statuses[f"{agent.name}-{scenario}"] = status
            endings.write_text(json.dumps(statuses, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
