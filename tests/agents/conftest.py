"""A model that follows a script, and a ground for each real agent."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agents.agents import Agent
from tests.agents.model.server import Model
from tests.agents.testbed import AgentTestbed


@pytest.fixture
def model() -> Iterator[Model]:
    """Afterwards nobody has asked for what a vendor would refuse."""
    with Model() as model:
        yield model
    assert model.problems == []


@pytest.fixture
def testbed(model: Model, tmp_path: Path) -> Callable[[Agent], AgentTestbed]:
    def make_testbed(agent: Agent) -> AgentTestbed:
        return AgentTestbed(tmp_path, agent, model)

    return make_testbed
