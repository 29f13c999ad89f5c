"""Describe what keeps machines from a task."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from muster.cli import text_format
from muster.cli.output import Item

# Why a machine can't run a task.
BLOCK_REASONS = {
    "not_requested": "the task requests another machine",
    "decommissioned": "decommissioned",
    "draining": "draining",
    "offline": "offline",
    "capability_missing": "agent not installed",
    "capability_degraded": "agent unhealthy",
    "quota_exhausted": "agent's account is out of quota",
    "sandbox_unavailable": "lacks the required sandbox",
    "label_mismatch": "labels don't match",
    "overloaded": "overloaded",
    "no_free_slot": "no free slot",
}


def block_facts(blocks: Iterable[Item], now: datetime) -> list[tuple[str, str]]:
    """Return each machine's name, and the rule that excludes it. Older servers send no names."""
    return [
        (block.get("machineName") or block["machineId"], _block_text(block, now))
        for block in blocks
    ]


def _block_text(block: Item, now: datetime) -> str:
    """Describe a block with the machine's own detail and the numbers that decide."""
    rule = BLOCK_REASONS.get(block["reason"], block["reason"])
    detail = text_format.one_line(str(block.get("detail") or "").strip().partition("\n")[0])
    numbers = ", ".join(filter(None, [*_measures(block), _duration(block, now)]))
    return ": ".join(filter(None, [rule, detail, numbers]))


def _measures(block: Item) -> Iterable[str]:
    measure: Any = block.get("measure")
    if measure and measure["kind"] == "slots":
        yield f"{measure['value']:g} of {measure['limit']:g} in use"
    elif measure:
        setting = f" (setting {measure['setting']})" if measure.get("setting") else ""
        yield f"CPU at {measure['value']:g}%, limit {measure['limit']:g}%{setting}"
    if block.get("required"):
        yield f"requires {block['required']}"
    if block.get("actual"):
        yield f"has {block['actual']}"


def _duration(block: Item, now: datetime) -> str:
    since, until = block.get("since"), block.get("until")
    if until:
        return f"until {text_format.format_clock(until, now)}"
    if not since:
        return ""
    age = text_format.format_age(since, now)
    return f"last seen {age} ago" if block["reason"] == "offline" else f"for {age}"


def relocation_text(relocation: Item | None) -> str:
    """Describe whether a task can continue without its machine."""
    if not relocation:
        return ""
    count = relocation["machineCount"]
    if not count:
        return "no other machine can take it now"
    return f"{count} other machine{'' if count == 1 else 's'} can take it now"
