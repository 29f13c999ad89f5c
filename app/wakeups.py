"""Wakeups for jobs, connected machines and viewers.

Each function registers a wakeup on the session. `_send_by_kind` sends them after the session's
transaction is committed, and nothing after a rollback (`app.postgres.after_commit`). So call them
before the commit, where the reason arises. Duplicates in a transaction are sent once.

Postgres is the truth and these are only wakeups. A lost or failed one costs a sweep interval or a
heartbeat, never a task, so no error leaves this module.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
import structlog
from flask import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from app import job_names, terminal_keys
from app.extensions import get_celery, redis
from app.postgres import after_commit
from muster.protocol.frames import TextDelta

MACHINES_CHANNEL = "muster:machines:wake"  # messages: machine IDs, separated by spaces
REPLACED_CHANNEL = "muster:machines:replaced"  # messages: a machine ID, and its current generation
CHECKS_CHANNEL = "muster:machines:check"  # messages: a check's ID, and machine IDs
# Messages: task IDs, `a` before one whose agent does something else, `u` or `i` before a developer
# ID, nothing.
CHANGES_CHANNEL = "muster:changes"
MACHINE_STATUS_CHANNEL = "muster:machines:status"  # messages: machine IDs, separated by spaces
TEXTS_CHANNEL = "muster:texts"  # messages: a task ID, a space, and parts of texts as JSON
SIGNED_OUT_CHANNEL = "muster:signed-out"  # messages: a developer ID
EXPAND_FLAG = "muster:expand:requested"
SEND_FLAG = "muster:send:requested"

# A flag whose job was lost must not block wakeups for long; beat dispatches anyway.
FLAG_MILLISECONDS = 2000

# The list in which Celery's jobs of that name wait.
_DISPATCH_QUEUE = job_names.DISPATCH.partition(".")[0]
_encode = msgspec.json.Encoder().encode
_BURST_SECONDS = 0.1
_dispatch_woken_at = 0.0  # by this process

log = structlog.get_logger(__name__)


SendAll = Callable[[Sequence[Any]], None]


class Wakeup(NamedTuple):
    """Something to send, by a function that takes all queued wakeups of its kind at once."""

    send: SendAll
    subject: Any = None


class _Exit(NamedTuple):
    task_id: int
    attempt: int
    stage_index: int
    code: int
    log_end: int


# Topics of an update besides a task.
_OUTBOX, _NOTIFICATIONS = "outbox", "notifications"

# ---- wakeups -------------------------------------------------------------------------------------


def wake_machines(machine_ids: Iterable[uuid.UUID]) -> None:
    """Make the connections of these machines, wherever they are, check their orders."""
    after_commit.on_commit(Wakeup(_send_machines, str(machine_id)) for machine_id in machine_ids)


def publish_replaced(machine_id: uuid.UUID, generation: int) -> None:
    """Make the machine's older connections, wherever they are, check that they were replaced.

    The connection of that generation needn't check.
    """
    after_commit.on_commit([Wakeup(_send_replaced, f"{machine_id} {generation}")])


def publish_machine_status(machine_id: uuid.UUID) -> None:
    """Update what viewers see of the machine's status, even if it soon is what it was before."""
    after_commit.on_commit([Wakeup(_send_machine_status, str(machine_id))])


def wake_dispatch() -> None:
    """Make the dispatcher check queued tasks soon."""
    after_commit.on_commit([Wakeup(_enqueue_dispatch)])


def publish_task_changes(task_ids: Iterable[int]) -> None:
    """Make viewers of these tasks check them again."""
    after_commit.on_commit(Wakeup(_send_task_changes, task_id) for task_id in task_ids)


def publish_activity(task_id: int) -> None:
    """Make viewers of task lists check what the task's agent does."""
    after_commit.on_commit([Wakeup(_send_activities, task_id)])


def wake_outbox() -> None:
    """Make the outbox be processed soon."""
    after_commit.on_commit([Wakeup(_send_task_changes, _OUTBOX)])


def publish_notifications() -> None:
    """Make all viewers check for notifications."""
    after_commit.on_commit([Wakeup(_send_task_changes, _NOTIFICATIONS)])


def publish_unread(developer_id: int) -> None:
    """Update the developer's number of unread notifications, which has decreased."""
    after_commit.on_commit([Wakeup(_send_unread, developer_id)])


def publish_inbox(developer_id: int) -> None:
    """Update the developer's inbox, which may have changed."""
    after_commit.on_commit([Wakeup(_send_inbox, developer_id)])


def publish_sign_out(developer_id: int) -> None:
    """Make everything that the developer has open be checked: some of it may have to close."""
    after_commit.on_commit([Wakeup(_send_signed_out, developer_id)])


def publish_exit(task_id: int, attempt: int, *, stage_index: int, code: int, log_end: int) -> None:
    """Send viewers of the terminal, if any, the end of a stage's process."""
    after_commit.on_commit(
        [Wakeup(_send_exits, _Exit(task_id, attempt, stage_index, code, log_end))]
    )


def wake_deliveries() -> None:
    """Make deliveries be processed soon."""
    after_commit.on_commit([Wakeup(_enqueue_deliveries)])


def enqueue_chat_event(event_id: int) -> None:
    """Make a chat's event be processed."""
    after_commit.on_commit([Wakeup(_enqueue_chat_events, event_id)])


# ---- wakeups without a commit, or after several --------------------------------------------------


def pop_wakeups() -> Sequence[Wakeup]:
    """Return this transaction's wakeups, for `send_wakeups`, and remove them from the session."""
    return after_commit.pop_callbacks()


