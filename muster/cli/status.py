"""`muster status`: a server's health and load."""

from collections.abc import Callable, Mapping
from typing import Any

import click

import muster as package
from muster.cli import text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import ApiError
from muster.cli.output import OutputSpec, get_path, outputs, print_facts

STATUS = OutputSpec(
    (
        *("server", "version", "ready", "missing", "tasks", "taskStates", "machines", "slots"),
        *("queue", "usage"),
    ),
    id_field="server",
)

# The labels of counters.
_COUNT_LABELS = {
    **{name: name for name in ("queued", "assigned", "running")},
    "needsYou": "needing you",
    "waiting": "waiting",
    "suspended": "suspended",
    **{name: name for name in ("completed", "failed", "cancelled")},
    "completedToday": "completed today",
    "failedToday": "failed today",
    **{name: name for name in ("online", "draining", "offline")},
    "total": "total",
}
_LIVE = {"queued", "assigned", "running", "suspended"}


@click.command
@pass_muster
@outputs(STATUS)
def status(muster: Muster) -> tuple[dict[str, Any], Callable[[], None]]:
    """Show server health and load."""
    api = muster.api
    facts = {"server": muster.profile.server, "version": api.get("/healthz").get("version")}
    facts |= _fetch_readiness(muster) | api.get("/api/web/dashboard/stats")

    def show() -> None:
        print_facts(
            [
                ("server", f"{facts['server']}{_version_text(facts['version'])}"),
                (
                    "ready",
                    "yes" if facts["ready"] else f"no: {', '.join(facts['missing'])} missing",
                ),
                ("tasks", counts_text(shown_counts(facts, "tasks"))),
                ("machines", counts_text(facts.get("machines"))),
                ("slots", _usage_of_total(facts, "slots", "used", "total")),
                ("oldest in queue", _duration_text(get_path(facts, ["queue", "oldestSeconds"]))),
                ("used today", usage_text(get_path(facts, ["usage", "today"]))),
                ("this month", usage_text(get_path(facts, ["usage", "month"]))),
            ]
        )

    return facts, show


def _fetch_readiness(muster: Muster) -> dict[str, Any]:
    from muster.cli.client import decode_body

    try:
        with muster.api.open("GET", "/readyz", takes=(503,)) as answer:
            answer.read()
            body = decode_body(answer)
    except ApiError:
        body = {}
    return {"ready": body.get("status") == "ready", "missing": list(body.get("missing") or [])}


def _version_text(of_server: object) -> str:
    if not of_server:
        return ""
    ours = package.__version__
    return (
        f" (version {of_server})" if of_server == ours else f" (version {of_server}, here {ours})"
    )


def shown_counts(found: Mapping[str, Any], counts: str) -> dict[str, Any]:
    """Return the counts of tasks, with the live ones by the states that `task list` shows."""
    states = found.get("taskStates") or {}  # an older server has none
    statuses = (found.get(counts) or {}).items()
    return states | {name: n for name, n in statuses if not states or name not in _LIVE}


def counts_text(counts: object) -> str:
    """Format counts in a fixed order, without zeros; "none" if all are zero."""
    if not isinstance(counts, dict):
        return ""
    known = {name: counts[name] for name in (*_COUNT_LABELS, *counts) if counts.get(name)}
    return (
        ", ".join(f"{count} {_COUNT_LABELS.get(name, name)}" for name, count in known.items())
        or "none"
    )


def _usage_of_total(facts: dict[str, Any], *path: str) -> str:
    used, total = get_path(facts, [path[0], path[1]]), get_path(facts, [path[0], path[2]])
    return "" if total is None else f"{used} of {total} in use"


def _duration_text(seconds: float | None) -> str:
    return "" if seconds is None else text_format.format_duration(seconds)


def usage_text(used: object) -> str:
    """Format agents' usage on one line; empty if unknown."""
    if not isinstance(used, dict):
        return ""
    parts = []
    if used.get("inputTokens") is not None:
        parts.append(f"{text_format.format_number(used['inputTokens'])} tokens in")
    if used.get("outputTokens") is not None:
        parts.append(f"{text_format.format_number(used['outputTokens'])} out")
    if used.get("cost") is not None:
        about = "about " if used.get("isEstimate") else ""
        parts.append(f"cost {about}{text_format.format_number(float(used['cost']))}")
    return ", ".join(parts)
