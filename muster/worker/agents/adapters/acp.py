"""`acp`: a project's own command, used through the Agent Client Protocol.

The runner implements it (`runner.acp`). An operator's adapter may have this format too.
"""

import json

from muster.worker.agents.adapters import custom
from muster.worker.agents.adapters.adapter import OPTIONS, Adapter, AgentInvocation

ACP = "acp"


def build_adapter(command: str | None) -> Adapter:
    """Return the adapter for the project's command and its arguments. Raises ValueError."""
    parts = custom.split_required_command(command)
    return Adapter(name=ACP, binary=parts[0], headless=(*parts, OPTIONS), format=ACP)


def session_request(ask: AgentInvocation) -> str:
    """Return the runner's request to the agent, in the form that its conversations expect
    (`runner.conversation`).
    """
    # What people are asked about is what goes beyond changing files.
    asks = ask.options.approvals == "ask" and ask.options.permissions is None
    program, *arguments = ask.mcp_server or [""]
    server = {"name": "muster", "command": program, "args": arguments}
    return json.dumps(
        {
            "text": ask.text,
            "permissions": "edit" if asks else ask.permissions,
            "approvals": ask.options.approvals,
            "session": ask.session_id,
            "servers": [server] if program else [],
        },
        ensure_ascii=False,
    )
