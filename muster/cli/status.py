"""How a server is, at a glance."""

from collections.abc import Callable
from typing import Any

import click

import muster as package
from muster.cli import text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import Refused
from muster.cli.output import Printed, dig, facts, prints

STATUS = Printed(
    ("server", "version", "ready", "missing", "tasks", "machines", "slots", "queue", "usage"),
    id="server",
)

# What is counted, and as what it is read.
_ORDER = {
    **{name: name for name in ("queued", "assigned", "running", "suspended")},
    **{name: name for name in ("completed", "failed", "cancelled")},
    "completedToday": "completed today",
    "failedToday": "failed today",
    **{name: name for name in ("online", "draining", "offline")},
    "total": "in all",
}


@click.command
@pass_muster
@prints(STATUS)
def status(muster: Muster) -> tuple[dict[str, Any], Callable[[], None]]:
    """How the server is, and what it has to do."""
    api = muster.api
    told = {"server": muster.profile.server, "version": api.get("/healthz").get("version")}
    told |= _ready(muster) | api.get("/api/web/dashboard/stats")

    def show() -> None:
        facts(
            [
                ("server", f"{told['server']}{_versions(told['version'])}"),
                ("ready", "yes" if told["ready"] else f"no: {', '.join(told['missing'])} missing"),
                ("tasks", counted(told.get("tasks"))),
                ("machines", counted(told.get("machines"))),
                ("slots", _of(told, "slots", "used", "total")),
                ("oldest in queue", _seconds(dig(told, ["queue", "oldestSeconds"]))),
                ("used today", usage(dig(told, ["usage", "today"]))),
                ("this month", usage(dig(told, ["usage", "month"]))),
            ]
        )

    return told, show


def _ready(muster: Muster) -> dict[str, Any]:
    from muster.cli.client import body_of

    try:
        with muster.api.open("GET", "/readyz", takes=(503,)) as answer:
            answer.read()
            said = body_of(answer)
    except Refused:
        said = {}
    return {"ready": said.get("status") == "ready", "missing": list(said.get("missing") or [])}


def _versions(of_server: object) -> str:
    if not of_server:
        return ""
    ours = package.__version__
    return (
        f" (version {of_server})" if of_server == ours else f" (version {of_server}, here {ours})"
    )


def counted(counts: object) -> str:
    """How many there are of each, in the order in which things go; none is said once."""
    if not isinstance(counts, dict):
        return ""
    known = {name: counts[name] for name in (*_ORDER, *counts) if counts.get(name)}
    return ", ".join(f"{count} {_ORDER.get(name, name)}" for name, count in known.items()) or "none"


def _of(told: dict[str, Any], *path: str) -> str:
    used, total = dig(told, [path[0], path[1]]), dig(told, [path[0], path[2]])
    return "" if total is None else f"{used} of {total} in use"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else text_format.span(seconds)


def usage(used: object) -> str:
    """What agents have used, in one line; nothing where nothing is known."""
    if not isinstance(used, dict):
        return ""
    parts = []
    if used.get("inputTokens") is not None:
        parts.append(f"{text_format.number(used['inputTokens'])} tokens in")
    if used.get("outputTokens") is not None:
        parts.append(f"{text_format.number(used['outputTokens'])} out")
    if used.get("cost") is not None:
        about = "about " if used.get("isEstimate") else ""
        parts.append(f"cost {about}{text_format.number(float(used['cost']))}")
    return ", ".join(parts)
