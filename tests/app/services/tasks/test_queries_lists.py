"""A page of the task list holds what a look at every task would have found."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.api.pagination import paginate_by_cursor
from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Machine, Project, Task
from app.postgres import statement_timeout
from app.services.clock import now
from app.services.tasks import queries, search
from tests.app.services.statements import counted
from tests.factories import add_member, make_developer, make_machine, make_project, make_task

WORDS = ("alpha", "beta_", "100%", "Gamma", "de\\lta", "omega")
AGENTS = ("claude", "codex")
TEXTS = (*WORDS, "alp", "GAMMA", "a_a", "%", "\\l", "no such text")


@dataclass
class World:
    """Projects (the last one deleted), people in some of them, machines, and tasks of all kinds."""

    projects: list[Project]
    people: list[Developer]
    machines: list[Machine]
    members: set[tuple[int, int]]
    tasks: list[Task]

    @classmethod
    def generate(cls, chance: random.Random, tasks: int = 80) -> "World":
        people = [make_developer(role=role) for role in SystemRole]
        people += [make_developer() for _ in range(2)]
        projects = [make_project() for _ in range(4)]
        projects[-1].deleted_at = now()
        pairs = [(each, person) for each in projects for person in people]
        chosen = [pair for pair in pairs if chance.random() < 0.5]
        for project, person in chosen:
            add_member(project, person)
        machines = [make_machine() for _ in range(2)]
        members = {(project.id, person.id) for project, person in chosen}
        world = cls(projects, people, machines, members, [])
        rows = [world._task(chance) for _ in range(tasks)]
        db.session.add_all(rows)
        db.session.commit()
        world.tasks = rows
        return world

    def _task(self, chance: random.Random) -> Task:
        status, moment = chance.choice(list(TaskStatus)), now()
        machine = chance.choice([*self.machines, None])
        return Task(
            project_id=chance.choices(self.projects, [8, 4, 1, 4])[0].id,
            description=" ".join(chance.choices(WORDS, [6, 3, 2, 2, 1, 1], k=2)),
            status=status,
            suspend_reason=SuspendReason.GATE if status is TaskStatus.SUSPENDED else None,
            created_by=chance.choice(self.people).id,
            machine_id=machine.id if machine else None,
            agent_type=chance.choices(AGENTS, [8, 1])[0],
            machine_selector=chance.choices([None, "gpu=true"], [8, 1])[0],
            pipeline=self.projects[0].pipeline,
            created_at=moment,
            updated_at=moment,
        )

    def expected(self, actor: Developer, **filters: Any) -> list[int]:
        found = [task for task in self.tasks if self._is_visible(actor, task)]
        return [task.id for task in reversed(found) if self._matches(task, **filters)]

    def _is_visible(self, actor: Developer, task: Task) -> bool:
        if actor.role is SystemRole.ADMIN:
            return True
        is_mine = actor.role is SystemRole.LEAD or (task.project_id, actor.id) in self.members
        return is_mine and task.project_id != self.projects[-1].id

    def _matches(
        self,
        task: Task,
        statuses: Iterable[TaskStatus] = (),
        project_keys: Sequence[str] = (),
        machine_id: Any = None,
        created_by: int | None = None,
        agent_type: str | None = None,
        machine_selector: str | None = None,
        ids: Sequence[int] = (),
        q: str | None = None,
    ) -> bool:
        key = next(each.key for each in self.projects if each.id == task.project_id)
        return (
            (not statuses or task.status in statuses)
            and (not project_keys or key.lower() in [each.lower() for each in project_keys])
            and (machine_id is None or task.machine_id == machine_id)
            and (created_by is None or task.created_by == created_by)
            and (agent_type is None or task.agent_type == agent_type)
            and (machine_selector is None or task.machine_selector == machine_selector)
            and (not ids or task.id in ids)
            and (q is None or q.lower() in task.description.lower() or q == f"#{task.id}")
        )

    def filters(self, chance: random.Random) -> dict[str, Any]:
        """Some of them, or none."""
        numbers = [f"#{chance.choice(self.tasks).id}"]
        all_of_them: dict[str, Callable[[], Any]] = {
            "statuses": lambda: tuple(chance.choices(list(TaskStatus), k=chance.randint(1, 3))),
            "project_keys": lambda: [
                each.key.lower() for each in chance.sample(self.projects, chance.randint(1, 2))
            ],
            "machine_id": lambda: chance.choice(self.machines).id,
            "created_by": lambda: chance.choice(self.people).id,
            "agent_type": lambda: chance.choice(AGENTS),
            "machine_selector": lambda: "gpu=true",
            "ids": lambda: [task.id for task in chance.sample(self.tasks, 9)],
            "q": lambda: chance.choice([*TEXTS, *numbers]),
        }
        return {name: draw() for name, draw in all_of_them.items() if chance.random() < 0.3}


def listed(actor: Developer, limit: int, **filters: Any) -> list[int]:
    """Ids, page by page until the end."""
    ids: list[int] = []
    cursor = None
    while True:
        rows = queries.listing(actor, **filters)
        page = paginate_by_cursor(rows, Task.id, limit=limit, cursor=cursor)
        ids += [task.id for task in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return ids


@pytest.mark.parametrize("seed", range(4))
def test_a_list_holds_what_a_look_at_every_task_finds(
    app: Flask, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    world = World.generate(chance)
    # Small, so that the newest are full; and every text is one that the index can tell.
    monkeypatch.setattr(search, "WINDOW", 15)
    monkeypatch.setattr(search, "has_trigrams", lambda _: True)
    for _ in range(40):
        actor, filters = chance.choice(world.people), world.filters(chance)
        limit = chance.choice([2, 7, 50])
        assert listed(actor, limit, **filters) == world.expected(actor, **filters), filters


@pytest.mark.parametrize("seed", range(3))
def test_a_list_holds_the_same_when_any_of_its_looks_runs_out_of_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    world = World.generate(chance)
    look = statement_timeout.fetch_rows
    monkeypatch.setattr(search, "WINDOW", 15)
    monkeypatch.setattr(search, "has_trigrams", lambda _: True)
    monkeypatch.setattr(
        statement_timeout, "fetch_rows", lambda q: look(q) if chance.random() < 0.5 else None
    )
    for _ in range(20):
        actor, filters = chance.choice(world.people), world.filters(chance)
        filters["q"] = chance.choice([*TEXTS, f"#{chance.choice(world.tasks).id}"])
        limit = chance.choice([2, 7, 50])
        assert listed(actor, limit, **filters) == world.expected(actor, **filters), filters


def test_a_text_that_takes_too_long_is_found_on_later_pages(
    app: Flask, client: FlaskClient, login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trigrams tell nothing about it, and each description is tried at each of its letters."""
    project = make_project()
    old = make_task(project=project, description="a" * 190 + "b")
    for _ in range(15):
        make_task(project=project, description="aab" + "a" * 19_000)
    headers = login(make_developer(role=SystemRole.ADMIN))
    monkeypatch.setattr(search, "WINDOW", 5)
    monkeypatch.setattr(statement_timeout, "TIMEOUT_MILLISECONDS", 5)
    found, pages, query = [], 0, {"q": "a" * 190 + "b"}
    while query.get("cursor", "") is not None:
        answer = client.get("/api/web/tasks", query_string=query, headers=headers)
        assert answer.status_code == 200, answer.json
        found += [task["id"] for task in answer.json["items"]]
        pages += 1
        query["cursor"] = answer.json["nextCursor"]
    assert found == [old.id]
    assert pages > 1
    assert db.session.scalar(text("SHOW statement_timeout")) == "0"
    assert db.session.scalar(text("SHOW jit")) == db.session.scalar(
        text("SELECT reset_val FROM pg_settings WHERE name = 'jit'")
    )


def test_a_list_by_text_asks_equally_often_whatever_there_is(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, project = make_developer(role=SystemRole.ADMIN), make_project()
    monkeypatch.setattr(search, "WINDOW", 2)

    def asked() -> int:
        with counted() as statements:
            page = paginate_by_cursor(queries.listing(admin, q="walrus"), Task.id, limit=10)
        assert page["next_cursor"] is None
        return len(statements)

    make_task(project=project, description="walrus")
    for _ in range(2):
        make_task(project=project)
    first = asked()
    for _ in range(5):
        make_task(project=project, description="walrus")
    for _ in range(2):
        make_task(project=project)
    assert asked() == first <= 8


def test_a_short_text_is_looked_for_in_the_newest_only(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, project = make_developer(role=SystemRole.ADMIN), make_project()
    old, *_, new = [make_task(project=project, description="zq") for _ in range(4)]
    monkeypatch.setattr(search, "WINDOW", 2)
    assert old.id not in listed(admin, 50, q="zq")
    assert new.id in listed(admin, 50, q="zq")
    assert listed(admin, 50, q=f"#{old.id}") == [old.id]
