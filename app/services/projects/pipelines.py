"""Pipelines of requests, as projects store them."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain import agents, answerers, network, pipeline, stage_fields


def normalize_pipeline(raw: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Return the stages of a request, checked and completed by defaults. Raises InvalidFields."""
    if raw is None:
        return [dict(stage) for stage in pipeline.DEFAULT]
    pipeline.parse(raw)
    stage_fields.require_gates(raw)
    return [_normalize_stage(stage) for stage in raw]


def _normalize_stage(raw: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {"kind": pipeline.StageKind.AGENT.value, "timeout": pipeline.DEFAULT_TIMEOUT}
    # A null, false or empty value counts as not given.
    given = {name: value for name, value in raw.items() if value}
    if "network" in given:
        given["network"] = network.to_api(network.from_api(given["network"]))
    if who := answerers.to_stored(given.pop("answerers", None)):
        given["answerers"] = who
    if rule := given.get("onFailure"):
        given["onFailure"] = {name: value for name, value in rule.items() if value}
    if options := agents.exclude_none(given.pop("agentOptions", None)):
        given["agentOptions"] = options
    return defaults | given
