"""What an agent has used in one run of a stage, by what it has told of itself (`facts`).

Some agents count their whole conversation, also what earlier stages of it have used
(`isOfSession`): that is kept with the attempt, and taken off.
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
    """What a conversation had used `before` that run of a stage, and when it was last told of."""

    session: str
    stage_index: int
    run: int
    before: list[UsageItem] = []
    after: list[UsageItem] = []


def usage_from_facts(facts: Mapping[str, Any]) -> list[UsageItem]:
    """What is known of the usage that is told of; empty where nothing is, or it makes no sense."""
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
    """What to keep of that run; None where its agent tells of this run alone. `last` is what was
    kept of the same agent, also of the same run."""
    session, items = facts.get("session"), usage_from_facts(facts)
    if not (facts.get("isOfSession") and items and isinstance(session, str)):
        return None
    before: list[UsageItem] = []
    if last is not None and last.session == session:
        is_same = (last.stage_index, last.run) == (stage_index, run)
        before = last.before if is_same else last.after
    return SessionUsage(session, stage_index, run, before, items)


def run_usage(facts: Mapping[str, Any], spent: SessionUsage | None) -> list[UsageItem]:
    """What the run alone has used; `spent` is what is kept of it, if anything is."""
    return usage_from_facts(facts) if spent is None else _subtract_usage(spent.after, spent.before)


def _subtract_usage(items: Sequence[UsageItem], before: Sequence[UsageItem]) -> list[UsageItem]:
    """What has come since. A figure that was not known then is not known now; nor is one that has
    shrunk, for it is not counted as it was then."""
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
