"""The status of a task, with what changes with it, and that of a machine each have one writer."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.errors import Conflict, MachineDecommissioned
from app.domain.machine import MachineEvent, MachineStatus
from app.models import Machine, Task
from app.services.machines import transitions
from app.services.tasks import transitions as task_transitions

APP = Path(__file__).parents[1] / "app"
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)

WRITERS = {"services/machines/transitions.py", "services/tasks/transitions.py"}
# Statements that stay in SQL, by file, and why.
IN_SQL = {
    "server_cli/backups/after_restore.py": "machines: restored, before any process knows them",
    "services/dispatch/statements.py": "tasks: a whole batch is assigned in one round trip",
}
# What changes with a task's status, and the attributes of other objects that have such a name.
WITH_STATUS = ("stage_index", "round", "partial")
OF_OTHERS = {
    ("services/logs/lines.py", "self.stage_index"),
    ("services/tasks/stages.py", "attempt.stage_index"),
    ("services/tasks/follow_up_queue.py", "row.round"),
    ("services/tasks/message_queue.py", "row.stage_index"),
}
# What sets attributes by name, and why no status is among them.
BY_NAME = {
    "api/field_errors.py": "the words of a rule of marshmallow's",
    "services/machines/enrollment.py": "what a machine reports of itself",
    "services/notify/bots.py": "a bot",
    "services/accounts/account_admin.py": "a developer",
    "services/accounts/drafts.py": "a draft of a task",
    "services/accounts/profile.py": "a developer",
    "services/accounts/saved_views.py": "a view of tasks",
    "services/projects/projects.py": "a project",
    "services/sso/providers.py": "a provider",
    "chat/apprise_child.py": "a module of the standard library",
}

_SQL = re.compile(r"UPDATE\s+(?:tasks|machines)\b(?:(?!\bWHERE\b).)*?\bstatus\s*=", re.S | re.I)


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(APP.rglob("*.py")):
        yield path.relative_to(APP).as_posix(), ast.parse(path.read_text())


def _is_assigned(node: ast.AST, *names: str) -> bool:
    """`x.status = …`, in whatever form, or likewise with one of these names."""
    names = names or ("status",)
    match node:
        case ast.Attribute(attr=name, ctx=ast.Store()):
            return name in names
        case ast.Call(func=ast.Attribute(attr="values"), keywords=given):
            return any(keyword.arg in names for keyword in given)
    return False


def _is_made(node: ast.AST) -> bool:
    """`LockedTask(…)`."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("LockedTask")


def _names_its_target(node: ast.AST) -> bool:
    """`setattr(x, name, …)`."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "setattr"


def _is_sql(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and bool(_SQL.search(str(node.value)))


def test_a_status_is_assigned_by_its_writer_alone() -> None:
    found = {name for name, tree in _trees() if any(map(_is_assigned, ast.walk(tree)))}
    assert found == WRITERS


def test_what_changes_with_a_tasks_status_has_the_same_writer() -> None:
    found = {
        (name, ast.unparse(node))
        for name, tree in _trees()
        for node in ast.walk(tree)
        if _is_assigned(node, *WITH_STATUS)
    }
    others = {each for each in found if each[0] != "services/tasks/transitions.py"}
    assert others == OF_OTHERS
    assert {text for _, text in found - others} == {f"task.{name}" for name in WITH_STATUS}


def test_a_locked_task_is_made_where_it_is_locked() -> None:
    makers = {name for name, tree in _trees() for node in ast.walk(tree) if _is_made(node)}
    assert makers == {"services/locks.py"}


def test_no_statement_sets_a_status_but_those_that_have_a_reason() -> None:
    found = {name for name, tree in _trees() if any(map(_is_sql, ast.walk(tree)))}
    assert found == IN_SQL.keys()


def test_what_sets_attributes_by_name_is_known() -> None:
    found = {name for name, tree in _trees() if any(map(_names_its_target, ast.walk(tree)))}
    assert found == BY_NAME.keys()


@pytest.mark.parametrize(
    "code", ["m.status = x", "m.status, y = x", "m.status: S = x", "update(M).values(status=x)"]
)
def test_the_look_finds_an_assignment_in_each_form(code: str) -> None:
    assert any(map(_is_assigned, ast.walk(ast.parse(code))))


# ---- what the tasks' writer does besides ---------------------------------------------------------


@pytest.mark.parametrize(("stage_index", "is_kept"), [(1, True), (0, False), (2, False)])
def test_a_checkpoint_in_the_middle_of_a_stage_goes_with_it(
    stage_index: int, is_kept: bool
) -> None:
    row = Task(stage_index=1, partial={"stageIndex": 1, "ref": "refs/muster/1/1/1-partial"})
    task_transitions.enter_stage(row, stage_index)
    assert (row.stage_index, row.partial is not None) == (stage_index, is_kept)


# ---- what the machine's writer does besides ------------------------------------------------------


def machine(status: MachineStatus, *, connected: bool = True) -> Machine:
    return Machine(
        status=status,
        connected=connected,
        connected_at=EARLIER,
        drain_started_at=EARLIER if status in ("draining", "drained") else None,
        drain_by=7,
        drain_note="a new disk",
        drain_deadline=NOW,
    )


@pytest.mark.parametrize(
    ("status", "event", "before", "after"),
    [
        ("offline", "connect", False, True),
        ("draining", "connect", False, True),
        ("online", "time_out", True, False),
        ("drained", "time_out", True, False),
        ("online", "decommission", True, False),
        ("online", "drain", True, True),
        ("offline", "drain", False, False),
        ("draining", "finish_drain", True, True),
        ("drained", "undrain", False, False),
    ],
)
def test_whether_a_machine_is_connected_follows_from_the_event(
    status: str, event: str, before: bool, after: bool
) -> None:
    row = machine(MachineStatus(status), connected=before)
    transitions.apply_event(row, MachineEvent(event), NOW)
    assert row.connected is after


def test_a_machine_is_connected_for_the_first_time_once() -> None:
    row = machine(MachineStatus.OFFLINE)
    row.connected_at = None
    transitions.apply_event(row, MachineEvent.CONNECT, NOW)
    transitions.apply_event(row, MachineEvent.CONNECT, NOW + timedelta(hours=1))
    assert row.connected_at == NOW


def test_a_second_drain_does_not_begin_anew() -> None:
    row = machine(MachineStatus.ONLINE)
    for moment in (NOW, NOW + timedelta(hours=1)):
        transitions.apply_event(row, MachineEvent.DRAIN, moment)
    assert row.drain_started_at == NOW


@pytest.mark.parametrize("event", [MachineEvent.UNDRAIN, MachineEvent.DECOMMISSION])
def test_nothing_of_a_drain_outlives_it(event: MachineEvent) -> None:
    row = machine(MachineStatus.DRAINING)
    transitions.apply_event(row, event, NOW)
    kept = (row.drain_started_at, row.drain_by, row.drain_note, row.drain_deadline)
    assert kept == (None, None, None, None)


@pytest.mark.parametrize(
    ("status", "event", "error"),
    [
        (MachineStatus.DECOMMISSIONED, MachineEvent.CONNECT, MachineDecommissioned),
        (MachineStatus.ONLINE, MachineEvent.FINISH_DRAIN, Conflict),
    ],
)
def test_what_is_refused_changes_nothing(
    status: MachineStatus, event: MachineEvent, error: type[Exception]
) -> None:
    row = machine(status, connected=False)
    with pytest.raises(error):
        transitions.apply_event(row, event, NOW)
    assert (row.status, row.connected, row.drain_note) == (status, False, "a new disk")
