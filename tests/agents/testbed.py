"""A repository with a broken package, and the script by which a model has it repaired."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.agents.agents import Agent, Ended, run
from tests.agents.model.play import Play
from tests.agents.model.script import Step, TextPart, ThinkingPart, Turn, Usage, call, turn
from tests.agents.model.server import Model

PACKAGE = """\
def double(number):
    return number + number + 1
"""
TEST = """\
import unittest

from arithmetic import double


class TestDouble(unittest.TestCase):
    def test_two_is_doubled_to_four(self):
        self.assertEqual(double(2), 4)
"""
WRONG, RIGHT = "    return number + number + 1\n", "    return number + number\n"
COMMAND = "python3 -m unittest -v"
PROMPT = "Repair the package, and run its tests."


def repair() -> list[Step]:
    return [
        turn(
            "I read the package.",
            call("read", path="arithmetic/__init__.py"),
            usage=Usage(1000, 0, 50),
        ),
        turn(
            "It adds one too many.",
            call("edit", path="arithmetic/__init__.py", old=WRONG, new=RIGHT),
            usage=Usage(200, 1000, 60),
        ),
        turn(call("run", command=COMMAND), usage=Usage(150, 1200, 40)),
        Turn(
            (ThinkingPart("The tests pass."), TextPart("Repaired.")), usage=Usage(100, 1400, 30, 10)
        ),
    ]


@dataclass
class AgentTestbed:
    """A home, a workspace and the model's server, for one agent. `root` is a new directory."""

    root: Path
    agent: Agent
    model: Model

    def __post_init__(self) -> None:
        self.home.mkdir()
        package = self.workspace / "arithmetic"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(PACKAGE)
        (package / "test_double.py").write_text(TEST)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "Begin")
        self.agent.furnish(self.home, self.model.url)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
        argv = ["git", *who, *arguments]
        done = subprocess.run(argv, cwd=self.workspace, check=True, capture_output=True, text=True)
        return done.stdout

    @property
    def is_repaired(self) -> bool:
        return RIGHT in (self.workspace / "arithmetic" / "__init__.py").read_text()

    def ask(
        self,
        play: Play | str,
        prompt: str = PROMPT,
        session: str | None = None,
        may_run: bool = True,
        within: float = 120.0,
    ) -> Ended:
        """Run the agent with the key of a play, or with any other."""
        key = play if isinstance(play, str) else play.key
        variables = self.agent.environment(self.model.url, key, may_run)
        variables["HOME"] = str(self.home)
        argv = self.agent.argv(prompt, session, may_run)
        return run(argv, self.workspace, variables, within)
