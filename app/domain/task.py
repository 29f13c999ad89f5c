"""A task's states, and all transitions between them (contract.md, section 3)."""

from enum import StrEnum

from app.domain.errors import IllegalTransition


class TaskStatus(StrEnum):
    QUEUED = "queued"
    ASSIGNED = "assigned"
    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SuspendReason(StrEnum):
    GATE = "gate"
    MACHINE_LOST = "machine_lost"
    QUESTION = "question"  # its agent asks in the middle of a stage; the process and slot stay
    BUDGET = "budget"  # as at a gate, also in the middle of a stage: a budget is used up
    QUOTA = "quota"  # likewise, until its agent's account has quota again


class TaskEvent(StrEnum):
    """Events of a task; `services.tasks.transitions.apply_event` changes its status accordingly."""

    ASSIGN = "assign"
    START = "start"
    ASK = "ask"  # a gate opens
    OPEN_QUESTION = "open_question"  # in the middle of a stage its agent asks a person
    LIMIT = "limit"  # in the middle of a stage its agent's account is out of quota
    SPEND = "spend"  # likewise, or before a stage: a budget is used up
    CONTINUE = "continue"  # that question has been answered or withdrawn
    RESUME = "resume"  # the wait is over, and the machine still has the workspace
    REQUEUE = "requeue"
    LOSE = "lose"  # the machine's heartbeats stopped
    RECONNECT = "reconnect"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    RETRY = "retry"
    FOLLOW_UP = "follow_up"  # a person adds work to a task that has results
    RESTORE = "restore"  # the machine of a task that failed as machine_lost delivered the result


ENDED = frozenset({TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED})
LIVE = frozenset(TaskStatus) - ENDED
ON_MACHINE = frozenset({TaskStatus.ASSIGNED, TaskStatus.RUNNING, TaskStatus.SUSPENDED})

_S, _E = TaskStatus, TaskEvent
_TRANSITIONS: dict[TaskEvent, tuple[frozenset[TaskStatus], TaskStatus]] = {
    _E.ASSIGN: (frozenset({_S.QUEUED}), _S.ASSIGNED),
    _E.START: (frozenset({_S.ASSIGNED, _S.RUNNING}), _S.RUNNING),
    # A gate opens before the first stage (the task is queued), after a stage (running; assigned if
    # the machine's reports are late), or when a machine that seemed lost has finished a stage.
    _E.ASK: (frozenset({_S.QUEUED, _S.ASSIGNED, _S.RUNNING, _S.SUSPENDED}), _S.SUSPENDED),
    _E.OPEN_QUESTION: (frozenset({_S.RUNNING, _S.SUSPENDED}), _S.SUSPENDED),
    _E.LIMIT: (ON_MACHINE, _S.SUSPENDED),
    # Queued: before its first stage, which doesn't start.
    _E.SPEND: (ON_MACHINE | {_S.QUEUED}, _S.SUSPENDED),
    _E.CONTINUE: (frozenset({_S.SUSPENDED}), _S.RUNNING),
    _E.RESUME: (frozenset({_S.SUSPENDED}), _S.ASSIGNED),
    _E.REQUEUE: (ON_MACHINE, _S.QUEUED),
    # Suspended: by a question of its agent, which keeps running while it waits for the answer.
    _E.LOSE: (frozenset({_S.RUNNING, _S.SUSPENDED}), _S.SUSPENDED),
    _E.RECONNECT: (frozenset({_S.SUSPENDED}), _S.RUNNING),
    _E.COMPLETE: (ON_MACHINE, _S.COMPLETED),
    _E.FAIL: (LIVE, _S.FAILED),
    _E.CANCEL: (LIVE, _S.CANCELLED),
    _E.RETRY: (frozenset({_S.FAILED, _S.CANCELLED}), _S.QUEUED),
    # Queued: it waits for the answer to a gate, and no machine has it any more.
    _E.FOLLOW_UP: (ENDED | {_S.QUEUED, _S.SUSPENDED}, _S.QUEUED),
    _E.RESTORE: (frozenset({_S.FAILED}), _S.RUNNING),
}


