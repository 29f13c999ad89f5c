"""A real agent under the narrator, without the rest of Muster."""

from __future__ import annotations

import time

from tests.agents.agents import run
from tests.agents.model.play import Play
from tests.agents.testbed import PROMPT, AgentTestbed
from tests.muster.worker.agents.runner.fake_shim_channel import FakeShimChannel
from tests.muster.worker.agents.runner.runner_process import command


class AgentRun:
    """An agent that has been asked: how it `ended`, its `facts` and `entries`, and the
    `seconds` between its first request and its end."""

    def __init__(self, at: AgentTestbed, play: Play | str, session: str | None = None) -> None:
        self._play = play
        self._asked: float | None = None
        with FakeShimChannel(self._note_first_request) as heard:
            key = play if isinstance(play, str) else play.key
            variables = at.agent.environment(at.model.url, key)
            variables |= {"HOME": str(at.home), **heard.variables}
            argv = command(*at.agent.argv(PROMPT, session), format_name=at.agent.name)
            self.ended = run(argv, at.workspace, variables, inherits=(heard.descriptor,))
            self.seconds = time.monotonic() - (self._asked or 0)
        self.facts, self.entries = heard.facts, heard.entries

    def _note_first_request(self) -> None:
        if self._asked is None and not isinstance(self._play, str) and self._play.main:
            self._asked = time.monotonic()
