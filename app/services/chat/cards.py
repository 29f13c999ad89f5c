"""Task cards: for the command `progress`, and how a card shows that its question is closed."""

from collections.abc import Sequence

from app.chat.incoming_events import Button
from app.chat.messages import GateCard, Message, truncate
from app.domain import answerers
from app.domain import task as rules
from app.domain.change import has_changed
from app.domain.pipeline import AGENT_GATES
from app.domain.shown_state import ShownState, find_shown_state
from app.extensions import db
from app.models import Developer, Gate, Task
from app.services.changes import summary
from app.services.dispatch import wait_reasons
from app.services.tasks import queries, terminal_waits


def build_card(task: Task, gate: Gate | None) -> Message:
    """Return the card of a task, with its progress.

    It has the question of `gate`, if given, and the first changed files, if the question is about
    them.
    """
    state = find_states([task])[task.id]
    body = _progress(task, state)
    if gate and gate.answered_at is None and (who := answerers.describe(gate.answerers)):
        body = "\n".join(filter(None, (body, who)))
    if gate and gate.kind not in AGENT_GATES and (gate.stage_index or gate.number):
        body = "\n".join(filter(None, (body, summary.summarize_changes([task.id]).get(task.id))))
    return Message(
        delivery_id=0,
        kind="progress",
        title=truncate(f"#{task.id} {task.description.splitlines()[0]}", 140),
        body=body,
        task_id=task.id,
        project_key=task.project.key,
        status=task.status.value,
        state=state,
        url=None,
        gate=_gate_card(task, gate) if gate else None,
        occurred_at=task.updated_at,
    )


def find_states(tasks: Sequence[Task]) -> dict[int, ShownState]:
    """Return the states of tasks as people see them, by ID. At most two queries."""
    asking = {*wait_reasons.open_gates(tasks), *terminal_waits.find_waiting(tasks)}
    return {
        task.id: find_shown_state(task.status, task.suspend_reason, is_asking=task.id in asking)
        for task in tasks
    }


def describe_progress(task: Task) -> str:
    """Return the task's progress, in a few lines."""
    return _progress(task, find_states([task])[task.id])


def _progress(task: Task, state: ShownState) -> str:
    stage = stage_name(task, task.current_stage_index)
    lines = [headline(task, state)]
    lines.append(f"stage {task.current_stage_index + 1} of {len(task.pipeline)}, “{stage}”")
    if task.machine is not None:
        lines.append(f"on {task.machine.name}, attempt {task.attempt}")
    if task.failure:
        lines.append(f"{task.failure['code']}: {task.failure['message']}")
    if task.result and task.result["pushed"]:
        changed = "" if has_changed(task.result) else ", without changes"
        branch = task.result.get("branch") or task.branch
        lines.append(f"branch {branch}{changed}")
    return "\n".join(lines)


def headline(task: Task, state: ShownState) -> str:
    """Return the task's number, project, state and first line."""
    first = task.description.strip().splitlines() or [""]
    return f"#{task.id} {task.project.key} {state}: {truncate(first[0], 120)}"


def _gate_card(task: Task, gate: Gate) -> GateCard:
    return GateCard(
        stage_index=gate.stage_index,
        stage_name=stage_name(task, gate.stage_index),
        round=gate.round,
        number=gate.number,
        kind=gate.kind.value,
        prompt=gate.prompt,
        choices=tuple(gate.choices),
        answered=gate_result_text(task, gate),
    )


def gate_result_text(task: Task, gate: Gate) -> str | None:
    """Return the result of the gate's question as text; None while it's open."""
    if gate.answered_at is not None and gate.result is None:
        return "withdrawn"
    if gate.answered_at is not None:
        person = db.session.get(Developer, gate.answered_by) if gate.answered_by else None
        return truncate(f"{person.name if person else 'someone'}: {gate.result}", 200)
    if gate.round != task.round:
        return "asked in an earlier round"
    if task.status in rules.ENDED:
        why = task.failure["message"] if task.failure else task.status.value
        return f"not answered: {why}"
    return None


def stage_name(task: Task, index: int) -> str:
    name: str = task.pipeline[index]["name"]
    return name


def find_gate(actor: Developer, pressed: Button) -> tuple[Task, Gate | None]:
    """Return the task, and its gate that the button answers. Raises NotFound."""
    task = queries.get(actor, pressed.task_id)
    key = (pressed.task_id, pressed.round, pressed.stage_index, pressed.number)
    gate = db.session.get(Gate, key, populate_existing=True)
    return task, gate
