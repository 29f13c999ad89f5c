"""OpenAI's Codex.

The number of retries can't be set for its built-in providers: it accepts no partial settings for
them. It stores its sessions in `CODEX_HOME`, which must be writable. An MCP server gets only
configured variables of its environment. A model may have to search for the tools, so the
instructions mention them.

People's messages reach it through its app server (decision 113). That reads no key from its
environment: the runner logs in with it, and the credentials must not be stored in the home.
"""

import json

from muster.worker.agents.adapters.adapter import (
    Adapter,
    AgentInvocation,
    HomeFile,
    McpConfig,
    MessagesConfig,
    Permission,
)

CONVERSATION = "codex-conversation"

_SETTINGS = "check_for_update_on_startup = false\n"
_TRUSTED = """\

[projects."{workspace}"]
trust_level = "trusted"
"""

_ASK_INSTRUCTIONS = """\
If a person must decide something, or you need information that you cannot find, ask with the tool
`ask_human` of the server `muster`; report your progress with its `progress`. Search for these tools
if you do not see them.
"""

_OWN_SANDBOX = Permission(arguments=("--sandbox", "workspace-write"))
_NO_SANDBOX = Permission(arguments=("--sandbox", "danger-full-access"))

CODEX = Adapter(
    name="codex",
    binary="codex",
    min_version="0.147.0",
    headless=("codex", "exec", "{options}", "{session}", "--", "{text}"),
    terminal=("codex", "{options}", "{session}", "--", "{text}"),
    structured=("--json",),
    format="codex",
    permissions={"edit": _OWN_SANDBOX, "run": _OWN_SANDBOX, "all": _NO_SANDBOX},
    # Its own sandbox fails in ours without an error message (decision 28).
    contained={"edit": _NO_SANDBOX, "run": _NO_SANDBOX, "all": _NO_SANDBOX},
    model=("--model", "{model}"),
    mcp=McpConfig(
        arguments=(
            *("-c", "mcp_servers.muster.command={program}"),
            *("-c", "mcp_servers.muster.args={arguments}"),
            *("-c", 'mcp_servers.muster.env_vars=["MUSTER_ASKING"]'),
            *("-c", "mcp_servers.muster.tool_timeout_sec={seconds}"),
        )
    ),
    messages=MessagesConfig(
        format=CONVERSATION,
        headless=("codex", "app-server", "{options}"),
        min_version="0.169.0",
        has_settings=True,
        given={"CODEX_API_KEY": ("-c", "cli_auth_credentials_store=ephemeral")},
        options=("-c", "--config", "--enable", "--disable"),
    ),
    session=("resume", "{id}"),
    hosts=("api.openai.com", "auth.openai.com", "chatgpt.com"),
    keys=("CODEX_API_KEY", "CODEX_ACCESS_TOKEN"),
    home=(
        HomeFile(path=".codex/config.toml", text=_SETTINGS + _TRUSTED, trusting=True),
        HomeFile(path=".codex/config.toml", text=_SETTINGS),
        HomeFile(path=".codex/AGENTS.md", text=_ASK_INSTRUCTIONS, mcp=True),
    ),
    waiting=(
        r"Trust this folder\?",
        r"Choose how you want to use Codex\.",
        r"Finish signing in",
        r"Hooks need review",
    ),
)


def thread_request(adapter: Adapter, ask: AgentInvocation) -> str:
    """Return the runner's request to the agent, in the form that `runner.codex.CodexSession`
    expects.
    """
    asks = ask.options.approvals == "ask" and ask.permissions == "edit"  # else it may run commands
    return json.dumps(
        {
            "text": ask.text,
            "session": ask.session_id,
            "model": ask.options.model,
            "sandbox": next(iter(adapter.permission(ask).arguments[1:]), None),
            "approvals": "untrusted" if asks else "never",
        },
        ensure_ascii=False,
    )
