"""Who can answer a gate."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.domain import answerers
from app.domain.answerers import EligiblePerson, GateAnswerers, Who
from app.domain.roles import Person, ProjectRole, SystemRole

DEVELOPER, ADMIN = SystemRole.DEVELOPER, SystemRole.ADMIN
PEOPLE: Mapping[int, EligiblePerson] = {
    1: EligiblePerson("author", Person(DEVELOPER, ProjectRole.MEMBER)),
    2: EligiblePerson("member", Person(DEVELOPER, ProjectRole.MEMBER)),
    3: EligiblePerson("keeper", Person(DEVELOPER, ProjectRole.MAINTAINER)),
    4: EligiblePerson("boss", Person(ADMIN)),
    5: EligiblePerson("both", Person(ADMIN, ProjectRole.MAINTAINER)),
}


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        (Who.MEMBERS, {1, 2, 3, 4, 5}),
        (Who.MAINTAINERS, {3, 5}),
        (Who.NOT_AUTHOR, {2, 3, 4, 5}),
        (Who.NAMED, {2}),
    ],
)
def test_admins_are_not_exempt(who: Who, allowed: set[int]) -> None:
    found = GateAnswerers(who, frozenset({2, 9}), frozenset({1}), PEOPLE)
    assert {id_ for id_ in range(10) if found.allows(id_)} == allowed
    assert {each["id"] for each in found.allowed} == allowed
    assert not found.is_nobody_left


@pytest.mark.parametrize(
    "found",
    [
        GateAnswerers(Who.NAMED, frozenset({9}), people=PEOPLE),
        GateAnswerers(Who.NOT_AUTHOR, authors=frozenset(PEOPLE), people=PEOPLE),
    ],
    ids=["the named have left", "all are authors"],
)
def test_admins_can_answer_if_nobody_is_left(found: GateAnswerers) -> None:
    assert found.is_nobody_left
    assert [each["name"] for each in found.allowed] == ["boss", "both"]


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        (None, None),
        ({"who": "members"}, None),
        ({"who": "maintainers"}, {"who": "maintainers"}),
        ({"who": "named", "developerIds": [3, 1, 3]}, {"who": "named", "developerIds": [1, 3]}),
    ],
)
def test_the_default_is_not_stored(raw: dict[str, Any] | None, stored: Any) -> None:
    assert answerers.to_stored(raw) == stored


def test_a_stage_that_nobody_could_answer_is_found() -> None:
    def stage(name: str, who: str, *ids: int) -> dict[str, Any]:
        return {"name": name, "answerers": {"who": who, "developerIds": list(ids)}}

    pipeline = [stage("a", "maintainers"), stage("b", "not_author"), stage("c", "named", 1)]
    assert answerers.find_unanswerable([*pipeline, {"name": "d"}], PEOPLE) == []
    alone = {1: PEOPLE[1]}
    assert answerers.find_unanswerable(pipeline, alone) == ["a", "b"]
    assert answerers.find_unanswerable(pipeline, {2: PEOPLE[2]}) == ["a", "b", "c"]
