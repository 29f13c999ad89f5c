"""What claude says that it used: as it goes, and in the end."""

from __future__ import annotations

from muster.worker.agents.runner.entries import Told
from muster.worker.agents.runner.formats.fields import amount, count, mapping, total, usage

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any


# The API's names of what is counted, and what claude calls them in its result.
_COUNTED = {
    "input_tokens": "inputTokens",
    "cache_read_input_tokens": "cacheReadInputTokens",
    "cache_creation_input_tokens": "cacheCreationInputTokens",
    "output_tokens": "outputTokens",
}


class Running:
    """The sum of the messages so far. Each is told of several times, with the same id, and before
    it is whole: what it made is less than what the result will say."""

    def __init__(self) -> None:
        self._of_message: dict[str, dict[str, int]] = {}
        self._of_model: dict[str | None, dict[str, int]] = {}

    def noted(self, message: dict[str, Any]) -> list[Told]:
        """The fact, if this changes it."""
        name, said = message.get("id"), message.get("usage")
        if not isinstance(name, str) or not isinstance(said, dict):
            return []
        now = {key: known for key in _COUNTED if (known := count(said.get(key))) is not None}
        before = self._of_message.get(name, {})
        if now == before:
            return []
        self._of_message[name] = now
        model = message.get("model")
        sums = self._of_model.setdefault(model if isinstance(model, str) else None, {})
        for key, known in now.items():
            sums[key] = sums.get(key, 0) + known - before.get(key, 0)
        return [Told(facts={"usage": [_said(*each) for each in self._of_model.items()]})]


def of_result(event: dict[str, Any]) -> list[dict[str, Any]]:
    """By model, where the result says so."""
    models = mapping(event.get("modelUsage") or {})
    if not models and event.get("usage"):
        whole = _said(None, mapping(event["usage"]), amount(event.get("total_cost_usd")))
        return [whole] if whole["inputTokens"] else []
    return [_of_model(model, mapping(said)) for model, said in models.items()]


def _of_model(model: str, said: dict[str, Any]) -> dict[str, Any]:
    named = {api: said.get(own) for api, own in _COUNTED.items()}
    return _said(model, named, amount(said.get("costUSD")))


def _said(model: str | None, said: dict[str, Any], cost: float | None = None) -> dict[str, Any]:
    """A part of the fact, from the API's own names."""
    cached = count(said.get("cache_read_input_tokens"))
    written = count(said.get("cache_creation_input_tokens"))
    return usage(
        model,
        taken=total(count(said.get("input_tokens")), cached, written),
        cached=cached,
        made=count(said.get("output_tokens")),
        reasoning=None,
        cost=cost,
    )