def send_wakeups(wishes: Sequence[Wakeup]) -> None:
    """Send wakeups from `pop_wakeups`. Their subject must be committed."""
    _send_by_kind(wishes)


def publish_texts(texts: Sequence[TextDelta]) -> None:
    """Send texts in progress to the viewers of their tasks, and store nothing."""
    by_task: dict[int, list[TextDelta]] = {}
    for text in texts:
        by_task.setdefault(text.task_id, []).append(text)
    try:
        with redis.client.pipeline(transaction=False) as pipe:
            for task_id, own in by_task.items():
                pipe.publish(TEXTS_CHANNEL, b"%d " % task_id + _encode(own))
            if by_task:
                pipe.execute()
    except RedisError as error:
        log.warning("texts_not_sent", error=type(error).__name__)


# ---- sending -------------------------------------------------------------------------------------


def _send_by_kind(wishes: Sequence[Wakeup]) -> None:
    for send_all in _SEND_ORDER:
        about = [wish.subject for wish in wishes if wish.send is send_all]
        if not about:
            continue
        try:
            send_all(about)
        except (RedisError, OperationalError) as error:
            log.warning("wakeup_not_sent", kind=send_all.__name__, about=about, error=str(error))
        except Exception:
            # It's committed, so the caller must not see an error.
            log.exception("wakeup_not_sent", kind=send_all.__name__, about=about)


def _enqueue_job(name: str, *args: Any) -> None:
    get_celery(current_app).send_task(name, args, ignore_result=True, retry=False)


def _send_machines(machine_ids: Sequence[str]) -> None:
    redis.client.publish(MACHINES_CHANNEL, " ".join(sorted(machine_ids)))


def _send_machine_status(machine_ids: Sequence[str]) -> None:
    redis.client.publish(MACHINE_STATUS_CHANNEL, " ".join(sorted(machine_ids)))


def _send_replaced(replaced: Sequence[str]) -> None:
    for message in replaced:
        redis.client.publish(REPLACED_CHANNEL, message)


def _enqueue_dispatch(_: Sequence[None]) -> None:
    """Send a job, unless one waits in the queue: it will read everything committed by now.

    The check costs a round trip, so only a process that woke the dispatcher within the last 0.1 s
    does it. (A job of beat's may expire in the queue; then beat sends the next.)
    """
    global _dispatch_woken_at
    now = time.monotonic()
    is_crowd, _dispatch_woken_at = now < _dispatch_woken_at + _BURST_SECONDS, now
    if not (is_crowd and redis.client.llen(_DISPATCH_QUEUE)):
        _enqueue_job(job_names.DISPATCH)


def _send_task_changes(about: Sequence[Any]) -> None:
    """Send one message for all tasks, together with the outbox's flag."""
    message = " ".join(
        str(task_id) for task_id in sorted(each for each in about if isinstance(each, int))
    )
    with redis.client.pipeline(transaction=False) as pipe:
        pipe.publish(CHANGES_CHANNEL, message)
        if _OUTBOX in about:
            pipe.set(EXPAND_FLAG, 1, nx=True, px=FLAG_MILLISECONDS)
        answers = pipe.execute()
    if _OUTBOX in about and answers[1]:
        _enqueue_job(job_names.NOTIFY_EXPAND)


def _send_unread(developer_ids: Sequence[int]) -> None:
    redis.client.publish(CHANGES_CHANNEL, " ".join(f"u{each}" for each in developer_ids))


def _send_activities(task_ids: Sequence[int]) -> None:
    redis.client.publish(CHANGES_CHANNEL, " ".join(f"a{each}" for each in set(task_ids)))


def _send_inbox(developer_ids: Sequence[int]) -> None:
    redis.client.publish(CHANGES_CHANNEL, " ".join(f"i{each}" for each in developer_ids))


def _send_signed_out(developer_ids: Sequence[int]) -> None:
    for developer_id in sorted(set(developer_ids)):
        redis.client.publish(SIGNED_OUT_CHANNEL, str(developer_id))


def _send_exits(exits: Sequence[_Exit]) -> None:
    database = redis.client.connection_pool.connection_kwargs.get("db") or 0
    for task_id, attempt, stage_index, code, log_end in exits:
        note = {"kind": "exited", "code": code, "stage_index": stage_index, "log_end": log_end}
        key = terminal_keys.redis_key(terminal_keys.TerminalKey(task_id, attempt), "out")
        channel = terminal_keys.stream_channel(key, database)
        given = (key, json.dumps(note), terminal_keys.TTL_SECONDS, "", channel)
        redis.client.eval(terminal_keys.APPEND_NOTE, 1, *given)


def _enqueue_deliveries(_: Sequence[None]) -> None:
    if redis.client.set(SEND_FLAG, 1, nx=True, px=FLAG_MILLISECONDS):
        _enqueue_job(job_names.NOTIFY_SEND)


def _enqueue_chat_events(event_ids: Sequence[int]) -> None:
    for event_id in event_ids:
        _enqueue_job(job_names.CHAT_EVENT, event_id)


_SEND_ORDER: Sequence[SendAll] = (
    _send_signed_out,
    _send_replaced,
    _send_machines,
    _enqueue_dispatch,
    _send_exits,
    _send_task_changes,
    _send_unread,
    _send_inbox,
    _send_activities,
    _send_machine_status,
    _enqueue_deliveries,
    _enqueue_chat_events,
)
after_commit.set_runner(_send_by_kind)
