"""Lists: pages join up to the whole, whatever happens in between, and cursors are ours alone."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.api.pagination import (
    PAGE_BYTES,
    CursorQuery,
    OffsetQuery,
    paginate_by_cursor,
    paginate_by_offset,
)
from app.domain.errors import InvalidFields
from app.domain.roles import SystemRole
from app.models import Developer, Machine, Project, ProjectMember
from tests.factories import make_developer, make_machine, make_project, make_task


def walk(rows: sa.Select[Any], key: Any, **how: Any) -> list[Any]:
    found, cursor = [], None
    while True:
        page = paginate_by_cursor(rows, key, cursor=cursor, **how)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 200])
def test_pages_join_up_to_the_whole_newest_first(app: Flask, limit: int) -> None:
    developers = [make_developer() for _ in range(6)]
    assert walk(sa.select(Developer), Developer.id, limit=limit) == developers[::-1]


def test_a_list_may_ascend_and_hold_several_entities(app: Flask) -> None:
    people = [make_developer() for _ in range(3)]
    project = make_project(members=people)
    rows = (
        sa.select(ProjectMember, Developer)
        .join(Developer, Developer.id == ProjectMember.developer_id)
        .where(ProjectMember.project_id == project.id)
        .order_by(Developer.name)
    )
    found = walk(rows, ProjectMember.developer_id, limit=2, descending=False)
    assert [developer for _member, developer in found] == people


def test_machines_are_paged_by_their_uuid(app: Flask) -> None:
    machines = [make_machine() for _ in range(5)]
    expected = sorted(machines, key=lambda machine: machine.id, reverse=True)
    assert walk(sa.select(Machine), Machine.id, limit=2) == expected


def test_a_row_that_comes_in_between_is_neither_missed_nor_shown_twice(app: Flask) -> None:
    old = [make_developer() for _ in range(4)]
    first = paginate_by_cursor(sa.select(Developer), Developer.id, limit=2)
    make_developer()
    second = paginate_by_cursor(
        sa.select(Developer), Developer.id, limit=2, cursor=first["next_cursor"]
    )
    assert first["items"] + second["items"] == old[::-1]
    assert second["next_cursor"] is None


def test_the_last_full_page_has_no_next(app: Flask) -> None:
    make_developer()
    page = paginate_by_cursor(sa.select(Developer), Developer.id, limit=1)
    assert (len(page["items"]), page["next_cursor"]) == (1, None)


def test_an_empty_list_is_one_empty_page(app: Flask) -> None:
    page = paginate_by_cursor(sa.select(Developer), Developer.id)
    assert (page["items"], page["next_cursor"]) == ([], None)


@given(cursor=st.text())
@settings(max_examples=50, deadline=None)
def test_a_cursor_that_is_not_ours_is_refused(rolled_back_app: Flask, cursor: str) -> None:
    with rolled_back_app.app_context(), pytest.raises(InvalidFields) as refusal:
        paginate_by_cursor(sa.select(Developer), Developer.id, cursor=cursor)
    assert list(refusal.value.errors) == ["cursor"]


def test_a_cursor_of_another_list_is_refused(app: Flask) -> None:
    for _ in range(2):
        make_developer()
    cursor = paginate_by_cursor(sa.select(Developer), Developer.id, limit=1)["next_cursor"]
    with pytest.raises(InvalidFields):
        paginate_by_cursor(sa.select(Project), Project.id, cursor=cursor)


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1.5", "x", ""])
def test_a_limit_out_of_bounds_is_refused(limit: str) -> None:
    for schema in (CursorQuery(), OffsetQuery()):
        with pytest.raises(ValidationError):
            schema.load({"limit": limit})


def test_the_defaults_are_those_of_the_contract() -> None:
    assert CursorQuery().load({}) == {"limit": 50, "cursor": None}
    assert OffsetQuery().load({"limit": "200"}) == {"limit": 200, "offset": 0}


def test_an_offset_page_has_the_shape_of_the_contract() -> None:
    page = paginate_by_offset(["a"], 7, limit=1, offset=3)
    assert page == {"items": ["a"], "total": 7, "limit": 1, "offset": 3}


def test_a_page_ends_where_it_would_be_too_large(
    app: Flask, client: FlaskClient, login: Callable[[Developer], dict[str, str]]
) -> None:
    headers = login(make_developer(role=SystemRole.ADMIN))
    project = make_project()
    given = {"arguments": ["\x01é" * 500] * 64}
    tasks = [make_task(project=project, agent_options=given) for _ in range(30)]
    found: list[int] = []
    cursor, pages = "", 0
    while cursor is not None:
        query = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/web/tasks", query_string=query, headers=headers)
        assert len(answer.data) <= PAGE_BYTES
        found += [item["id"] for item in answer.json["items"]]
        cursor, pages = answer.json["nextCursor"], pages + 1
    assert found == [task.id for task in reversed(tasks)]
    assert pages > 1


def test_large_rows_are_fetched_a_few_at_a_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.pagination.BATCH_ROWS", 3)
    monkeypatch.setattr("app.api.pagination.PAGE_BYTES", 1000)
    people = [make_developer(git_name="n" * 200) for _ in range(10)]
    page = paginate_by_cursor(sa.select(Developer), Developer.id, limit=9)
    assert page["items"] == people[::-1][: len(page["items"])]
    assert 3 <= len(page["items"]) < 9
    assert walk(sa.select(Developer), Developer.id, limit=9) == people[::-1]
