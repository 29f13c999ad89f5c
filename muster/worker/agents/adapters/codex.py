"""OpenAI's Codex.

How often it tries a request again cannot be said for the providers that it knows by itself: they
may not be set in part. It keeps its sessions in `CODEX_HOME`, which has to be writable.
"""

from muster.worker.agents.adapters.adapter import Adapter, HomeFile, Permission

_TRUST = """\
check_for_update_on_startup = false

[projects."{workspace}"]
trust_level = "trusted"
"""

_OWN_SANDBOX = Permission(arguments=("--sandbox", "workspace-write"))
_NO_SANDBOX = Permission(arguments=("--sandbox", "danger-full-access"))

CODEX = Adapter(
    name="codex",
    binary="codex",
    oldest="0.147.0",
    headless=("codex", "exec", "{options}", "{session}", "--", "{text}"),
    terminal=("codex", "{options}", "{session}", "--", "{text}"),
    structured=("--json",),
    format="codex",
    permissions={"edit": _OWN_SANDBOX, "run": _OWN_SANDBOX, "all": _NO_SANDBOX},
    # Its own sandbox does not work in ours, and tells nobody (decision 28).
    contained={"edit": _NO_SANDBOX, "run": _NO_SANDBOX, "all": _NO_SANDBOX},
    model=("--model", "{model}"),
    session=("resume", "{id}"),
    hosts=("api.openai.com", "auth.openai.com", "chatgpt.com"),
    keys=("CODEX_API_KEY", "CODEX_ACCESS_TOKEN"),
    home=(HomeFile(path=".codex/config.toml", text=_TRUST),),
)
