"""Google's Gemini CLI.

Its parser accepts a value that starts with `-` only after an equals sign. It survives TERM for some
seconds. It never resumes a session: from 0.43 to at least 0.61 it then sends tool results twice,
which its server rejects (google-gemini/gemini-cli, issue 29365).
"""

import json
from typing import Any

from muster.worker.agents.adapters.adapter import Adapter, HomeFile, McpConfig, Permission

_FILE = ".gemini/settings.json"
_SETTINGS: dict[str, Any] = {
    "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False, "maxAttempts": 3},
    "privacy": {"usageStatisticsEnabled": False},
}
# Otherwise it rejects a custom address, GOOGLE_GEMINI_BASE_URL, whatever key there is.
_API_KEY_SETTINGS: dict[str, Any] = {
    **_SETTINGS,
    "security": {"auth": {"selectedType": "gemini-api-key"}},
}

# It hides variables that may be secret from an MCP server.
_SERVER = """{"command": {program}, "args": {arguments}, "timeout": {milliseconds}, "trust": true,
"env": {"MUSTER_ASKING": "$MUSTER_ASKING"}}"""


def _with_mcp_server(settings: dict[str, Any]) -> str:
    written = json.dumps({**settings, "mcpServers": {"muster": "server"}})
    return written.replace('"server"', _SERVER)


GEMINI = Adapter(
    name="gemini",
    binary="gemini",
    min_version="0.61.0",
    headless=("gemini", "--skip-trust", "{options}", "--prompt={text}"),
    terminal=("gemini", "--skip-trust", "{options}", "--prompt-interactive={text}"),
    structured=("--output-format", "stream-json"),
    format="gemini",
    permissions={
        "edit": Permission(arguments=("--approval-mode", "auto_edit")),
        "run": Permission(
            arguments=("--approval-mode", "auto_edit", "--allowed-tools=run_shell_command")
        ),
        "all": Permission(arguments=("--approval-mode", "yolo")),
    },
    model=("--model", "{model}"),
    allowed_tool=("--allowed-tools={tool}",),
    mcp=McpConfig(),
    hosts=(
        "generativelanguage.googleapis.com",
        "cloudcode-pa.googleapis.com",
        "oauth2.googleapis.com",
        "accounts.google.com",
    ),
    keys=("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
    home=(
        HomeFile(
            path=_FILE,
            text=_with_mcp_server(_API_KEY_SETTINGS),
            given="GEMINI_API_KEY",
            mcp=True,
        ),
        HomeFile(path=_FILE, text=_with_mcp_server(_SETTINGS), mcp=True),
        HomeFile(path=_FILE, text=json.dumps(_API_KEY_SETTINGS), given="GEMINI_API_KEY"),
        HomeFile(path=_FILE, text=json.dumps(_SETTINGS)),
    ),
)
