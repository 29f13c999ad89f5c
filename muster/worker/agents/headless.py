"""Start an agent whose output we read under the runner (`agents.runner`)."""

import json
import shutil
from collections.abc import Iterable, Sequence

import msgspec

from muster.protocol.frames import PromptMessage
from muster.worker.agents.adapters import acp, codex
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import Adapter, AgentInvocation
from muster.worker.agents.runner import conversation
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
    room: Sandbox,
    adapter: Adapter,
    ask: AgentInvocation,
    argv: Sequence[str],
    opening: str = "",
    messages: Iterable[PromptMessage] = (),
) -> list[str]:
    """Return the runner's command, which runs the agent's. Its transcript starts with the
    `opening`, if any, and people's `messages` in the prompt.
    """
    taking = adapter.messages if ask.takes_messages else None
    output_format = taking.format if taking else adapter.format
    assert output_format is not None
    asked = [_request(output_format, adapter, ask)] if output_format in conversation.NAMES else []
    first = [json.dumps({"followUp": opening})] if opening else []
    first += [msgspec.json.encode({"message": message}).decode() for message in messages]
    return [*room.python_command(_RUNNER_SCRIPT), output_format, *first, "--", *asked, *argv]


def _request(output_format: str, adapter: Adapter, ask: AgentInvocation) -> str:
    """Return the runner's request to the agent."""
    is_codex = output_format == codex.CONVERSATION
    return codex.thread_request(adapter, ask) if is_codex else acp.session_request(ask)


def accepts_messages(adapter: Adapter, ask: AgentInvocation) -> bool:
    """Whether an agent whose version takes messages gets them with these arguments, too."""
    if adapter.format == ACP:
        return True
    return adapter.messages is not None and adapter.messages.accepts(ask.options.arguments)


def is_runner_command(argv: Sequence[str]) -> bool:
    """Whether a stage's command is the runner's."""
    return _RUNNER_SCRIPT in argv


def mcp_server_command(room: Sandbox) -> tuple[str, ...]:
    """Return the command of the MCP server that connects the agent to its runner."""
    return tuple(room.python_command(_MCP_SERVER_SCRIPT))
