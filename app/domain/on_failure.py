"""A shell stage's rule for its failure: the agent stage before it that gets another turn. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain import field_errors

MAX_TIMES = 5
MAX_MESSAGE = 2000  # characters


@dataclass(frozen=True)
class OnFailure:
    """`to` is the index of the agent's stage, `times` the maximum of turns in a round; `message`
    comes before the failure in its prompt.
    """

    to: int
    times: int
    message: str = ""


def parse(raw: Sequence[Mapping[str, Any]], index: int) -> OnFailure | None:
    """Return the rule of that stage of a valid pipeline, if it has one."""
    rule = raw[index].get("onFailure")
    if not rule:
        return None
    to = next(i for i, stage in enumerate(raw) if stage["name"] == rule["to"])
    return OnFailure(to, rule["times"], rule.get("message") or "")


def find_errors(raw: Sequence[Mapping[str, Any]], index: int) -> list[field_errors.FieldError]:
    """Return what is wrong with that stage's rule. The schema has checked the types of values."""
    rule = raw[index].get("onFailure")
    if not rule:
        return []
    found = []
    if not _is_of_kind(raw[index], "shell"):
        found.append(field_errors.ON_FAILURE_OF_AGENT)
    agents = [stage["name"] for stage in raw[:index] if _is_of_kind(stage, "agent")]
    if rule["to"] not in agents:
        found.append(field_errors.NOT_AN_EARLIER_AGENT(name=rule["to"]))
    return found


def _is_of_kind(raw: Mapping[str, Any], kind: str) -> bool:
    return bool((raw.get("kind") or "agent") == kind)
