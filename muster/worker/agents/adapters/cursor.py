"""Cursor's command line, written only from its published documentation: it needs an account, and
has never run here.

According to the documentation it does nothing in an untrusted workspace, only proposes changes
without `--force`, and has no flag between that and running everything.
"""

from muster.worker.agents.adapters.adapter import Adapter, Permission

_FORCE = Permission(arguments=("--force",))

CURSOR = Adapter(
    name="cursor",
    binary="cursor-agent",
    headless=("cursor-agent", "-p", "--trust", "{options}", "{session}", "--", "{text}"),
    terminal=("cursor-agent", "{options}", "{session}", "--", "{text}"),
    permissions={"edit": _FORCE, "run": _FORCE, "all": _FORCE},
    model=("--model", "{model}"),
    session=("--resume", "{id}"),
    hosts=("*.cursor.sh", "*.cursor.com", "cursor.com"),
    keys=("CURSOR_API_KEY",),
)
