"""What claude says that it used: as it goes, and in the end."""

from __future__ import annotations

from muster.worker.agents.narrator.entries import Told
from muster.worker.agents.narrator.formats.fields import amount, count, mapping, total, usage

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any


class Running:
    """The sum of the messages so far. Each is told of several times, with the same id, and before
    it is whole: what it made is less than what the result will say."""

    def __init__(self) -> None:
        self._of_message: dict[str, tuple[str, dict[str, Any]]] = {}

    def noted(self, message: dict[str, Any]) -> list[Told]:
        """The fact, if this changes it."""
        name, said = message.get("id"), message.get("usage")
        if not isinstance(name, str) or not isinstance(said, dict):
            return []
        now = (str(message.get("model")), said)
        if self._of_message.get(name) == now:
            return []
        self._of_message[name] = now
        return [Told(facts={"usage": self._sums()})]

    def _sums(self) -> list[dict[str, Any]]:
        models = dict.fromkeys(model for model, _ in self._of_message.values())
        return [
            _sum(model, [said for name, said in self._of_message.values() if name == model])
            for model in models
        ]


def of_result(event: dict[str, Any]) -> list[dict[str, Any]]:
    """By model, where the result says so."""
    models = mapping(event.get("modelUsage") or {})
    if not models and event.get("usage"):
        whole = _sum(None, [mapping(event["usage"])], amount(event.get("total_cost_usd")))
        return [whole] if whole["inputTokens"] else []
    return [_of_model(model, mapping(said)) for model, said in models.items()]


def _of_model(model: str, said: dict[str, Any]) -> dict[str, Any]:
    cached = count(said.get("cacheReadInputTokens"))
    written = count(said.get("cacheCreationInputTokens"))
    return usage(
        model,
        taken=total(count(said.get("inputTokens")), cached, written),
        cached=cached,
        made=count(said.get("outputTokens")),
        reasoning=None,
        cost=amount(said.get("costUSD")),
    )


def _sum(
    model: str | None, messages: list[dict[str, Any]], cost: float | None = None
) -> dict[str, Any]:
    def of(name: str) -> int | None:
        return total(*(count(said.get(name)) for said in messages))

    cached = of("cache_read_input_tokens")
    return usage(
        model,
        taken=total(of("input_tokens"), cached, of("cache_creation_input_tokens")),
        cached=cached,
        made=of("output_tokens"),
        reasoning=None,
        cost=cost,
    )
