"""What a task is said to allow is what its routes then do: for roles, scopes and states."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task_actions import TaskAction
from app.extensions import db
from app.models import Developer, Gate, Project, Task
from app.services import clock
from tests.app.services.statements import counted
from tests.contract.task_states import STATES
from tests.factories import make_developer, make_personal_token, make_project

Login = Callable[[Developer], dict[str, str]]
PIPELINE = [{"name": "develop", "command": "x"}, {"name": "test", "command": "y"}]
ANSWERS = {GateKind.CONFIRM: "confirm", GateKind.BUDGET: "continue", GateKind.CHECKPOINT: "resume"}
WEB = "/api/web"
LISTED = {"answer", "follow_up", "cancel", "retry"}


@pytest.fixture
def people() -> dict[str, Developer]:
    roles = {"lead": SystemRole.LEAD, "admin": SystemRole.ADMIN}
    names = ("outsider", "member", "creator", "maintainer", "lead", "admin")
    return {name: make_developer(role=roles.get(name, SystemRole.DEVELOPER)) for name in names}


@pytest.fixture
def project(people: Mapping[str, Developer]) -> Project:
    members = [people["member"], people["creator"]]
    return make_project(members=members, maintainers=[people["maintainer"]], pipeline=PIPELINE)


@pytest.fixture
def credentials(
    people: Mapping[str, Developer], project: Project, login: Login
) -> dict[str, dict[str, str]]:
    """Everyone's login, and limited tokens of those who can do the most."""
    found = {name: login(person) for name, person in people.items()}
    elsewhere = make_project(members=[people["creator"]])
    tokens: dict[str, tuple[str, dict[str, Any]]] = {
        "creator's read token": ("creator", {"scopes": ["read"]}),
        "creator's tasks token": ("creator", {"scopes": ["tasks"]}),
        "creator's token here": ("creator", {"projects": [project.id]}),
        "creator's token elsewhere": ("creator", {"projects": [elsewhere.id]}),
        "admin's admin token": ("admin", {"scopes": ["admin"]}),
    }
    for token, (name, limits) in tokens.items():
        _, secret = make_personal_token(people[name], **limits)
        found[token] = {"Authorization": f"Bearer {secret}"}
    return found


def requests(task: Task, gate: Gate | None, state: str) -> dict[TaskAction, tuple[str, Any]]:
    """The route of each action, and the least body that it takes."""
    path = f"{WEB}/tasks/{task.id}"
    answer: dict[str, Any] = {"stageIndex": 0, "result": "confirm"}
    if gate is not None:
        answer |= {"number": gate.number, "result": ANSWERS.get(gate.kind, "yes")}
    tunnel = "stop" if state == "with an open tunnel" else "start"
    return {
        TaskAction.ANSWER: (f"{path}/confirm-stage", answer),
        TaskAction.REVIEW: (f"{path}/reviews", {"verdict": "comment", "body": "Well."}),
        TaskAction.FOLLOW_UP: (f"{path}/follow-ups", {"instruction": "More."}),
        TaskAction.SEND_BACK: (f"{path}/send-back", None),
        TaskAction.CANCEL: (f"{path}/cancel", None),
        TaskAction.RETRY: (f"{path}/retry", {}),
        TaskAction.TUNNEL: (f"{WEB}/workspace-tunnel/{task.id}/{tunnel}", {}),
        TaskAction.MESSAGE: (f"{path}/messages", {"text": "More."}),
        TaskAction.INTERRUPT: (f"{path}/interrupt", {}),
        TaskAction.TYPE: (f"{path}/pty-token", {"mode": "control"}),
        TaskAction.SHELL: (f"{path}/pty-token", {"terminal": "shell"}),
    }


def post_and_revert(client: FlaskClient, path: str, body: Any, headers: dict[str, str]) -> Any:
    db.session.remove()
    connection: Any = db.engine
    savepoint = connection.begin_nested()
    try:
        return client.post(path, json=body, headers=headers)
    finally:
        db.session.remove()
        savepoint.rollback()


@pytest.mark.parametrize(
    ("state", "is_deleted"),
    [(state, False) for state in STATES]
    + [(state, True) for state in ("running", "at a gate", "failed with work")],
)
def test_what_is_allowed_is_what_the_routes_do(
    client: FlaskClient,
    people: Mapping[str, Developer],
    project: Project,
    credentials: Mapping[str, dict[str, str]],
    state: str,
    is_deleted: bool,
) -> None:
    task = STATES[state](project, people["creator"])
    if is_deleted:
        project.deleted_at = clock.now()
    db.session.commit()
    gate = db.session.scalar(db.select(Gate).where(Gate.task_id == task.id))
    asked, listed, path = (
        requests(task, gate, state),
        f"{WEB}/tasks?ids={task.id}",
        f"{WEB}/tasks/{task.id}",
    )
    for credential, headers in credentials.items():
        answers = {
            action: post_and_revert(client, route, body, headers)
            for action, (route, body) in asked.items()
        }
        done = [action.value for action, answer in answers.items() if answer.status_code < 400]
        shown = client.get(path, headers=headers)
        texts = {action.value: answer.text for action, answer in answers.items()}
        assert shown.json.get("allowedActions", []) == done, (credential, texts)
        expected = [[action for action in done if action in LISTED]]
        items = client.get(listed, headers=headers).json["items"]
        assert [item["allowedActions"] for item in items] == (
            expected if shown.status_code == 200 else []
        ), credential


@pytest.mark.parametrize("budget", [None, {"tokens": 5}], ids=["", "with a budget"])
@pytest.mark.parametrize(
    ("state", "most"), [("queued", 7), ("running", 7), ("completed", 4), ("cancelled", 3)]
)
def test_actions_cost_a_task_no_statement_and_budgets_one(
    client: FlaskClient,
    people: Mapping[str, Developer],
    project: Project,
    login: Login,
    state: str,
    most: int,
    budget: dict[str, int] | None,
) -> None:
    project.budget = budget
    task = STATES[state](project, people["creator"])
    path, headers = f"{WEB}/tasks/{task.id}", login(people["member"])
    client.get(path, headers=headers)  # which notes when the login was last seen
    with counted() as sent:
        shown = client.get(path, headers=headers).json
    of_the_tests = ("SAVEPOINT", "RELEASE", "ROLLBACK")
    asked = [line for line in sent if not line.startswith(of_the_tests)]
    assert len(asked) == most + len(shown["budgets"]), sent
    assert len(shown["budgets"]) == (budget is not None)
