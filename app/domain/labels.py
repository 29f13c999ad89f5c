"""Machine labels, and selectors: what a project or a task requires of its machine's labels.

A label is a short name with a short value. A selector is a comma-separated list of requirements,
which must all hold: `gpu=true`, `zone!=eu` (also met without a `zone`), `gpu` (present with any
value), `!gpu` (absent).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from app.domain import field_errors
from app.domain.field_errors import InvalidValue

MAX_LABELS = 32  # per machine and per source
MAX_REQUIREMENTS = 20
MAX_SELECTOR = 1000

# Like Kubernetes' short names, without their domain prefixes.
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
VALUE = f"(?:{NAME})?"

Labels = Mapping[str, str]


class Operator(StrEnum):
    """How a requirement tests a label. The value is its notation."""

    EQUALS = "="
    DIFFERS = "!="
    EXISTS = ""
    MISSING = "!"


@dataclass(frozen=True)
class Requirement:
    """A requirement for one label. `value` applies to EQUALS and DIFFERS only."""

    name: str
    operator: Operator
    value: str = ""

    def is_met(self, labels: Labels) -> bool:
        match self.operator:
            case Operator.EQUALS:
                return labels.get(self.name) == self.value
            case Operator.DIFFERS:
                return labels.get(self.name) != self.value
            case Operator.EXISTS:
                return self.name in labels
        return self.name not in labels

    def __str__(self) -> str:
        if self.operator is Operator.MISSING:
            return f"!{self.name}"
        return f"{self.name}{self.operator}{self.value}"


Selector = tuple[Requirement, ...]

_COMPARISON = re.compile(rf"({NAME}) *(!=|=) *({VALUE})")
_EXISTENCE = re.compile(rf"(!?) *({NAME})")
_REQUIREMENT_PATTERN = f"(?:! *{NAME} *|{NAME} *(?:!?= *(?:{NAME} *)?)?)"
FORM = f"^ *(?:{_REQUIREMENT_PATTERN}(?:, *{_REQUIREMENT_PATTERN}){{0,{MAX_REQUIREMENTS - 1}}})?$"
"""A selector's pattern for clients, valid in Python and in ECMA 262.

Each text has one parse: with two per requirement, backtracking engines would try 2^20.
"""


@lru_cache(10_000)
def parse(text: str) -> Selector:
    """Return a selector's requirements, without duplicates. Raises InvalidValue."""
    if len(text) > MAX_SELECTOR:
        raise InvalidValue(field_errors.HAS_MORE_THAN(max=MAX_SELECTOR))
    if not text.strip(" "):
        return ()
    parts = text.split(",")
    if len(parts) > MAX_REQUIREMENTS:
        raise InvalidValue(field_errors.TOO_MANY_REQUIREMENTS(max=MAX_REQUIREMENTS))
    return tuple(dict.fromkeys(_parse_requirement(part.strip(" ")) for part in parts))


def _parse_requirement(text: str) -> Requirement:
    if compares := _COMPARISON.fullmatch(text):
        name, operator, value = compares.groups()
        return Requirement(name, Operator(operator), value)
    if asks := _EXISTENCE.fullmatch(text):
        return Requirement(asks[2], Operator.MISSING if asks[1] else Operator.EXISTS)
    raise InvalidValue(field_errors.NO_REQUIREMENT(requirement=text[:100]))


def canonicalize(text: str | None) -> str | None:
    """Return the selector as stored: without spaces and duplicates; None if it's empty.

    Raises InvalidValue.
    """
    return ",".join(map(str, parse(text or ""))) or None


def matches(selector: Selector, labels: Labels) -> bool:
    """Whether the labels meet all requirements. No requirements are always met."""
    return all(requirement.is_met(labels) for requirement in selector)


def combine_selectors(*texts: str | None) -> Selector:
    """Return the requirements of several selectors: a task's add to its project's."""
    return tuple(each for text in texts if text for each in parse(text))


def effective_labels(claimed: Labels, given: Labels) -> dict[str, str]:
    """Return a machine's labels: its own, overridden by those that admins set."""
    return {**claimed, **given}
