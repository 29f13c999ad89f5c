"""Start an agent whose output we read under the runner (`agents.runner`)."""

import json
import shutil
from collections.abc import Iterable, Sequence

import msgspec

from muster.protocol.frames import PromptMessage
from muster.worker.agents.adapters import acp, codex
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import RESUMED_RUNS, Adapter, AgentInvocation
from muster.worker.agents.runner import conversation, resumed_runs
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
    started = [] if output_format == RESUMED_RUNS else argv
    first = [json.dumps({"followUp": opening})] if opening else []
    first += [msgspec.json.encode({"message": message}).decode() for message in messages]
    return [*room.python_command(_RUNNER_SCRIPT), output_format, *first, "--", *asked, *started]


def _request(output_format: str, adapter: Adapter, ask: AgentInvocation) -> str:
    """Return the runner's request to the agent."""
    if output_format == RESUMED_RUNS:
        return _runs_request(adapter, ask)
    if output_format == codex.CONVERSATION:
        return codex.thread_request(adapter, ask)
    return acp.session_request(ask)


def _runs_request(adapter: Adapter, ask: AgentInvocation) -> str:
    """Return the request with command lines that the runner completes (`runner.resumed_runs`)."""
    first = ask._replace(text=resumed_runs.TEXT)
    asked = {
        "format": adapter.format,
        "text": ask.text,
        "session": ask.session_id,
        "first": adapter.argv(first),
        "further": adapter.argv(first._replace(session_id=resumed_runs.SESSION)),
    }
    return json.dumps(asked, ensure_ascii=False)


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
