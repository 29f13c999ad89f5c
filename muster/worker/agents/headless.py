"""Start an agent whose output we read under the runner (`agents.runner`)."""

import shutil
from collections.abc import Sequence

from muster.worker.agents.adapters import acp, codex
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import Adapter, AgentInvocation
from muster.worker.sandbox.sandbox import Sandbox

_RUNNER_SCRIPT = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.agents.runner.main import main;"
    " main(sys.argv[2:])"
)
_MCP_SERVER_SCRIPT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from muster.worker.agents.mcp_server.server import main;"
    " main()"
)


def is_output_parsed(adapter: Adapter | None, ask: AgentInvocation, path: str) -> bool:
    """Whether the runner reads the agent's output. An agent that isn't on the search path `path`
    starts directly, so that the system reports it as missing.
    """
    if adapter is None or adapter.format is None or ask.is_interactive:
        return False
    if adapter.format == ACP:
        return True  # no other way to communicate with it
    return shutil.which(adapter.binary, path=path) is not None


def runner_command(
    room: Sandbox, adapter: Adapter, ask: AgentInvocation, argv: Sequence[str], opening: str = ""
) -> list[str]:
    """Return the runner's command, which runs the agent's; `opening` is the runner's first message,
    if any.
    """
    talk = adapter.conversation if ask.is_conversation else None
    name = talk.format if talk else adapter.format
    assert name is not None
    first = [opening] if opening else []
    asked = _conversation_request(name, adapter, ask)
    return [*room.python_command(_RUNNER_SCRIPT), name, *first, "--", *asked, *argv]


def _conversation_request(name: str, adapter: Adapter, ask: AgentInvocation) -> list[str]:
    """Return the runner's request to the agent, for a conversation."""
    match name:
        case "acp" | "claude-conversation":
            return [acp.session_request(ask)]
        case codex.CONVERSATION:
            return [codex.thread_request(adapter, ask)]
    return []


def can_converse(adapter: Adapter, ask: AgentInvocation) -> bool:
    """Whether the runner can write to the agent, if its version has what is needed."""
    talk = adapter.conversation
    return talk is not None and talk.accepts(ask.options.arguments)


def takes_messages(adapter: Adapter | None, ask: AgentInvocation, *, is_read: bool) -> bool:
    """Whether people's messages can reach the agent while it works."""
    return is_read and adapter is not None and (ask.is_conversation or adapter.format == ACP)


def is_runner_command(argv: Sequence[str]) -> bool:
    """Whether a stage's command is the runner's."""
    return _RUNNER_SCRIPT in argv


def mcp_server_command(room: Sandbox) -> tuple[str, ...]:
    """Return the command of the MCP server that connects the agent to its runner."""
    return tuple(room.python_command(_MCP_SERVER_SCRIPT))
