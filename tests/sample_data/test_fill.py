"""What `flask seed` makes could have come about by itself."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Event, Machine, Task
from app.services import clock
from app.services.dispatch import dispatcher
from sample_data import database, logs, tables
from sample_data.database import SampleSummary
from sample_data.sizes import Sizes

PASSWORD = "a password for samples"
SIZES = Sizes(
    tasks=200,
    events=3000,
    projects=4,
    developers=8,
    machines=3,
    log_lines=5000,
    deep_task_events=500,
)
OPTIONS = ["--tasks=60", "--events=0", "--projects=2", "--developers=4", "--machines=2"]


def fill(sizes: Sizes = SIZES, **more: Any) -> SampleSummary:
    return database.fill(sizes, PASSWORD, clock.now(), lambda *_: None, **more)


@pytest.fixture
def made(app: Flask) -> SampleSummary:
    return fill()


def rows(statement: str) -> list[Any]:
    return [tuple(row) for row in db.session.execute(sa.text(statement))]


def foreign_keys() -> list[Any]:
    found = db.session.execute(tables.FOREIGN_KEYS, {"tables": list(tables.LARGE)})
    return [tuple(row) for row in found]


def test_there_is_as_much_as_was_asked_for(made: SampleSummary) -> None:
    asked = (SIZES.tasks, SIZES.events, SIZES.deep_task_events, SIZES.log_lines)
    assert (made.tasks, made.events, made.deep_task_events, made.log_lines) == asked
    count = sa.func.count()
    assert db.session.scalar(sa.select(count).select_from(Task)) == SIZES.tasks
    assert db.session.scalar(sa.select(count).select_from(Event)) == SIZES.events
    statuses = set(db.session.scalars(sa.select(Task.status)))
    assert statuses == set(TaskStatus) - {TaskStatus.ASSIGNED}


def test_every_tasks_events_are_numbered_without_holes(made: SampleSummary) -> None:
    assert not rows("""
        SELECT t.id FROM tasks t LEFT JOIN task_events e ON e.task_id = t.id
        GROUP BY t.id
        HAVING count(*) <> t.events OR min(e.number) <> 1 OR max(e.number) <> t.events
            OR count(*) FILTER (WHERE e.type = 'created') <> 1
    """)
    assert not rows("""
        SELECT task_id FROM (
            SELECT task_id, created_at < lag(created_at) OVER w AS goes_back
            FROM task_events WINDOW w AS (PARTITION BY task_id ORDER BY number)
        ) AS told WHERE goes_back
    """)
    assert not rows("""
        SELECT task_id FROM (
            SELECT task_id, type_number <> row_number() OVER w AS is_wrong
            FROM task_events WINDOW w AS (PARTITION BY task_id, type ORDER BY number)
        ) AS told WHERE is_wrong
    """)


def test_attempts_slots_and_times_agree_with_their_tasks(made: SampleSummary) -> None:
    assert not rows("""
        SELECT t.id FROM tasks t LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
        WHERE (t.attempt > 0) <> (a.task_id IS NOT NULL)
           OR (t.status = 'running') <> coalesce(a.has_slot, false)
           OR (t.status IN ('completed', 'failed', 'cancelled')) <> (t.finished_at IS NOT NULL)
           OR t.finished_at > now() OR t.machine_id IS DISTINCT FROM a.machine_id
           OR (a.ended_at IS DISTINCT FROM t.finished_at)
    """)
    assert not rows("""
        SELECT m.id FROM machines m WHERE slots_used <> (
            SELECT count(*) FROM attempts a WHERE a.machine_id = m.id AND has_slot)
    """)
    assert not rows("""
        SELECT t.id FROM tasks t LEFT JOIN gates g ON g.task_id = t.id AND g.answered_at IS NULL
        WHERE (t.status = 'suspended') <> (g.task_id IS NOT NULL)
    """)


def test_foreign_keys_are_there_again(app: Flask) -> None:
    before = foreign_keys()
    assert before
    fill()
    assert foreign_keys() == before


def test_new_rows_find_their_ids_free(made: SampleSummary, app: Flask) -> None:
    for table in ("developers", "projects", "tasks"):
        ((following, highest),) = rows(f"""
            SELECT nextval(pg_get_serial_sequence('{table}', 'id')), max(id) FROM {table}
        """)
        assert following == highest + 1


@pytest.fixture
def get(client: FlaskClient, made: SampleSummary) -> Callable[[str, str], Any]:
    """What a person who logs in by password gets at a path."""

    def answer(name: str, path: str) -> Any:
        body = {"username": name, "password": PASSWORD}
        token = client.post("/api/auth/login", json=body).json["accessToken"]
        found = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert found.status_code == 200, found.json
        return found.json

    return answer


def test_people_see_what_is_theirs(made: SampleSummary, get: Callable[[str, str], Any]) -> None:
    keys = {
        name: {item["projectKey"] for item in get(name, "/api/web/tasks?limit=200")["items"]}
        for name in (made.admin, made.lead, made.member, made.hermit)
    }
    assert len(keys[made.admin]) == SIZES.projects
    assert len(keys[made.lead]) == SIZES.projects
    assert keys[made.member] == {made.project}
    assert keys[made.hermit] == {made.old_project}
    oldest = get(made.hermit, "/api/web/tasks?limit=200")["items"][-1]
    assert oldest["id"] == made.old_task


def test_all_that_is_named_can_be_read(made: SampleSummary, get: Callable[[str, str], Any]) -> None:
    for status in TaskStatus:
        for item in get(made.admin, f"/api/web/tasks?status={status}&limit=3")["items"]:
            assert get(made.admin, f"/api/web/tasks/{item['id']}")["status"] == status
    (asked, *_) = get(made.admin, "/api/web/tasks?status=suspended")["items"]
    question = get(made.admin, f"/api/web/tasks/{asked['id']}/pending-confirm")
    assert question["kind"] == "confirm"
    machines = get(made.member, "/api/web/machines")["items"]
    assert [each["status"] for each in machines].count("online") == SIZES.machines - 1


def test_the_rare_word_is_rare_and_the_common_one_common(
    made: SampleSummary, get: Callable[[str, str], Any]
) -> None:
    found = get(made.admin, f"/api/web/tasks?q={made.rare_word}&limit=200")["items"]
    assert len(found) == 3
    assert {item["projectKey"] for item in found} == {made.project}
    assert len(get(made.admin, f"/api/web/tasks?q={made.common_word}&limit=200")["items"]) > 60


def test_the_long_log_has_a_transcript(made: SampleSummary, get: Callable[[str, str], Any]) -> None:
    path = f"/api/web/tasks/{made.long_log_task}/transcript?limit=60"
    page = get(made.member, path)
    rest = get(made.member, f"{path}&cursor={page['nextCursor']}")
    assert [entry["number"] for entry in page["items"] + rest["items"]] == list(range(100))
    assert rest["nextCursor"] is None


def test_the_deep_history_and_the_long_log_read_right_anywhere(
    made: SampleSummary, get: Callable[[str, str], Any]
) -> None:
    page = get(made.member, f"/api/web/tasks/{made.deep_task}/events?offset=300&limit=20")
    assert [event["id"] for event in page["items"]] == list(range(301, 321))
    assert page["total"] == SIZES.deep_task_events
    for offset in (0, 399, 400, 2777, 4950):
        path = f"/api/web/tasks/{made.long_log_task}/logs?offset={offset}"
        page = get(made.member, path)
        expected = [logs.line(number) for number in range(offset, min(offset + 50, 5000))]
        assert [line["text"] for line in page["items"]] == expected
        assert page["total"] == SIZES.log_lines
    last = get(made.member, f"/api/web/tasks/{made.long_log_task}/logs?offset=-1")["items"]
    assert [line["text"] for line in last] == [logs.line(4999)]


def test_a_queued_task_is_dispatched(made: SampleSummary, app: Flask) -> None:
    dispatcher.assign_queued()
    task = db.session.get_one(Task, made.queued_task, populate_existing=True)
    assert task.status is TaskStatus.ASSIGNED
    attempt = db.session.get_one(Attempt, (task.id, 1))
    assert db.session.get_one(Machine, attempt.machine_id).connected
    assert task.events == 2


def test_the_same_seed_makes_the_same_rows(app: Flask) -> None:
    chunks = ("log_chunks", "transcript_chunks")
    tables_ = ("tasks", "task_events", "attempts", "gates", *chunks, "machines", "projects")

    def contents() -> list[Any]:
        database.fill(SIZES, PASSWORD, moment, lambda *_: None)
        kept = [rows(f"SELECT to_jsonb(t) - 'recovery_digest' FROM {t} AS t") for t in tables_]
        names = "tasks, projects, machines, developers"
        db.session.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        return [sorted(json.dumps(row, sort_keys=True) for row in table) for table in kept]

    moment = clock.now()
    assert contents() == contents()


def test_a_database_in_use_is_added_to_only_when_asked(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["seed", *OPTIONS]).exit_code == 0
    refused = run(args=["seed", *OPTIONS])
    assert refused.exit_code == 1
    assert "isn't empty" in refused.output
    added = run(args=["seed", *OPTIONS, "--add", "--json"])
    assert added.exit_code == 0, added.output
    assert json.loads(added.stdout)["old_task"] == 61
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Task)) == 120


def test_a_weak_password_is_refused(app: Flask) -> None:
    refused = app.test_cli_runner().invoke(args=["seed", *OPTIONS, "--password=short"])
    assert refused.exit_code == 1
    assert not rows("SELECT id FROM developers")
