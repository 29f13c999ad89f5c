"""One real agent where the whole suite runs; the others in `make agents`."""

from collections.abc import Callable

from tests.agents.agents import CLAUDE, Agent
from tests.agents.ground import Ground, repair


def test_claude_repairs_a_package_where_the_model_says_how(
    ground: Callable[[Agent], Ground],
) -> None:
    at = ground(CLAUDE)
    play = at.model.play(*repair())
    ended = at.ask(play)
    assert (ended.status, play.left) == (0, 0), ended.stderr
    assert at.is_repaired
