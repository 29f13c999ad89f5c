"""How tests declare which real agents they need, so that each agent is missing by itself."""

import pytest
from _pytest.mark import ParameterSet

from tests.agents.agents import Agent


def needs_agent(agent: Agent) -> pytest.MarkDecorator:
    return pytest.mark.needs(agent.argv("")[0])


def agent_param(agent: Agent, *more: str) -> ParameterSet:
    """The values of one run of a test, which needs this agent; the run's id is made of them."""
    name = "-".join([agent.name, *more])
    return pytest.param(agent, *more, marks=needs_agent(agent), id=name)


def parametrize_agents(*agents: Agent) -> pytest.MarkDecorator:
    """Run a test once for each agent, as its argument `agent`."""
    return pytest.mark.parametrize("agent", [agent_param(agent) for agent in agents])
