"""Labels of machines, and selectors: what a project or a task wants of the labels of its machine.

A label is a short name with a short value. A selector is requirements between commas, all of which
have to hold: `gpu=true`, `zone!=eu` (also met where there is no `zone`), `gpu` (there is one, with
whatever value), `!gpu` (there is none).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from app.domain import field_errors
from app.domain.field_errors import InvalidValue

MAX_LABELS = 32  # of one machine, from either side
MAX_REQUIREMENTS = 20
MAX_SELECTOR = 1000

# As Kubernetes' short names; without their prefixes of domains.
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
VALUE = f"(?:{NAME})?"

Labels = Mapping[str, str]


class Operator(StrEnum):
    """How a requirement looks at a label. The value says how it is written."""

    EQUALS = "="
    DIFFERS = "!="
    EXISTS = ""
    MISSING = "!"


@dataclass(frozen=True)
class Requirement:
    """What is wanted of one label. `value` counts for EQUALS and DIFFERS alone."""

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
"""What can be a selector, as a pattern for clients, in Python and in ECMA 262. There is one way to
read each text: with two for each requirement, engines that backtrack would try 2^20."""


@lru_cache(10_000)
def parse(text: str) -> Selector:
    """The requirements of a selector, each once. Raises Faulty."""
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
    """The selector as it is stored: without space, and without what it says twice. None for none,
    and for an empty one. Raises Faulty.
    """
    return ",".join(map(str, parse(text or ""))) or None


def matches(selector: Selector, labels: Labels) -> bool:
    """Whether the labels meet all requirements; none of them: they do."""
    return all(requirement.is_met(labels) for requirement in selector)


def combine_selectors(*texts: str | None) -> Selector:
    """The requirements of several selectors: a task's add to its project's."""
    return tuple(each for text in texts if text for each in parse(text))


def effective_labels(claimed: Labels, given: Labels) -> dict[str, str]:
    """A machine's labels: what it says of itself, and over that what admins have given it."""
    return {**claimed, **given}
