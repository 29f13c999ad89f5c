"""What people can do with a task now, by its state and their access. Services enforce the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain import follow_up, interrupt, task, task_message
from app.domain.access import Access
from app.domain.interrupt import Interrupt
from app.domain.pipeline import GateKind
from app.domain.roles import Permission
from app.domain.task import TaskEvent, TaskStatus
from app.domain.task_message import NOBODY, Recipients


class TaskAction(StrEnum):
    """Actions of people on a task."""

    ANSWER = "answer"  # its open gate
    ALLOW_ALWAYS = "allow_always"  # in its project, what its agent asks for
    REVIEW = "review"  # and comment
    FOLLOW_UP = "follow_up"
    SEND_BACK = "send_back"  # a failed check, to the agent before it
    CANCEL = "cancel"
    RETRY = "retry"
    TUNNEL = "tunnel"  # open one into its workspace, or close it
    TYPE = "type"  # into its terminal
    SHELL = "shell"  # open one beside its stage
    MESSAGE = "message"  # its agent
    INTERRUPT = "interrupt"  # its agent, also with a message that it gets now


PERMISSIONS: Mapping[TaskAction, Permission] = {
    TaskAction.ANSWER: Permission.ANSWER_GATE,
    TaskAction.ALLOW_ALWAYS: Permission.CHANGE_PROJECT,
    TaskAction.REVIEW: Permission.REVIEW,
    TaskAction.FOLLOW_UP: Permission.FOLLOW_UP,
    TaskAction.SEND_BACK: Permission.FOLLOW_UP,
    TaskAction.CANCEL: Permission.CANCEL_TASK,
    TaskAction.RETRY: Permission.RETRY_TASK,
    TaskAction.TUNNEL: Permission.CONTROL_TUNNEL,
    TaskAction.TYPE: Permission.CONTROL_TERMINAL,
    TaskAction.SHELL: Permission.CONTROL_TERMINAL,
    TaskAction.MESSAGE: Permission.FOLLOW_UP,
    TaskAction.INTERRUPT: Permission.CONTROL_TERMINAL,
}


@dataclass(frozen=True)
class TaskState:
    """The facts about a task that decide which actions are possible.

    `gate` is the kind of the open gate; `has_suggestion`: with it, the agent suggests a rule for
    its project. `has_work`: a round can continue from its work.
    `is_follow_up`: a follow-up started its round. `has_terminal`: a stage's process may be running.
    `opens_shells`: its machine's release can, beside that.
    `takes_tunnel`: its workspace exists, with an open network. `has_tunnel`: an open one.
    `is_archived`: its project is, and takes no new work.
    `is_answerer`: the open gate's stage lets the viewer answer (`domain.answerers`).
    `has_failed_check`: it failed at a check that can go back to an agent (`domain.send_back`).
    `recipients`: who gets a message. `interrupt`: the one under way.
    """

    status: TaskStatus
    gate: GateKind | None = None
    has_suggestion: bool = False
    has_work: bool = False
    is_follow_up: bool = False
    follow_ups_queued: int = 0
    has_terminal: bool = False
    opens_shells: bool = False
    takes_tunnel: bool = False
    has_tunnel: bool = False
    is_archived: bool = False
    is_answerer: bool = True
    has_failed_check: bool = False
    messages_waiting: int = 0
    recipients: Recipients = NOBODY
    interrupt: Interrupt | None = None


def is_possible(action: TaskAction, state: TaskState) -> bool:
    """Whether the task's state allows the action to someone. An open tunnel may still block it."""
    match action:
        case TaskAction.ANSWER:
            return state.gate is not None and state.is_answerer
        case TaskAction.ALLOW_ALWAYS:
            return state.gate is GateKind.PERMISSION and state.has_suggestion
        case TaskAction.REVIEW:
            return True
        case TaskAction.FOLLOW_UP:
            return _can_follow_up(state)
        case TaskAction.SEND_BACK:
            return state.has_failed_check and not state.follow_ups_queued and _can_follow_up(state)
        case TaskAction.CANCEL:
            return task.accepts(state.status, TaskEvent.CANCEL)
        case TaskAction.RETRY:
            has_start = state.has_work or not state.is_follow_up
            can_start = has_start and not state.is_archived
            return task.accepts(state.status, TaskEvent.RETRY) and can_start
        case TaskAction.TUNNEL:
            return state.takes_tunnel or state.has_tunnel
        case TaskAction.TYPE:
            return state.has_terminal
        case TaskAction.SHELL:
            return state.has_terminal and state.opens_shells
        case TaskAction.MESSAGE:
            return task_message.can_send(state.recipients, state.messages_waiting)
        case TaskAction.INTERRUPT:
            return interrupt.can_interrupt(state.status, state.recipients, state.interrupt)


def _can_follow_up(state: TaskState) -> bool:
    return not state.is_archived and follow_up.can_add(
        state.status,
        at_gate=follow_up.is_at_gate(state.gate),
        queued=state.follow_ups_queued,
        has_work=state.has_work,
    )


def allowed_actions(
    access: Access, state: TaskState, among: Iterable[TaskAction] = TaskAction
) -> list[TaskAction]:
    """Return the actions that the access and the task's state allow, of those given."""
    return [
        action
        for action in among
        if access.allows(PERMISSIONS[action]) and is_possible(action, state)
    ]
