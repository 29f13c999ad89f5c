"""opencode.

It puts quotes around a text with spaces. It retries a rate-limited request for as long as the
server says, and reports that only in its log. It would ask the model for a title, and not report
that cost.
"""

from muster.worker.agents.adapters.adapter import (
    RESUMED_RUNS,
    Adapter,
    HomeFile,
    McpConfig,
    MessagesConfig,
    Permission,
)

_OUTPUT_FLAGS = ("--print-logs", "--log-level", "ERROR", "--title", "Muster")
_HEADLESS = ("opencode", "run", *_OUTPUT_FLAGS, "{options}", "{session}", "--", "{text}")
_STRUCTURED = ("--format", "json")

_SERVER = """\
{
  "$schema": "https://opencode.ai/config.json",
  "mcp": {
    "muster": {"type": "local", "command": {command}, "timeout": {milliseconds}}
  }
}
"""

OPENCODE = Adapter(
    name="opencode",
    binary="opencode",
    min_version="1.18.0",
    headless=_HEADLESS,
    terminal=("opencode", "{options}", "{session}", "--prompt={text}"),
    structured=_STRUCTURED,
    format="opencode",
    permissions={
        "edit": Permission(environment={"OPENCODE_PERMISSION": '{"bash": "deny"}'}),
        "all": Permission(arguments=("--auto",)),
    },
    model=("--model", "{model}"),
    mcp=McpConfig(),
    messages=MessagesConfig(format=RESUMED_RUNS, headless=_HEADLESS, structured=_STRUCTURED),
    session=("--session", "{id}"),
    hosts=("opencode.ai", "*.opencode.ai", "models.dev", "registry.npmjs.org"),
    keys=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENCODE_API_KEY", "OPENCODE_CONFIG_CONTENT"),
    environment={"OPENCODE_DISABLE_AUTOUPDATE": "1"},
    home=(HomeFile(path=".config/opencode/opencode.json", text=_SERVER, mcp=True),),
)
