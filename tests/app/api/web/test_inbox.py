"""GET /api/web/inbox: a developer's inbox; and PUT …/dismiss, which removes a finished task."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.machine import MachineStatus
from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskEvent, TaskStatus
from app.extensions import db
from app.models import Developer, LogChunk, Project, Task
from app.services.tasks import transitions
from tests.app.api.web.conftest import Login
from tests.factories import (
    make_attempt,
    make_developer,
    make_gate,
    make_machine,
    make_personal_token,
    make_project,
    make_review,
    make_task,
)
from tests.factories.changes import COMMITS, make_change, make_content
from tests.factories.rows import now

PATH = "/api/web/inbox"
WORK = {"ref": "refs/muster/x", "commit": COMMITS[1], "diff": {"filesChanged": 1, "insertions": 8}}
AT_GATE = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.GATE}
RESULT = {"commit": COMMITS[1], "pushed": True, "filesChanged": 1}
KINDS = "gate question permission budget host terminal failure result machine"
NOTHING = dict.fromkeys(KINDS.split(" "), 0)
PIPELINE = [{"name": "develop", "command": "x"}, {"name": "release", "command": "y"}]


@pytest.fixture
def project(developer: Developer) -> Project:
    return make_project(members=[developer], pipeline=PIPELINE)


def get(client: FlaskClient, headers: dict[str, str], **query: Any) -> Any:
    answer = client.get(PATH, query_string=query, headers=headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def kinds(client: FlaskClient, headers: dict[str, str]) -> list[str]:
    page = get(client, headers)
    assert page["total"] == len(page["items"]) == sum(page["counts"].values())
    return [item["kind"] for item in page["items"]]


def failed(project: Project, creator: Developer, **given: Any) -> Task:
    about = {"code": "stage_failed", "message": "exit 1", "stageIndex": 0}
    given = {"status": TaskStatus.FAILED, "finished_at": now(), "failure": about, **given}
    return make_task(project=project, creator=creator, **given)


def completed(project: Project, creator: Developer, **given: Any) -> Task:
    given = {"finished_at": now(), "result": RESULT, "stage_index": 1, **given}
    return make_task(project=project, creator=creator, status=TaskStatus.COMPLETED, **given)


def test_on_the_first_day_nothing_needs_anybody(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    nothing = {"items": [], "nextCursor": None, "total": 0, "counts": NOTHING}
    assert get(client, headers) == nothing


def test_a_question_comes_with_all_that_is_needed_to_answer_it(
    client: FlaskClient, headers: dict[str, str], project: Project
) -> None:
    task = make_task(project=project, stage_index=1, checkpoints={"0": WORK}, **AT_GATE)
    make_attempt(task, make_machine())
    files: list[dict[str, Any]] = [{"path": f"{n}.py", "insertions": n} for n in range(6)]
    make_change(task, files)
    make_gate(task, prompt="Push?", expires_at=now() + timedelta(hours=4))
    [item] = get(client, headers)["items"]
    assert (item["kind"], item["defaultAction"], item["at"]) == (
        "gate",
        "fails",
        item["gate"]["expiresAt"],
    )
    assert item["since"] == item["gate"]["requestedAt"]
    assert item["actions"] == ["answer", "review", "follow_up"]
    pending = client.get(f"/api/web/tasks/{task.id}/pending-confirm", headers=headers).json
    assert item["gate"] == pending
    [listed] = client.get("/api/web/tasks", headers=headers).json["items"]
    assert item["task"] == {name: listed[name] for name in item["task"]}
    change = item["change"]
    assert (change["filesChanged"], change["insertions"], change["deletions"]) == (6, 15, 0)
    assert [file["path"] for file in change["files"]] == ["5.py", "4.py", "3.py", "2.py"]
    assert item["machine"] is None


def test_an_agents_question_and_a_budget_are_kinds_of_their_own(
    client: FlaskClient, headers: dict[str, str], project: Project
) -> None:
    asking = {**AT_GATE, "suspend_reason": SuspendReason.QUESTION}
    later = now() + timedelta(minutes=30)
    task = make_task(project=project, **asking)
    make_gate(task, number=1, kind=GateKind.QUESTION, choices=["a", "b"], expires_at=later)
    spent = {**AT_GATE, "suspend_reason": SuspendReason.BUDGET}
    budgets = [{"of": "task", "name": "1", "month": None, "budget": {"tokens": 5}}]
    budgets[0]["used"] = {"minutes": None, "tokens": 6, "cost": None}
    make_gate(make_task(project=project, **spent), number=1, kind=GateKind.BUDGET, budgets=budgets)
    items = {item["kind"]: item for item in get(client, headers)["items"]}
    assert (items["question"]["defaultAction"], items["question"]["gate"]["choices"]) == (
        "continues",
        ["a", "b"],
    )
    assert (items["budget"]["defaultAction"], items["budget"]["at"]) == ("nothing", None)
    assert items["budget"]["gate"]["budgets"][0]["budget"] == {"tokens": 5}
    assert [item["kind"] for item in get(client, headers, kind="budget")["items"]] == ["budget"]


@pytest.mark.parametrize(
    ("who", "sees"),
    [("member", True), ("admin", True), ("lead", False), ("creator who left", False)],
)
def test_who_may_not_answer_is_not_asked(
    client: FlaskClient, login: Login, project: Project, developer: Developer, who: str, sees: bool
) -> None:
    left = make_developer()
    people = {
        "member": developer,
        "admin": make_developer(role=SystemRole.ADMIN),
        "lead": make_developer(role=SystemRole.LEAD),
        "creator who left": left,
    }
    make_gate(make_task(project=project, creator=left, **AT_GATE))
    assert kinds(client, login(people[who])) == ["gate"] * sees


def test_only_what_is_open_is_asked(
    client: FlaskClient, headers: dict[str, str], project: Project, developer: Developer
) -> None:
    make_gate(make_task(project=project, **AT_GATE), answered_at=now(), result="confirm")
    make_gate(make_task(project=project, status=TaskStatus.CANCELLED))
    make_gate(make_task(project=project, round=2, **AT_GATE), round=1)
    gone = make_project(members=[developer], deleted_at=now())
    make_gate(make_task(project=gone, **AT_GATE))
    assert kinds(client, headers) == []
    make_gate(make_task(project=project))  # its machine has gone: it is asked all the same
    assert kinds(client, headers) == ["gate"]


def test_a_token_is_told_what_it_may_do(
    client: FlaskClient, project: Project, developer: Developer
) -> None:
    make_gate(make_task(project=project, **AT_GATE))
    make_gate(make_task(project=make_project(members=[developer]), **AT_GATE))
    _, secret = make_personal_token(developer, scopes=["read"], projects=[project.id])
    [item] = get(client, {"Authorization": f"Bearer {secret}"})["items"]
    assert (item["task"]["projectKey"], item["actions"]) == (project.key, [])


def test_ones_own_ends_are_to_be_looked_at(
    client: FlaskClient, headers: dict[str, str], project: Project, developer: Developer
) -> None:
    failed(project, make_developer())
    completed(project, make_developer())
    failed(project, developer)
    task = completed(project, developer, checkpoints={"0": WORK})
    make_attempt(task, make_machine())
    make_change(task, [{"path": "a.py", "insertions": 2}])
    failure, result = get(client, headers)["items"]
    assert (failure["kind"], failure["task"]["failure"]["message"]) == ("failure", "exit 1")
    assert failure["retryFrom"] == 0
    assert failure["actions"] == ["retry", "dismiss"]  # there is no work that it could go on from
    assert (result["kind"], result["since"]) == ("result", result["task"]["finishedAt"])
    assert result["actions"] == ["review", "follow_up", "dismiss"]
    assert (result["defaultAction"], result["change"]["files"][0]["path"]) == ("nothing", "a.py")


HUNKS = b"""[{"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "section": "", "lines": [
  {"type": "deleted", "oldLine": 1, "newLine": null, "text": "was"},
  {"type": "added", "oldLine": null, "newLine": 1, "text": "is"}]}]"""


def test_what_changed_and_why_it_failed_is_quoted(
    client: FlaskClient, headers: dict[str, str], project: Project, developer: Developer
) -> None:
    about = {"code": "stage_failed", "message": "exit 1", "stageIndex": 1}
    task = failed(project, developer, checkpoints={"0": WORK}, failure=about)
    attempt = make_attempt(task, make_machine())
    section = make_content(task, b"diff")
    section.hunks = HUNKS
    files = [{"path": "a.py", "insertions": 1}, {"path": "b.py", "insertions": 2}]
    make_change(task, [file | {"patch": section.id} for file in files])
    for offset, data in ((0, b"long ago\n"), (9, b"\x1b[31mKeyError: 'NL'\x1b[0m\n2 failed\n")):
        place = {"task_id": task.id, "attempt": attempt.number, "byte_offset": offset}
        db.session.add(
            LogChunk(**place, size=len(data), first_line=0, lines=1, marks=[], data=data)
        )
    db.session.commit()
    [item] = get(client, headers)["items"]
    assert (item["logTail"], item["retryFrom"]) == (["KeyError: 'NL'", "2 failed"], 1)
    excerpt = item["change"]["excerpt"]
    assert (excerpt["path"], [line["text"] for line in excerpt["lines"]]) == ("b.py", ["was", "is"])
    assert item["actions"] == ["retry", "follow_up", "dismiss"]


def test_an_end_leaves_when_it_has_been_seen_to(
    client: FlaskClient, headers: dict[str, str], project: Project, developer: Developer
) -> None:
    reviewed, confirmed = completed(project, developer), completed(project, developer)
    completed(project, developer, result={**RESULT, "filesChanged": 0})
    failed(project, developer, finished_at=now() - timedelta(days=15))
    retried = failed(project, developer)
    again = completed(project, developer, round=2)
    make_review(again, round=1)
    assert kinds(client, headers) == ["failure", "result", "result", "result"]
    make_review(reviewed, author=make_developer())
    make_gate(confirmed, stage_index=1, answered_at=now(), result="confirm")
    transitions.apply_event(retried, TaskEvent.RETRY, now())
    db.session.commit()
    assert kinds(client, headers) == ["result"]


def test_an_end_that_was_seen_leaves_until_it_is_unseen_or_there_is_another(
    client: FlaskClient, headers: dict[str, str], project: Project, developer: Developer
) -> None:
    task = failed(project, developer)

    def mark(seen: bool) -> int:
        answer = client.put(
            f"/api/web/tasks/{task.id}/dismiss", json={"dismissed": seen}, headers=headers
        )
        return answer.status_code

    assert (mark(True), mark(True), kinds(client, headers)) == (200, 200, [])
    assert (mark(False), kinds(client, headers)) == (200, ["failure"])
    assert mark(True) == 200
    transitions.apply_event(task, TaskEvent.RETRY, now())
    transitions.fail(task, "stage_failed", "again", now())
    db.session.commit()
    assert kinds(client, headers) == ["failure"]


def test_only_who_has_created_a_task_marks_its_end_and_only_an_end(
    client: FlaskClient, headers: dict[str, str], project: Project, developer: Developer
) -> None:
    of_other = failed(project, make_developer())
    running = make_task(project=project, creator=developer)
    for task, status, code in ((of_other, 403, "forbidden"), (running, 409, "task_not_ended")):
        path = f"/api/web/tasks/{task.id}/dismiss"
        answer = client.put(path, json={"dismissed": True}, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (status, code)


def test_unhealthy_machines_are_for_leads_and_admins(
    client: FlaskClient, login: Login, headers: dict[str, str]
) -> None:
    make_machine()
    make_machine(status=MachineStatus.DECOMMISSIONED, connected=False)
    make_machine(status=MachineStatus.OFFLINE, connected=False, connected_at=None)
    back = {"agentType": "x", "healthy": False, "degradedUntil": "2001-01-01T00:00:00.000Z"}
    make_machine(capabilities=[back])
    make_machine(capabilities=[{"agentType": "x", "healthy": False, "reason": "binary_missing"}])
    assert kinds(client, login(make_developer(role=SystemRole.ADMIN))) == []
    off = make_machine(status=MachineStatus.OFFLINE, connected=False, slots_used=1)
    full = make_machine(
        status=MachineStatus.DRAINING,
        drain_started_at=now() - timedelta(minutes=26),
        metrics={"diskPercent": 93.0},
    )
    sick = {"agentType": "codex", "healthy": False, "reason": "auth_failure"}
    ill = make_machine(capabilities=[sick], connected_at=now() - timedelta(days=1))
    items = get(client, login(make_developer(role=SystemRole.LEAD)))["items"]
    shown = [(item["machine"]["name"], item["defaultAction"], item["actions"]) for item in items]
    assert shown == [
        (off.name, "requeues", []),
        (full.name, "nothing", ["undrain"]),
        (ill.name, "nothing", []),
    ]
    assert [item["since"] is None for item in items] == [False, False, True]
    assert items[1]["machine"]["diskPercent"] == 93
    assert items[2]["machine"]["problems"] == [
        {"reason": "agent", "agent": "codex", "detail": "auth_failure", "until": None}
    ]
    assert kinds(client, headers) == []


def test_pages_follow_each_other_from_the_asks_to_the_machines(
    client: FlaskClient, login: Login, project: Project
) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    for number in range(3):
        make_gate(make_task(project=project, **AT_GATE))
        same = now() - timedelta(minutes=number % 2)
        failed(project, admin, finished_at=same)
        completed(project, admin, finished_at=same)
        make_machine(status=MachineStatus.OFFLINE, connected=False)
    headers = login(admin)
    whole = [item["id"] for item in get(client, headers)["items"]]
    assert len(set(whole)) == 12
    found, cursor = [], None
    while cursor is not None or not found:
        page = get(client, headers, limit=2, **({"cursor": cursor} if cursor else {}))
        found += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert found == whole
    assert [each.partition("-")[0] for each in whole] == [
        kind for kind in ("gate", "failure", "result", "machine") for _ in range(3)
    ]
