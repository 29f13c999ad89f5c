"""aider.

It prints text alone, ends with 0 whatever its model's server answered, and has no sessions but the
history that it keeps in the workspace. It would commit by itself, and edit `.gitignore`. In a
terminal it takes no text to begin with. With `--yes-always` it says no to whatever its model would
run, and nothing else answers it. What its model has used it knows only where that does not stream.
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
