"""What can be done with a task, by its state and by permission."""

import pytest

from app.domain.access import Access
from app.domain.pipeline import GateKind
from app.domain.roles import Permission, Person, ProjectRole, SystemRole
from app.domain.task import TaskStatus
from app.domain.task_actions import PERMISSIONS, TaskAction, TaskState, allowed_actions
from app.domain.task_message import Recipients, RecipientState
from app.domain.token_scope import UNRESTRICTED, AccessScope

S, G = TaskStatus, GateKind
ADMIN = Access(Person(SystemRole.ADMIN), UNRESTRICTED, 1)
WORKS = Recipients(RecipientState.OPEN)
RUNNING = TaskState(
    S.RUNNING, has_terminal=True, opens_shells=True, takes_tunnel=True, recipients=WORKS
)


def allowed(state: TaskState, access: Access = ADMIN) -> str:
    return " ".join(allowed_actions(access, state))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (TaskState(S.QUEUED), "review follow_up cancel"),
        (TaskState(S.QUEUED, G.CONFIRM), "answer review cancel"),
        (TaskState(S.QUEUED, G.CONFIRM, has_work=True), "answer review follow_up cancel"),
        (TaskState(S.ASSIGNED, takes_tunnel=True), "review follow_up cancel tunnel"),
        (RUNNING, "review follow_up cancel tunnel type shell message interrupt"),
        (TaskState(S.RUNNING, has_terminal=True), "review follow_up cancel type"),
        (TaskState(S.RUNNING, opens_shells=True), "review follow_up cancel"),
        (TaskState(S.ASSIGNED, recipients=WORKS), "review follow_up cancel message"),
        (
            TaskState(S.SUSPENDED, G.QUESTION, recipients=WORKS),
            "answer review follow_up cancel message",
        ),
        (TaskState(S.RUNNING, has_tunnel=True), "review follow_up cancel tunnel"),
        (TaskState(S.RUNNING, follow_ups_queued=20), "review cancel"),
        (TaskState(S.SUSPENDED, G.BUDGET), "answer review follow_up cancel"),
        (TaskState(S.SUSPENDED, G.CHOOSE), "answer review cancel"),
        (TaskState(S.SUSPENDED, G.PERMISSION), "answer review follow_up cancel"),
        (
            TaskState(S.SUSPENDED, G.PERMISSION, has_suggestion=True),
            "answer allow_always review follow_up cancel",
        ),
        (TaskState(S.SUSPENDED, G.CONFIRM, has_suggestion=True), "answer review cancel"),
        (TaskState(S.COMPLETED, has_work=True), "review follow_up"),
        (TaskState(S.COMPLETED), "review"),
        (TaskState(S.FAILED), "review retry"),
        (TaskState(S.FAILED, follow_ups_queued=1), "review follow_up retry"),
        (TaskState(S.FAILED, is_follow_up=True), "review"),
        (TaskState(S.CANCELLED, is_follow_up=True, has_work=True), "review follow_up retry"),
        (TaskState(S.CANCELLED, has_work=True, is_archived=True), "review"),
        (TaskState(S.QUEUED, G.CONFIRM, is_archived=True), "answer review cancel"),
    ],
    ids=str,
)
def test_a_state_allows_what_can_be_carried_out(state: TaskState, expected: str) -> None:
    assert allowed(state) == expected


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (Person(SystemRole.DEVELOPER), ""),
        (Person(SystemRole.DEVELOPER, ProjectRole.MEMBER), "review follow_up message"),
        (Person(SystemRole.LEAD), "cancel"),
        (Person(SystemRole.DEVELOPER, ProjectRole.MAINTAINER), allowed(RUNNING)),
        (Person(SystemRole.DEVELOPER, ProjectRole.MEMBER, is_creator=True), allowed(RUNNING)),
    ],
    ids=str,
)
def test_only_those_actions_are_allowed_that_the_person_has_the_permission_for(
    person: Person, expected: str
) -> None:
    assert allowed(RUNNING, Access(person, UNRESTRICTED, 1)) == expected
    reading = AccessScope.from_columns(["read"], None)
    assert allowed(RUNNING, Access(person, reading, 1)) == ""


def test_each_action_has_a_permission_which_only_a_few_share() -> None:
    assert PERMISSIONS.keys() == set(TaskAction)
    shared = {
        TaskAction.MESSAGE: "follow_up",
        TaskAction.SEND_BACK: "follow_up",
        TaskAction.INTERRUPT: "control_terminal",
        TaskAction.SHELL: "control_terminal",
    }
    assert {action: PERMISSIONS[action] for action in shared} == shared
    others = set(PERMISSIONS.values()) & set(Permission)
    assert len(others) == len(PERMISSIONS) - len(shared)
