"""Who can answer a stage's gate: it narrows what the permissions table grants, also for admins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.domain.errors import Forbidden
from app.domain.roles import Person, ProjectRole, SystemRole


class Who(StrEnum):
    MEMBERS = "members"  # whoever the permissions table allows
    MAINTAINERS = "maintainers"
    NOT_AUTHOR = "not_author"
    NAMED = "named"


class NotAnAnswerer(Forbidden):
    """The project lets only some people answer this. You aren't one of them."""

    code = "not_an_answerer"


@dataclass(frozen=True)
class EligiblePerson:
    """An active developer whom the permissions table lets answer."""

    name: str
    person: Person


@dataclass(frozen=True)
class GateAnswerers:
    """Who can answer a gate.

    `authors` created the task or this round's follow-up. `people` are all who are eligible, by ID.
    """

    who: Who
    named: frozenset[int] = frozenset()
    authors: frozenset[int] = frozenset()
    people: Mapping[int, EligiblePerson] = field(default_factory=dict)

    @property
    def is_nobody_left(self) -> bool:
        """Whether none of the people fits: then admins can answer."""
        return not any(map(self._fits, self.people))

    def allows(self, developer_id: int) -> bool:
        """Whether the developer, one of `people`, can answer."""
        found = self.people.get(developer_id)
        if found is None:
            return False
        is_fallback = found.person.system_role is SystemRole.ADMIN and self.is_nobody_left
        return is_fallback or self._fits(developer_id)

    @property
    def allowed(self) -> list[dict[str, Any]]:
        """Return {id, name} of the people who can answer, by name."""
        found = [(one.name, id_) for id_, one in self.people.items() if self.allows(id_)]
        return [{"id": id_, "name": name} for name, id_ in sorted(found)]

    def _fits(self, developer_id: int) -> bool:
        match self.who:
            case Who.MEMBERS:
                return True
            case Who.MAINTAINERS:
                return self.people[developer_id].person.project_role is ProjectRole.MAINTAINER
            case Who.NOT_AUTHOR:
                return developer_id not in self.authors
            case Who.NAMED:
                return developer_id in self.named


def describe(raw: Mapping[str, Any] | None) -> str | None:
    """Return who can answer as a sentence for people; None if it isn't narrowed."""
    if raw is None:
        return None
    return {
        Who.MAINTAINERS: "Only maintainers can answer.",
        Who.NOT_AUTHOR: "Its author can't answer.",
        Who.NAMED: "Only people named in the project can answer.",
    }.get(Who(raw["who"]))


def to_stored(raw: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a stage's `answerers` as stored; None for the default, members."""
    if not raw or raw["who"] == Who.MEMBERS:
        return None
    stored: dict[str, Any] = {"who": Who(raw["who"]).value}
    if stored["who"] == Who.NAMED:
        stored["developerIds"] = sorted(set(raw["developerIds"]))
    return stored


def can_be_answered(raw: Mapping[str, Any], people: Mapping[int, EligiblePerson]) -> bool:
    """Whether every task's gate has someone who fits, with these people of the project.

    Anyone may be a task's author, so `not_author` needs two.
    """
    if raw["who"] == Who.NOT_AUTHOR:
        return len(people) > 1
    named = frozenset(raw.get("developerIds", ()))
    return not GateAnswerers(Who(raw["who"]), named, people=people).is_nobody_left


def find_unanswerable(
    pipeline: Sequence[Mapping[str, Any]], people: Mapping[int, EligiblePerson]
) -> list[str]:
    """Return the names of the stages whose gates may have nobody who can answer."""
    return [
        stage["name"]
        for stage in pipeline
        if (raw := stage.get("answerers")) and not can_be_answered(raw, people)
    ]
