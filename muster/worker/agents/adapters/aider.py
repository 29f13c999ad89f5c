"""aider.

It prints only text, exits with 0 whatever its model's server responds, and has no sessions except
the history in the workspace. By default it would commit, and edit `.gitignore`. In a terminal it
takes no initial text. With `--yes-always` it refuses to run its model's commands, and no other
option answers that question. It knows its model's usage only without streaming.
"""

from muster.worker.agents.adapters.adapter import Adapter, Permission
from muster.worker.agents.runner.usage_formats.aider import USAGE_FILE

_COMMON_FLAGS = (
    "--no-auto-commits",
    "--no-dirty-commits",
    "--no-gitignore",
    "--no-check-update",
    "--no-show-release-notes",
    "--no-analytics",
)
_ALWAYS_YES = Permission(arguments=("--yes-always", "--no-suggest-shell-commands"))

AIDER = Adapter(
    name="aider",
    binary="aider",
    min_version="0.86.0",
    headless=("aider", *_COMMON_FLAGS, "{options}", "{session}", "--message={text}"),
    terminal=("aider", *_COMMON_FLAGS, "{options}", "{session}"),
    structured=("--no-stream", "--no-pretty", "--analytics-log", USAGE_FILE),
    format="aider",
    permissions={"edit": _ALWAYS_YES, "run": _ALWAYS_YES, "all": _ALWAYS_YES},
    model=("--model", "{model}"),
    latest=("--restore-chat-history",),
    keys=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_API_BASE"),
    failures={
        "rate_limit": r"litellm\.(?:RateLimitError|ServiceUnavailableError)",
        "auth_failure": r"litellm\.AuthenticationError",
    },
    ignored_files=(".aider*",),
)
