"""Anthropic's Claude Code."""

import json

from muster.worker.agents.adapters.adapter import (
    Adapter,
    HomeFile,
    McpConfig,
    MessagesConfig,
    Permission,
)

# Otherwise its first start in a terminal asks for a theme, and whether to trust its vendor.
_ONBOARDED = {"hasCompletedOnboarding": True, "bypassPermissionsModeAccepted": True}
_TRUSTED = {"projects": {"{workspace}": {"hasTrustDialogAccepted": True}}}

_SERVER = '{"mcpServers": {"muster": {"command": {program}, "args": {arguments}}}}'

_STRUCTURED = ("--output-format", "stream-json", "--verbose", "--include-partial-messages")

CLAUDE = Adapter(
    name="claude",
    binary="claude",
    min_version="2.1.0",
    headless=("claude", "-p", "{options}", "{session}", "--", "{text}"),
    terminal=("claude", "{options}", "{session}", "--", "{text}"),
    structured=_STRUCTURED,
    format="claude",
    permissions={
        "edit": Permission(arguments=("--permission-mode", "acceptEdits")),
        "run": Permission(arguments=("--permission-mode", "acceptEdits", "--allowedTools", "Bash")),
        "all": Permission(arguments=("--permission-mode", "bypassPermissions")),
    },
    model=("--model", "{model}"),
    allowed_tool=("--allowedTools", "{tool}"),
    mcp=McpConfig(
        arguments=("--mcp-config", _SERVER, "--allowedTools", "mcp__muster"),
        environment={"MCP_TOOL_TIMEOUT": "{milliseconds}"},
    ),
    messages=MessagesConfig(
        format="claude-conversation",
        headless=("claude", "-p", "{options}", "{session}"),
        structured=(*_STRUCTURED, "--input-format", "stream-json", "--replay-user-messages"),
        min_version="2.1.197",
        asking=("--permission-prompt-tool", "stdio"),
    ),
    session=("--resume", "{id}"),
    latest=("--continue",),
    hosts=("api.anthropic.com", "console.anthropic.com", "claude.ai"),
    keys=("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_BASE_URL"),
    environment={
        # It waits as long as the server tells it before each retry, unless we stop it.
        "CLAUDE_CODE_MAX_RETRIES": "2",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    },
    home=(
        HomeFile(path=".claude.json", text=json.dumps(_ONBOARDED | _TRUSTED), trusting=True),
        HomeFile(path=".claude.json", text=json.dumps(_ONBOARDED)),
    ),
    waiting=(
        r"Yes, I trust this folder",
        r"Do you want to use this API key\?",
        r"Not logged in · (?:Please r|R)un /login",
        r"Select login method:",
        r"Paste code here if prompted",
    ),
)
