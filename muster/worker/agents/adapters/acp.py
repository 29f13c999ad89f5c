"""`acp`: a project's own command, which is spoken to by the Agent Client Protocol.

How, that is the narrator's (`narrator.acp`). An operator's adapter may have this format, too.
"""

import json

from muster.worker.agents.adapters import custom
from muster.worker.agents.adapters.adapter import OPTIONS, Adapter, AgentInvocation

ACP = "acp"


def build_adapter(command: str | None) -> Adapter:
    """Of the project's command, and the arguments behind it. Raises ValueError."""
    parts = custom.split_required_command(command)
    return Adapter(name=ACP, binary=parts[0], headless=(*parts, OPTIONS), format=ACP)


def session_request(ask: AgentInvocation) -> str:
    """What its narrator is to ask of it, as `runner.acp.AcpSession` wants it."""
    program, *arguments = ask.mcp_server or [""]
    server = {"name": "muster", "command": program, "args": arguments}
    return json.dumps(
        {
            "text": ask.text,
            "permissions": ask.permissions,
            "session": ask.session_id,
            "servers": [server] if program else [],
        },
        ensure_ascii=False,
    )
