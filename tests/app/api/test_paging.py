"""Lists: pages join up to the whole, whatever happens in between, and cursors are ours alone."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.api.paging import CursorQuery, OffsetQuery, by_cursor, by_offset
from app.domain.errors import InvalidFields
from app.models import Developer, Machine, Project, ProjectMember
from tests.factories import make_developer, make_machine, make_project


def walk(rows: sa.Select[Any], key: Any, **how: Any) -> list[Any]:
    found, cursor = [], None
    while True:
        page = by_cursor(rows, key, cursor=cursor, **how)
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
    first = by_cursor(sa.select(Developer), Developer.id, limit=2)
    make_developer()
    second = by_cursor(sa.select(Developer), Developer.id, limit=2, cursor=first["next_cursor"])
    assert first["items"] + second["items"] == old[::-1]
    assert second["next_cursor"] is None


def test_the_last_full_page_has_no_next(app: Flask) -> None:
    make_developer()
    page = by_cursor(sa.select(Developer), Developer.id, limit=1)
    assert (len(page["items"]), page["next_cursor"]) == (1, None)


def test_an_empty_list_is_one_empty_page(app: Flask) -> None:
    page = by_cursor(sa.select(Developer), Developer.id)
    assert page == {"items": [], "next_cursor": None}


@given(cursor=st.text())
@settings(max_examples=50, deadline=None)
def test_a_cursor_that_is_not_ours_is_refused(rolled_back_app: Flask, cursor: str) -> None:
    with rolled_back_app.app_context(), pytest.raises(InvalidFields) as refusal:
        by_cursor(sa.select(Developer), Developer.id, cursor=cursor)
    assert list(refusal.value.errors) == ["cursor"]


def test_a_cursor_of_another_list_is_refused(app: Flask) -> None:
    for _ in range(2):
        make_developer()
    cursor = by_cursor(sa.select(Developer), Developer.id, limit=1)["next_cursor"]
    with pytest.raises(InvalidFields):
        by_cursor(sa.select(Project), Project.id, cursor=cursor)


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1.5", "x", ""])
def test_a_limit_out_of_bounds_is_refused(limit: str) -> None:
    for schema in (CursorQuery(), OffsetQuery()):
        with pytest.raises(ValidationError):
            schema.load({"limit": limit})


def test_the_defaults_are_those_of_the_contract() -> None:
    assert CursorQuery().load({}) == {"limit": 50, "cursor": None}
    assert OffsetQuery().load({"limit": "200"}) == {"limit": 200, "offset": 0}


def test_an_offset_page_has_the_shape_of_the_contract() -> None:
    page = by_offset(["a"], 7, limit=1, offset=3)
    assert page == {"items": ["a"], "total": 7, "limit": 1, "offset": 3}
