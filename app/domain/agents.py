"""Agents: what they are called, how they are to run, and what of it people are warned of.

Options are stored as the API has them: {model, permissions, allowedTools, arguments, interface},
without what was not given.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.domain.sandbox import SandboxLevel

TYPE = re.compile(r"[a-z][a-z0-9-]{0,31}")
"""What an agent type may be called: machines say which there are."""
CUSTOM = "custom"
KNOWN = ("claude", "codex", "cursor", CUSTOM)
"""The types of the contract; machines may have others."""
CUSTOM_COMMAND_TYPES = (CUSTOM, "acp")
"""Those whose program is the project's own command."""

NOT_INSTALLED = "binary_missing"
"""Why an agent is not healthy that a machine does not have: that is no trouble."""

Options = Mapping[str, Any]


class AgentPermissions(StrEnum):
    """What an agent may do without asking; each includes the one before."""

    EDIT = "edit"  # change files
    RUN = "run"  # run commands
    ALL = "all"  # whatever it can


class Interface(StrEnum):
    """How an agent is run: its output read, or as a program of the terminal for people."""

    HEADLESS = "headless"
    TERMINAL = "terminal"


def exclude_none(options: Options | None) -> dict[str, Any] | None:
    """The options that are given, None where there are none. An empty list is given: it takes the
    place of another.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    return given or None


def merge_options(
    task: Options | None, stage: Options | None, project: Options | None
) -> dict[str, Any]:
    """What counts for a stage: each field as the task has it, else the stage, else the project."""
    return {
        **(exclude_none(project) or {}),
        **(exclude_none(stage) or {}),
        **(exclude_none(task) or {}),
    }


def installed_agents(capabilities: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of what a machine says that it can run the agents that it has; a project's own command is
    none.
    """
    return [
        one
        for one in capabilities
        if one.get("agentType") not in CUSTOM_COMMAND_TYPES and one.get("reason") != NOT_INSTALLED
    ]


# ---- warnings ----------------------------------------------------------------------------------


class WarningCode(StrEnum):
    UNKNOWN_AGENT = "unknown_agent"
    PERMISSIONS_WITHOUT_SANDBOX = "permissions_without_sandbox"


@dataclass(frozen=True)
class AgentWarning:
    """What is done as it was asked for, but is perhaps not what was meant. `field` is the API's."""

    code: WarningCode
    field: str
    message: str


def warnings(
    agent_type: str, options: Iterable[Options], room: SandboxLevel | None, *, is_known: bool
) -> list[AgentWarning]:
    """What to warn of. `options` are the stages' merged ones, `room` what the project demands,
    `is_known`: a machine has the agent.
    """
    found = []
    if not is_known:
        text = f"no machine has the agent “{agent_type}”: tasks wait until one has it"
        found.append(AgentWarning(WarningCode.UNKNOWN_AGENT, "agentType", text))
    is_bold = any(each.get("permissions") == AgentPermissions.ALL for each in options)
    if is_bold and room is not SandboxLevel.FULL:
        text = (
            "permissions “all” without the room “full”: on a machine that contains it less the "
            "agent may do whatever its account may"
        )
        found.append(AgentWarning(WarningCode.PERMISSIONS_WITHOUT_SANDBOX, "agentOptions", text))
    return found
