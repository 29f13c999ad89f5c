"""Agents' usage in the projects that a developer can see, summed up by the requested groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from app.domain.usage import Figures, GroupBy
from app.extensions import db
from app.models import Developer, Project, Task, Usage
from app.services import rights
from app.services.counters import usage

MAX_NAME = 200

GroupPosition = Sequence[Any]
"""A group's values in its columns."""

_BY: dict[GroupBy, tuple[ColumnElement[Any], ...]] = {
    GroupBy.TASK: (Usage.task_id.expression,),
    GroupBy.ATTEMPT: (Usage.task_id.expression, Usage.attempt.expression),
    GroupBy.STAGE: (Usage.stage_name.expression,),
    GroupBy.PROJECT: (Usage.project_id.expression,),
    GroupBy.DEVELOPER: (Usage.developer_id.expression,),
    GroupBy.AGENT: (Usage.agent.expression,),
    GroupBy.MODEL: (Usage.model.expression,),
    GroupBy.DAY: (Usage.day.expression,),
}
_NEWEST_FIRST = (GroupBy.TASK, GroupBy.ATTEMPT, GroupBy.DAY)


@dataclass(frozen=True)
class Group:
    """A sum.

    `key` is the group's: a task's or developer's ID, `<task>-<attempt>`, a project key, a day
    (UTC), an agent, a stage name or a model; None: agents reported no model. `name` is its display
    name, if it has one.
    """

    key: str | None
    name: str | None
    usage: Figures


@dataclass(frozen=True)
class GroupPage:
    """Groups in order, and their positions. `following` is the position after which the next
    page starts; None: there is none.
    """

    items: list[Group]
    positions: list[GroupPosition]
    following: GroupPosition | None


@dataclass(frozen=True)
class UsageFilter:
    """Which usage is summed up: all that meets every field. None doesn't filter. Days are in UTC
    and inclusive.
    """

    since: date | None = None
    up_to: date | None = None
    project_key: str | None = None
    task_id: int | None = None


def page(
    actor: Developer, by: GroupBy, wanted: UsageFilter, after: GroupPosition | None, limit: int
) -> GroupPage:
    """Return up to `limit` groups of the projects that the actor can see.

    Tasks, attempts and days are sorted newest first, all others by ID or name. One query, and one
    for names.
    """
    columns = _BY[by]
    query = (
        select(*columns, *usage.sum_columns()).where(*_conditions(actor, wanted)).group_by(*columns)
    )
    order = [column.desc() if by in _NEWEST_FIRST else column.asc() for column in columns]
    if after is not None:
        here, there = tuple_(*columns), tuple_(*after, types=[column.type for column in columns])
        query = query.where(here < there if by in _NEWEST_FIRST else here > there)
    rows = db.session.execute(query.order_by(*order).limit(limit + 1)).all()
    found = rows[:limit]
    positions: list[GroupPosition] = [tuple(row[: len(columns)]) for row in found]
    named = _find_names(by, [place[0] for place in positions])
    items = [
        _group(place, named.get(place[0]), usage.to_figures(row[len(columns) :]))
        for place, row in zip(positions, found, strict=True)
    ]
    return GroupPage(items, positions, positions[-1] if len(rows) > limit else None)


def parse_position(by: GroupBy, texts: Sequence[str]) -> GroupPosition:
    """Return the position of these texts."""
    kinds = [column.type.python_type for column in _BY[by]]
    return [
        date.fromisoformat(text) if kind is date else kind(text)
        for kind, text in zip(kinds, texts, strict=True)
    ]


def _conditions(actor: Developer, wanted: UsageFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if (projects := _projects(actor, wanted.project_key)) is not None:
        conditions.append(Usage.project_id.in_(projects))
    if wanted.since is not None:
        conditions.append(Usage.day >= wanted.since)
    if wanted.up_to is not None:
        conditions.append(Usage.day <= wanted.up_to)
    if wanted.task_id is not None:
        conditions.append(Usage.task_id == wanted.task_id)
    return conditions


def _projects(actor: Developer, key: str | None) -> Select[int] | None:
    """Return the IDs of the projects that count; None: all of them do."""
    visible = rights.visible_projects(actor)
    if visible is None and key is None:
        return None
    ids = select(Project.id)
    if visible is not None:
        ids = ids.where(visible)
    return ids if key is None else ids.where(func.lower(Project.key) == key.lower())


def _group(place: GroupPosition, named: tuple[str, str] | None, used: Figures) -> Group:
    if named is not None:
        return Group(*named, used)
    return Group("-".join(map(str, place)) if len(place) > 1 else str(place[0]) or None, None, used)


def _find_names(by: GroupBy, ids: Sequence[Any]) -> dict[Any, tuple[str, str]]:
    """Return names by key for groups of this kind, if they have names."""
    match by:
        case GroupBy.TASK:
            text = func.left(Task.description, MAX_NAME)
            query = select(Task.id, Task.id, text).where(Task.id.in_(ids))
        case GroupBy.PROJECT:
            query = select(Project.id, Project.key, Project.name).where(Project.id.in_(ids))
        case GroupBy.DEVELOPER:
            query = select(Developer.id, Developer.id, Developer.name).where(Developer.id.in_(ids))
        case _:
            return {}
    return {id_: (str(key), name) for id_, key, name in db.session.execute(query)}
