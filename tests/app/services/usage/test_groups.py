"""However usage is grouped, the groups together are the rows, and what is unknown stays unknown."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.roles import SystemRole
from app.domain.usage import Figures, GroupBy
from app.extensions import db
from app.models import Developer, Task, Usage
from app.services.counters import usage
from app.services.usage import groups
from app.services.usage.groups import GroupPosition, UsageFilter
from tests.factories import make_attempt, make_developer, make_machine, make_project, make_task
from tests.factories.rows import now, stored

TOKENS = st.none() | st.integers(0, 5) | st.just((1 << 40) - 1)
COST = st.none() | st.decimals(0, 1000, places=9)
PRICED = st.tuples(COST, st.booleans()).map(lambda pair: (pair[0], pair[0] is not None and pair[1]))
USED = st.tuples(TOKENS, TOKENS, TOKENS, TOKENS, PRICED).map(lambda u: Figures(*u[:4], *u[4]))
PLACE = st.fixed_dictionaries(
    {
        "task": st.integers(0, 2),
        "stage_index": st.integers(0, 1),
        "run": st.integers(0, 1),
        "agent": st.sampled_from(["claude", "codex"]),
        "model": st.sampled_from(["", "opus", "=1+1"]),
        "ago": st.integers(0, 2),
    }
)

KEYS = {"stage_index": 0, "run": 0, "agent": "claude", "model": "opus"}


def key_of(place: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(place[name] for name in ("task", "stage_index", "run", "agent", "model"))


ROWS = st.lists(st.tuples(PLACE, USED), max_size=12, unique_by=lambda row: key_of(row[0]))


def total(parts: Iterable[Figures]) -> Figures:
    """What the sums should be, in other words."""
    found = list(parts)

    def sum_of(name: str) -> Any:
        known = [value for part in found if (value := getattr(part, name)) is not None]
        return sum(known) if known else None

    is_exact = all(part.cost is not None and not part.is_estimate for part in found)
    names = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost")
    sums = [sum_of(name) for name in names]
    return Figures(*sums, is_estimate=sums[-1] is not None and not is_exact)


def fill(rows: list[tuple[dict[str, Any], Figures]]) -> list[Task]:
    tasks = [make_task() for _ in range(3)]
    for task in tasks:
        make_attempt(task, make_machine())
    for place, used in rows:
        task = tasks[place["task"]]
        keys = {name: place[name] for name in ("stage_index", "run", "agent", "model")}
        of_task = {"project_id": task.project_id, "developer_id": task.created_by, "attempt": 1}
        about = {"stage_name": f"s{place['stage_index']}", "day": day(place["ago"])}
        stored(Usage, {"task_id": task.id, **of_task, **about, **keys}, vars(used))
    return tasks


def day(ago: int) -> date:
    return now().date() - timedelta(days=ago)


def all_of(actor: Developer, by: GroupBy, wanted: UsageFilter, limit: int) -> list[groups.Group]:
    found: list[groups.Group] = []
    after: GroupPosition | None = None
    while True:
        page = groups.page(actor, by, wanted, after, limit)
        found += page.items
        if page.following is None:
            return found
        after = groups.parse_position(by, [str(value) for value in page.following])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS, limit=st.integers(1, 4))
def test_groups_together_are_the_rows(
    app: Flask, rows: list[tuple[dict[str, Any], Figures]], limit: int
) -> None:
    db.session.execute(sa.delete(Usage))
    tasks, admin = fill(rows), make_developer(role=SystemRole.ADMIN)
    whole = total(used for _, used in rows)
    for by in GroupBy:
        found = all_of(admin, by, UsageFilter(), limit)
        assert len({group.key for group in found}) == len(found)
        assert total(group.usage for group in found) == whole, by
    of_task = {
        group.key: group.usage for group in all_of(admin, GroupBy.TASK, UsageFilter(), limit)
    }
    for number, task in enumerate(tasks):
        mine = [used for place, used in rows if place["task"] == number]
        assert of_task.get(str(task.id)) == (total(mine) if mine else None)
        project = sa.select(sa.literal(task.project_id))
        assert usage.usage_on_and_since(project, day(0), day(2))[1] == total(mine)
        recent = [used for place, used in rows if place["task"] == number and place["ago"] < 2]
        assert usage.usage_on_and_since(project, day(0), day(1))[1] == total(recent)


@pytest.mark.parametrize("by", GroupBy)
def test_nobody_is_told_of_a_project_that_they_do_not_see(app: Flask, by: GroupBy) -> None:
    fill([({"task": n, "ago": 0, **KEYS}, Figures(n)) for n in range(3)])
    assert groups.page(make_developer(), by, UsageFilter(), None, 10).items == []
    lead = make_developer(role=SystemRole.LEAD)
    assert total(g.usage for g in groups.page(lead, by, UsageFilter(), None, 10).items) == Figures(
        3
    )


def test_a_project_that_is_deleted_is_there_for_admins_alone(app: Flask) -> None:
    member = make_developer()
    project = make_project(members=[member], deleted_at=now())
    task = make_task(project=project)
    make_attempt(task, make_machine())
    make = {"project_id": project.id, "developer_id": member.id, "attempt": 1, "day": day(0)}
    stored(Usage, {"task_id": task.id, "stage_name": "s", **make, **KEYS}, vars(Figures(1)))
    admin = make_developer(role=SystemRole.ADMIN)
    seen = [all_of(who, GroupBy.PROJECT, UsageFilter(), 5) for who in (member, admin)]
    assert [[group.key for group in found] for found in seen] == [[], [project.key]]
