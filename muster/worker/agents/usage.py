"""The usage of an agent in one run of a stage, from its `facts`.

Some agents report the total of their session, including earlier stages (`isOfSession`): that total
is stored with the attempt, and subtracted.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from muster.protocol import bounds
from muster.protocol.frames import UsageItem

_MAX_MODELS = 50  # models
_MAX_MODEL_CHARS = 100  # characters of a model's name
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


class SessionUsage(msgspec.Struct, frozen=True):
    """A session's usage `before` that run of a stage, and after its last report."""

    session: str
    stage_index: int
    run: int
    before: list[UsageItem] = []
    after: list[UsageItem] = []


def usage_from_facts(facts: Mapping[str, Any]) -> list[UsageItem]:
    """Return the usage in the facts; empty if there is none, or if it makes no sense."""
    try:
        items = bounds.convert_truncated(facts.get("usage") or [], list[UsageItem])
    except msgspec.ValidationError:
        return []
    unknown = UsageItem()
    named = (
        msgspec.structs.replace(item, model=_clean_model_name(item.model))
        for item in items[:_MAX_MODELS]
    )
    return [item for item in named if item != msgspec.structs.replace(unknown, model=item.model)]


def update_session_usage(
    facts: Mapping[str, Any], stage_index: int, run: int, last: SessionUsage | None
) -> SessionUsage | None:
    """Return the state to store for that run; None if its agent reports only this run. `last` is
    the stored state of the same agent, possibly of the same run.
    """
    session, items = facts.get("session"), usage_from_facts(facts)
    if not (facts.get("isOfSession") and items and isinstance(session, str)):
        return None
    before: list[UsageItem] = []
    if last is not None and last.session == session:
        is_same = (last.stage_index, last.run) == (stage_index, run)
        before = last.before if is_same else last.after
    return SessionUsage(session, stage_index, run, before, items)


def run_usage(facts: Mapping[str, Any], spent: SessionUsage | None) -> list[UsageItem]:
    """Return the usage of the run alone; `spent` is the stored state, if any."""
    return usage_from_facts(facts) if spent is None else _subtract_usage(spent.after, spent.before)


def _subtract_usage(items: Sequence[UsageItem], before: Sequence[UsageItem]) -> list[UsageItem]:
    """Return the difference. A figure that was unknown is unknown; so is one that has shrunk,
    because the agent now counts differently.
    """
    known = {item.model: item for item in before}
    return [_subtract_item(item, known.get(item.model)) for item in items]


def _subtract_item(item: UsageItem, before: UsageItem | None) -> UsageItem:
    if before is None:
        return item
    figures = {}
    for name in (*_TOKENS, "cost"):
        now, then = getattr(item, name), getattr(before, name)
        figures[name] = None if now is None or then is None or now < then else now - then
    return UsageItem(item.model, **figures)


def _clean_model_name(model: str | None) -> str | None:
    return _UNPRINTABLE.sub("?", model)[:_MAX_MODEL_CHARS] if model else None
