"""Agent types, their options, and warnings about both.

Options are stored as the API has them: {model, permissions, allowedTools, arguments, interface,
approvals}, without omitted fields.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Any

from app.domain.sandbox import SandboxLevel

TYPE = re.compile(r"[a-z][a-z0-9-]{0,31}")
"""Valid agent types. Machines report which ones they have."""
CUSTOM = "custom"
KNOWN = ("claude", "codex", "cursor", CUSTOM)
"""The types in the contract; machines may have others."""
ACP = "acp"
CUSTOM_COMMAND_TYPES = (CUSTOM, ACP)
_ASKING = ("claude", "codex")
"""The agents of `KEYS` that can ask people before they act, as any ACP agent can."""
"""Types that run the project's own command."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "claude": ("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
    "codex": ("CODEX_API_KEY", "CODEX_ACCESS_TOKEN"),
    "cursor": ("CURSOR_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "opencode": (
        *("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENCODE_API_KEY", "OPENCODE_CONFIG_CONTENT"),
    ),
    "copilot": ("COPILOT_GITHUB_TOKEN", "COPILOT_PROVIDER_API_KEY"),
    "qwen": ("OPENAI_API_KEY",),
    "aider": ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"),
}
"""Variables that hold an agent's key; one is enough. docs/agents.md lists them, too."""

_MIN_SIMILARITY = 0.7  # of a mistyped name

NOT_INSTALLED = "binary_missing"
"""The reason shown for an agent that a machine doesn't have, which isn't a problem."""

Options = Mapping[str, Any]


class AgentPermissions(StrEnum):
    """What an agent can do without asking; each level includes the previous one."""

    EDIT = "edit"  # change files
    RUN = "run"  # run commands
    ALL = "all"  # anything it's able to


class Interface(StrEnum):
    """How an agent runs: headless with parsed output, or as an interactive terminal program."""

    HEADLESS = "headless"
    TERMINAL = "terminal"


class Approvals(StrEnum):
    """What happens when an agent wants to do more than its permissions allow."""

    ASK = "ask"  # people are asked
    DENY = "deny"


def exclude_none(options: Options | None) -> dict[str, Any] | None:
    """Return the options that are set; None if there are none.

    An empty list counts as set: it overrides another list.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    return given or None


def merge_options(
    task: Options | None, stage: Options | None, project: Options | None
) -> dict[str, Any]:
    """Return a stage's effective options: per field the task's value, else the stage's, else the
    project's.
    """
    return {
        **(exclude_none(project) or {}),
        **(exclude_none(stage) or {}),
        **(exclude_none(task) or {}),
    }


def reads_terminal(agent_type: str, options: Options | None) -> bool:
    """Whether the agent may read what people type in its terminal. A headless one reads nothing.

    An agent that only a machine knows may; so may a project's own command.
    """
    if agent_type == ACP:
        return False
    is_interactive = (options or {}).get("interface") == Interface.TERMINAL
    return is_interactive or agent_type not in KEYS


def installed_agents(capabilities: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the capabilities of agents that the machine has, without custom commands."""
    return [
        one
        for one in capabilities
        if one.get("agentType") not in CUSTOM_COMMAND_TYPES and one.get("reason") != NOT_INSTALLED
    ]


def nearest_type(agent: str, known: Iterable[str]) -> str | None:
    """Return the agent type that was probably meant; None if it's one of them, or like none."""
    among = {*known, *KNOWN}
    scores = {each: _similarity(agent, each) for each in sorted(among)}
    best = max(scores, key=lambda each: scores[each])
    return best if agent not in among and scores[best] >= _MIN_SIMILARITY else None


def _similarity(typed: str, name: str) -> float:
    """Return how alike two names are; a common beginning counts more."""
    pairs = zip(typed, name, strict=False)
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return difflib.SequenceMatcher(None, typed, name).ratio() + start / 10


# ---- warnings ----------------------------------------------------------------------------------


class WarningCode(StrEnum):
    UNKNOWN_AGENT = "unknown_agent"
    PERMISSIONS_WITHOUT_SANDBOX = "permissions_without_sandbox"
    NO_ANSWERER = "no_answerer"
    APPROVALS_UNSUPPORTED = "approvals_unsupported"


@dataclass(frozen=True)
class AgentWarning:
    """A valid setting that may not do what you expect. `field` is the API's name, `nearest` the
    value that was probably meant.
    """

    code: WarningCode
    field: str
    message: str
    nearest: str | None = None


def warnings(
    agent_type: str,
    options: Sequence[Options],
    room: SandboxLevel | None,
    *,
    is_known: bool,
    nearest: str | None = None,
) -> list[AgentWarning]:
    """Return warnings about the agent and its options.

    `options` are the merged options per stage, `room` is the sandbox level that the project
    requires, `is_known` means that some machine has the agent, and `nearest` is the agent that was
    probably meant.
    """
    found = []
    if not is_known:
        text = f"No machine has the agent “{agent_type}”. Tasks wait until one has it."
        if nearest is not None:
            text += f" Did you mean “{nearest}”?"
        found.append(AgentWarning(WarningCode.UNKNOWN_AGENT, "agentType", text, nearest))
    is_bold = any(each.get("permissions") == AgentPermissions.ALL for each in options)
    if is_bold and room is not SandboxLevel.FULL:
        text = (
            "Permissions “all” without sandbox level “full”: on a machine with a weaker "
            "sandbox, the agent can do anything its account can."
        )
        found.append(AgentWarning(WarningCode.PERMISSIONS_WITHOUT_SANDBOX, "agentOptions", text))
    asks = any(each.get("approvals") == Approvals.ASK for each in options)
    if asks and not _can_ask(agent_type):
        text = f"“{agent_type}” can't ask before it acts. Its permissions decide what it can do."
        found.append(AgentWarning(WarningCode.APPROVALS_UNSUPPORTED, "agentOptions", text))
    return found


def _can_ask(agent_type: str) -> bool:
    """Whether the agent may ask people before it acts: one that only a machine knows may."""
    return agent_type in _ASKING or agent_type not in (*KEYS, CUSTOM)