def next_status(status: TaskStatus, event: TaskEvent) -> TaskStatus:
    """Return the status after the event. Raises IllegalTransition."""
    sources, target = _TRANSITIONS[event]
    if status not in sources:
        raise IllegalTransition(f"A task that is {status} cannot {event.replace('_', ' ')}.")
    return target


def accepts(status: TaskStatus, event: TaskEvent) -> bool:
    """Whether a task with that status accepts the event."""
    return status in _TRANSITIONS[event][0]


def has_process(status: TaskStatus, reason: SuspendReason | None) -> bool:
    """Whether a stage's process or the push runs; also while its agent waits for an answer."""
    return status is TaskStatus.RUNNING or reason is SuspendReason.QUESTION


class Loss(StrEnum):
    """What a live task loses of its machine."""

    CONTACT = "contact"  # the machine isn't responding, and may return with the work
    ATTEMPT = "attempt"  # the attempt is gone, or its lease has expired
    MACHINE = "machine"  # an admin has decommissioned it


def event_after_loss(
    status: TaskStatus,
    reason: SuspendReason | None,
    loss: Loss,
    *,
    lost: int = 0,
    limit: int = 1,
) -> TaskEvent | None:
    """Return the event to apply after a loss; None if the task stays as it is.

    `reason` is why it's suspended, if it is. `lost`: the counted losses in this round, including
    this one if it counts. `limit`: the losses at which the task fails.
    """
    is_running = has_process(status, reason)
    match loss:
        case Loss.CONTACT:
            return TaskEvent.LOSE if is_running else None
        case Loss.ATTEMPT:
            return TaskEvent.FAIL if lost >= limit else TaskEvent.REQUEUE
        case Loss.MACHINE:
            return TaskEvent.FAIL if is_running else TaskEvent.REQUEUE


class EventType(StrEnum):
    """The types of the events in a task's history."""

    CREATED = "created"
    ASSIGNED = "assigned"
    STARTED = "started"
    STAGE_STARTED = "stage_started"
    STAGE_FINISHED = "stage_finished"
    CHECKPOINT = "checkpoint"
    SUSPENDED = "suspended"
    CONFIRMED = "confirmed"
    RESUMED = "resumed"
    PUBLISHED = "published"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETRIED = "retried"
    FOLLOWED_UP = "followed_up"
    REQUEUED = "requeued"
    MACHINE_LOST = "machine_lost"
    MACHINE_BACK = "machine_back"
    RESTORED = "restored"
    WORKSPACE = "workspace"
    TUNNEL = "tunnel"
    EGRESS_REFUSED = "egress_refused"  # a stage requested a host that its network forbids
    MESSAGE = "message"  # of a person to the agent: each change of its state
    INTERRUPTED = "interrupted"  # a person stops the agent's step
    SHELL = "shell"  # a person opened a shell beside a stage
    REVIEWED = "reviewed"
    COMMENTED = "commented"
    RESOLVED = "resolved"  # a review thread is resolved
    REOPENED = "reopened"
    LOG = "log"
    WARNING = "warning"
    ERROR = "error"


class FailureCode(StrEnum):
    """Why a task failed, if the server decides it. Machines report other codes
    (`fleet_counters.MACHINE_CODES`).
    """

    STAGE_FAILED = "stage_failed"
    STAGE_TIMEOUT = "stage_timeout"
    AGENT_UNAUTHORIZED = "agent_unauthorized"  # its key or login is rejected
    AGENT_RATE_LIMITED = "agent_rate_limited"
    AGENT_QUOTA = "agent_quota"  # its account is out of quota
    AGENT_OVERLOADED = "agent_overloaded"  # its model's server is unavailable
    MACHINE_LOST = "machine_lost"
    MACHINE_DECOMMISSIONED = "machine_decommissioned"
    GATE_EXPIRED = "gate_expired"
    KEY_MISSING = "key_missing"
    ORDER_TOO_LARGE = "order_too_large"
    NOTHING_CHANGED = "nothing_changed"  # and the project requires a change
    NOT_WHAT_WAS_APPROVED = "not_what_was_approved"  # the chain of commits up to the push is broken
    QUOTA_EXHAUSTED = "quota_exhausted"  # for longer than the project's limit
    ASKS_TOO_MUCH = "asks_too_much"  # its agent asked for too many permissions
