"""Claude's usage: during the run, and at the end."""

from __future__ import annotations

from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.formats.fields import (
    make_usage,
    parse_amount,
    parse_count,
    require_mapping,
    sum_known,
)

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any


# The API's names of the counts, and claude's in its result.
_USAGE_FIELDS = {
    "input_tokens": "inputTokens",
    "cache_read_input_tokens": "cacheReadInputTokens",
    "cache_creation_input_tokens": "cacheCreationInputTokens",
    "output_tokens": "outputTokens",
}


class RunningUsage:
    """The sum of the messages so far. Each is reported several times with the same ID, also before
    it is complete: its output count is less than in the final result.
    """

    def __init__(self) -> None:
        self._usage_by_message: dict[str, dict[str, int]] = {}
        self._usage_by_model: dict[str | None, dict[str, int]] = {}

    def add_message(self, message: dict[str, Any]) -> list[Update]:
        """Return the fact if this message changes it."""
        name, usage = message.get("id"), message.get("usage")
        if not isinstance(name, str) or not isinstance(usage, dict):
            return []
        now = {
            key: known
            for key in _USAGE_FIELDS
            if (known := parse_count(usage.get(key))) is not None
        }
        before = self._usage_by_message.get(name, {})
        if now == before:
            return []
        self._usage_by_message[name] = now
        model = message.get("model")
        sums = self._usage_by_model.setdefault(model if isinstance(model, str) else None, {})
        for key, known in now.items():
            sums[key] = sums.get(key, 0) + known - before.get(key, 0)
        return [
            Update(facts={"usage": [_api_usage(*each) for each in self._usage_by_model.items()]})
        ]


def usage_from_result(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the usage by model, if the result has it."""
    models = require_mapping(event.get("modelUsage") or {})
    if not models and event.get("usage"):
        whole = _api_usage(
            None, require_mapping(event["usage"]), parse_amount(event.get("total_cost_usd"))
        )
        return [whole] if whole["inputTokens"] else []
    return [_model_usage(model, require_mapping(usage)) for model, usage in models.items()]


def _model_usage(model: str, usage: dict[str, Any]) -> dict[str, Any]:
    named = {api: usage.get(own) for api, own in _USAGE_FIELDS.items()}
    return _api_usage(model, named, parse_amount(usage.get("costUSD")))


def _api_usage(
    model: str | None, usage: dict[str, Any], cost: float | None = None
) -> dict[str, Any]:
    """Return a part of the fact from the API's names."""
    cached = parse_count(usage.get("cache_read_input_tokens"))
    written = parse_count(usage.get("cache_creation_input_tokens"))
    return make_usage(
        model,
        taken=sum_known(parse_count(usage.get("input_tokens")), cached, written),
        cached=cached,
        made=parse_count(usage.get("output_tokens")),
        reasoning=None,
        cost=cost,
    )
