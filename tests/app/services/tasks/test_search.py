"""How tasks are found: against a model of a small world, and beyond the newest of a larger one."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg2.errors import QueryCanceled
from sqlalchemy import Executable, delete, select, text
from sqlalchemy.exc import OperationalError

from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, Project, Task, TaskText
from app.models.search import PARTITION_SIZE
from app.postgres import statement_timeout
from app.services.search import search
from tests.app.services.statements import counted
from tests.factories import add_member, make_developer, make_project, make_task
from tests.factories.rows import now

WORDS = [
    "log",
    "login",
    "Größe",
    "größer",
    "修复登录",
    "c++",
    "c",
    "50%",
    "a_b",
    "\\d",
    "(x",
    "it's",
]
SOME = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5)
ROLES = st.sampled_from(list(SystemRole))


def holds_whole(text: str, word: str) -> bool:
    """Whether the word stands in it with no letter, digit or underscore beside it."""
    text, word = f" {text.lower()} ", word.lower()
    places = [at for at in range(len(text)) if text.startswith(word, at)]
    beside = [text[at - 1] + text[at + len(word)] for at in places]
    return any(not any(c.isalnum() or c == "_" for c in both) for both in beside)


@given(
    tasks=st.lists(st.tuples(st.integers(0, 2), SOME), min_size=1, max_size=12),
    query=st.lists(st.sampled_from(WORDS), min_size=1, max_size=2),
    role=ROLES,
    memberships=st.sets(st.integers(0, 2)),
)
@example(tasks=[(0, ["c"]), (0, ["c++"])], query=["c"], role=SystemRole.ADMIN, memberships=set())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_all_that_holds_the_words_is_found_and_nothing_that_is_hidden(
    app: Flask,
    tasks: list[tuple[int, list[str]]],
    query: list[str],
    role: SystemRole,
    memberships: set[int],
) -> None:
    db.session.execute(delete(Task))  # of the example before
    actor = make_developer(role=role)
    world = [make_project() for _ in range(2)] + [make_project(deleted_at=now())]
    for index in memberships:
        add_member(world[index], actor)
    seen = {
        SystemRole.ADMIN: {0, 1, 2},
        SystemRole.LEAD: {0, 1},
        SystemRole.DEVELOPER: memberships - {2},
    }[role]
    made = [(make_task(project=world[p], description=" ".join(words)), p) for p, words in tasks]
    texts = {task.id: task.description for task, p in made if p in seen}
    whole = {id for id, text in texts.items() if all(holds_whole(text, word) for word in query)}
    found = search.find(actor, " ".join(query), 50)
    ids = [task.id for task in found.tasks]
    assert set(ids) <= set(texts)
    # Nothing that holds a word in part only comes before what holds it whole.
    assert set(ids[: len(whole)]) == whole


def numbered(first: int, count: int, project: Project, description: str) -> None:
    """Tasks with these ids, without going through the ORM."""
    like = make_task(project=project, description="pattern")
    db.session.execute(
        text(
            "INSERT INTO tasks SELECT t.* FROM generate_series(:first, :last) n,"
            " jsonb_populate_record(CAST(:row AS tasks), jsonb_build_object('id', n,"
            " 'description', CAST(:description AS text))) t"
        ),
        {"first": first, "last": first + count - 1, "row": _row(like), "description": description},
    )
    db.session.delete(like)
    db.session.commit()


def _row(task: Task) -> str:
    return db.session.scalar(
        text("SELECT CAST(tasks AS text) FROM tasks WHERE id = :id"), {"id": task.id}
    )


@pytest.fixture
def library(app: Flask) -> dict[str, Developer]:
    """A task with a rare word on the first, the middle and the last of five shelves, each under
    more than a window of others; as an admin, as a lead and as a member see it."""
    member = make_developer()
    project = make_project(members=[member])
    for shelf in (0, 3, 4):
        make_task(
            project=project, id=shelf * PARTITION_SIZE + 20_000, description=f"a xylophone, {shelf}"
        )
        numbered(shelf * PARTITION_SIZE + 20_001, search.WINDOW + 1, project, "something else")
    roles = {"admin": SystemRole.ADMIN, "lead": SystemRole.LEAD}
    people = {name: make_developer(role=role) for name, role in roles.items()}
    many = make_developer()
    for each in (project, *(make_project() for _ in range(search.FEW_PROJECTS))):
        add_member(each, many)
    return people | {"member": member, "member of many": many}


@pytest.mark.parametrize("who", ["admin", "lead", "member", "member of many"])
def test_what_is_older_than_the_newest_is_found_too(
    library: dict[str, Developer], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_timeout, "TIMEOUT_MILLISECONDS", 60_000)  # a busy machine
    actor = library[who]
    found = search.find(actor, "XYLOphone", 20)
    assert [task.id // PARTITION_SIZE for task in found.tasks] == [4, 3, 0]
    assert found.complete
    assert [task.id // PARTITION_SIZE for task in search.find(actor, "xylophone", 2).tasks] == [
        4,
        3,
    ]
    assert search.find(actor, "nowhere", 20).tasks == []
    outsider = search.find(make_developer(), "xylophone", 20)
    assert outsider.tasks == []


def test_a_deleted_projects_old_tasks_are_the_admins_alone(
    library: dict[str, Developer],
) -> None:
    db.session.scalars(select(Project).order_by(Project.id)).first().deleted_at = now()
    db.session.commit()
    found = {name: len(search.find(who, "xylophone", 20).tasks) for name, who in library.items()}
    assert found == {"admin": 3, "lead": 0, "member": 0, "member of many": 0}


def test_one_or_two_letters_are_looked_for_in_the_newest_tasks_only(
    library: dict[str, Developer],
) -> None:
    found = search.find(library["admin"], "xy", 20)
    assert (found.tasks, found.complete) == ([], False)


def test_a_search_that_takes_too_long_ends_with_what_it_has(
    library: dict[str, Developer], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "SELECT pg_sleep(60), 0"
    monkeypatch.setattr(search.Statements, "older", lambda _: text(asked))
    monkeypatch.setattr(statement_timeout, "TIMEOUT_MILLISECONDS", 50)
    found = search.find(library["admin"], "xylophone", 20)
    assert [task.id // PARTITION_SIZE for task in found.tasks] == [4, 3]
    assert not found.complete
    assert db.session.scalar(text("SHOW statement_timeout")) == "0"


@pytest.mark.parametrize("who", ["admin", "member", "member of many"])
def test_where_there_is_no_time_for_all_of_the_newest_fewer_are_read_through(
    library: dict[str, Developer], monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    look = statement_timeout.fetch_rows
    windows: list[int] = []

    def hurried(statement: Executable, parameters: dict[str, Any]) -> list[Any] | None:
        windows.append(parameters.get("window", 0))
        return None if len(windows) == 1 else look(statement, parameters)

    monkeypatch.setattr(statement_timeout, "fetch_rows", hurried)
    found = search.find(library[who], "xylophone", 20)
    assert [task.id // PARTITION_SIZE for task in found.tasks] == [4, 3, 0]
    assert found.complete
    assert windows[1] == windows[0] // 10


def test_a_look_at_the_newest_that_takes_too_long_ends_with_what_else_there_is(
    library: dict[str, Developer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.Statements, "newest", lambda _: text("SELECT pg_sleep(60), 0"))
    monkeypatch.setattr(statement_timeout, "TIMEOUT_MILLISECONDS", 50)
    found = search.find(library["admin"], "#20000", 20)
    assert [task.id for task in found.tasks] == [20_000]
    assert not found.complete
    assert db.session.scalar(text("SHOW statement_timeout")) == "0"


def test_other_failures_of_the_database_are_told(
    library: dict[str, Developer], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "SELECT 1, 1 FROM pg_terminate_backend(-1) WHERE 1 / 0 = 1"
    monkeypatch.setattr(search.Statements, "older", lambda _: text(broken))
    with pytest.raises(Exception, match="division by zero") as caught:
        search.find(library["admin"], "xylophone", 20)
    assert not isinstance(caught.value, OperationalError) or not isinstance(
        caught.value.orig, QueryCanceled
    )


def test_a_search_asks_no_more_often_when_there_is_more_to_find(app: Flask) -> None:
    member = make_developer()
    project = make_project(members=[member])

    def asked() -> int:
        with counted() as statements:
            search.find(member, "walrus", 20)
        return len(statements)

    make_task(project=project, description="a walrus")
    first = asked()
    for _ in range(10):
        other = make_project(name="walrus", members=[member])
        make_task(project=other, description="a walrus")
    assert asked() == first <= 8


def test_the_text_of_a_task_goes_with_it(app: Flask) -> None:
    task = make_task(description="to be forgotten")
    assert db.session.get(TaskText, task.id).description == "to be forgotten"
    db.session.delete(task)
    db.session.commit()
    assert db.session.scalar(select(TaskText)) is None
