"""Projects at rest, and what happens to them at the same moment."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app.domain.errors import AlreadyExists, InvalidFields, NotFound
from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Project, ProjectMember
from app.services import encryption
from app.services.clock import now
from app.services.project_deletion import deletion as project_removal
from app.services.project_deletion.deletion import ProjectInUse
from app.services.projects import members, projects, views
from app.services.projects.members import LastMaintainer
from tests.factories import (
    make_attempt,
    make_developer,
    make_gate,
    make_machine,
    make_project,
    make_task,
)


def admin() -> Developer:
    return make_developer(role=SystemRole.ADMIN)


def create(key: str = "Shop", **fields: object) -> Project:
    return projects.create(
        admin(), **{"key": key, "repo_url": "https://h/x", "agent_type": "claude", **fields}
    )


def test_secrets_are_encrypted_at_rest(app: Flask) -> None:
    project = create(secrets={"KEY": "hush"}, git_token="ghp_1")
    db.session.expire_all()
    assert "hush" not in str(project.secrets)
    assert encryption.decrypt(project.secrets["KEY"]) == "hush"
    assert project.git_token
    assert encryption.decrypt(project.git_token) == "ghp_1"


def test_an_update_sets_and_removes_single_secrets(app: Flask) -> None:
    create(secrets={"A": "1", "B": "2"}, git_token="t")
    project = projects.update(admin(), "shop", secrets={"A": None, "C": "3"}, git_token=None)
    assert {name: encryption.decrypt(s) for name, s in project.secrets.items()} == {
        "B": "2",
        "C": "3",
    }
    assert project.git_token is None


def test_a_pipeline_is_stored_with_its_defaults(app: Flask) -> None:
    gated = {"name": "b", "command": "x", "kind": "shell", "timeout": 5, "confirm": True}
    raw = [{"name": "a", "command": "{description}", "confirm": False, "prompt": None}, gated]
    assert create(pipeline=raw).pipeline == [
        {"name": "a", "command": "{description}", "kind": "agent", "timeout": 3600},
        gated,
    ]


def test_no_pipeline_means_one_stage(app: Flask) -> None:
    (stage,) = create().pipeline
    assert (stage["name"], stage["command"], stage["timeout"]) == ("develop", "{description}", 3600)


@pytest.mark.parametrize("agent", ["custom", "acp"])
def test_an_agent_of_a_projects_own_needs_a_command_that_can_be_split(
    app: Flask, agent: str
) -> None:
    for command in (None, "", "'open"):
        with pytest.raises(InvalidFields) as refused:
            create(agent_type=agent, agent_command=command)
        assert set(refused.value.errors) == {"agentCommand"}
        db.session.rollback()
    assert create(agent_type=agent, agent_command="agent --do {prompt}")


def test_a_refused_update_changes_nothing(app: Flask) -> None:
    create(name="Old")
    with pytest.raises(InvalidFields):
        projects.update(admin(), "Shop", name="New", agent_type="custom")
    db.session.rollback()
    assert projects.get(admin(), "Shop").name == "Old"


@pytest.mark.parametrize("key", ["shop", "SHOP"])
def test_a_key_is_taken_in_any_letter_case(app: Flask, key: str) -> None:
    create("Shop")
    with pytest.raises(AlreadyExists):
        create(key)


def test_of_simultaneous_creations_one_wins(committed_app: Flask) -> None:
    start = Barrier(4)

    def attempt(key: str) -> bool:
        with committed_app.app_context():
            start.wait(10)
            try:
                create(key)
            except AlreadyExists:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, ["shop", "Shop", "SHOP", "sHOP"])) == 1


def test_of_two_maintainers_who_leave_at_once_one_stays(committed_app: Flask) -> None:
    for _ in range(10):
        pair = [make_developer(), make_developer()]
        project = make_project(maintainers=pair)
        start = Barrier(2)

        def leave(developer_id: int, start: Barrier = start, key: str = project.key) -> bool:
            with committed_app.app_context():
                me = db.session.get(Developer, developer_id)
                assert me is not None
                start.wait(10)
                try:
                    members.remove(me, key, developer_id)
                except LastMaintainer:
                    return False
                return True

        with ThreadPoolExecutor(2) as pool:
            left = list(pool.map(leave, [developer.id for developer in pair]))
        assert sorted(left) == [False, True]
        count = select(func.count()).where(ProjectMember.project_id == project.id)
        assert db.session.scalar(count) == 1
        db.session.rollback()


def test_the_last_maintainer_cannot_be_demoted_either(app: Flask) -> None:
    developer = make_developer()
    project = make_project(maintainers=[developer])
    with pytest.raises(LastMaintainer):
        members.set_member(admin(), project.key, developer.id, ProjectRole.MEMBER)


def test_a_project_with_live_tasks_is_not_deleted_without_force(app: Flask) -> None:
    actor, project = admin(), make_project()
    live, done = make_task(project=project), make_task(project=project, status=TaskStatus.FAILED)
    with pytest.raises(ProjectInUse):
        project_removal.delete(actor, project.key)
    project_removal.delete(actor, project.key, force=True)
    assert (live.status, done.status) == (TaskStatus.CANCELLED, TaskStatus.FAILED)
    with pytest.raises(NotFound):
        projects.get(actor, project.key)


def test_a_project_to_which_a_task_is_being_added_is_not_deleted(committed_app: Flask) -> None:
    actor, project = admin(), make_project()
    projects.get(actor, project.key, hold=True)

    def delete() -> type[Exception] | None:
        with committed_app.app_context():
            try:
                project_removal.delete(db.session.get_one(Developer, actor.id), project.key)
            except (ProjectInUse, NotFound) as error:
                return type(error)
            return None

    with ThreadPoolExecutor(1) as pool:
        deletion = pool.submit(delete)
        wait_for_a_blocked_backend()
        make_task(project=project, creator=actor)  # commits, and so lets go
        assert deletion.result(10) is ProjectInUse


def wait_for_a_blocked_backend() -> None:
    """Until another connection waits for a lock of ours; at most 10 s."""
    blocked = text(
        "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    deadline = time.monotonic() + 10
    while db.session.scalar(blocked) is None:
        if time.monotonic() > deadline:
            db.session.rollback()  # or the other would wait for ever
            pytest.fail("nobody waits")
        time.sleep(0.01)


def test_a_deleted_projects_key_is_free_again(app: Flask) -> None:
    create("Shop")
    project_removal.delete(admin(), "shop")
    assert create("shop")


def test_views_count_members_and_tasks(app: Flask) -> None:
    project = make_project(members=[make_developer(), make_developer()])
    for status in ("queued", "queued", "failed"):
        make_task(project=project, status=status)
    make_task()  # another project's
    empty = make_project()
    full, bare = views.list_views([project, empty])
    assert full.member_count == 2
    assert full.task_counts == dict.fromkeys(TaskStatus, 0) | {"queued": 2, "failed": 1}
    assert bare.member_count == sum(bare.task_counts.values()) == 0


def test_views_count_live_tasks_by_what_people_see(app: Flask) -> None:
    project = make_project()
    queued, asking, running, at_terminal, gated, lost = (
        make_task(project=project, status=status, suspend_reason=reason)
        for status, reason in (
            *(("queued", None), ("queued", None), ("running", None), ("running", None)),
            *(("suspended", "gate"), ("suspended", "machine_lost")),
        )
    )
    make_gate(queued, answered_at=now(), result="confirm")
    make_gate(asking)  # its machine drained
    make_gate(gated)
    make_gate(make_task(project=project, status="failed"))  # nobody can answer that
    for task in (running, lost):
        make_attempt(task, make_machine())
    wait = {"stageIndex": 0, "run": 1, "since": "2026-01-01T00:00:00Z"}
    make_attempt(at_terminal, make_machine(), run=1, phase="run", terminal_wait=wait)
    (view,) = views.list_views([project])
    expected = {"queued": 1, "assigned": 0, "running": 1, "needs you": 3, "waiting": 1}
    assert view.task_states == expected
