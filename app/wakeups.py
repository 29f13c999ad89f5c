"""Wake-ups, for jobs, for connected machines and for those who look on.

Each function notes a wish on the session; `_send` sends what has been wished when the session's
transaction is committed, and nothing when it is rolled back (`app.postgres.after_commit`). So a
wish is made before the commit, where its reason arises. However often something is wished in a
transaction, it is sent once.

Postgres is the truth and these are only wake-ups: one that is lost or cannot be sent costs a sweep
interval or a heartbeat, never a task, so that no error leaves this module.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import structlog
from flask import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from app import job_names, terminal_keys
from app.extensions import get_celery, redis
from app.postgres import after_commit

MACHINES_CHANNEL = "muster:machines:wake"  # messages: machine ids, separated by spaces
REPLACED_CHANNEL = "muster:machines:replaced"  # messages: a machine id, and its generation now
CHANGES_CHANNEL = (
    "muster:changes"  # messages: task ids, `u` or `i` before a developer's id, nothing
)
SIGNED_OUT_CHANNEL = "muster:signed-out"  # messages: a developer's id
EXPAND_FLAG = "muster:expand:requested"
SEND_FLAG = "muster:send:requested"

# A flag whose job was lost must not silence wake-ups for long; beat dispatches anyway.
FLAG_MILLISECONDS = 2000

# The list in which Celery's jobs of that name wait.
_DISPATCH_QUEUE = job_names.DISPATCH.partition(".")[0]
_BURST_SECONDS = 0.1
_dispatch_woken_at = 0.0  # by this process

log = structlog.get_logger(__name__)


SendAll = Callable[[Sequence[Any]], None]


class Wakeup(NamedTuple):
    """Something to send, by a function that takes all that is wished of its kind at once."""

    send: SendAll
    subject: Any = None


class _Exit(NamedTuple):
    task_id: int
    attempt: int
    stage_index: int
    code: int
    log_end: int


# What else than a task a wish for news may be about.
_OUTBOX, _NOTIFICATIONS = "outbox", "notifications"

# ---- wishes --------------------------------------------------------------------------------------


def wake_machines(machine_ids: Iterable[uuid.UUID]) -> None:
    """Wish that the connections of these machines look at their orders, wherever they are."""
    after_commit.on_commit(Wakeup(_send_machines, str(machine_id)) for machine_id in machine_ids)


def publish_replaced(machine_id: uuid.UUID, generation: int) -> None:
    """Wish that the machine's older connections see that they are, wherever they are. The one of
    that generation has no need to look.
    """
    after_commit.on_commit([Wakeup(_send_replaced, f"{machine_id} {generation}")])


def wake_dispatch() -> None:
    """Wish that queued tasks are looked at soon."""
    after_commit.on_commit([Wakeup(_enqueue_dispatch)])


def publish_task_changes(task_ids: Iterable[int]) -> None:
    """Wish that those who look at these tasks look again."""
    after_commit.on_commit(Wakeup(_send_task_changes, task_id) for task_id in task_ids)


def wake_outbox() -> None:
    """Wish that the outbox is looked at soon."""
    after_commit.on_commit([Wakeup(_send_task_changes, _OUTBOX)])


def publish_notifications() -> None:
    """Wish that everybody who looks on looks for notifications."""
    after_commit.on_commit([Wakeup(_send_task_changes, _NOTIFICATIONS)])


def publish_unread(developer_id: int) -> None:
    """Wish that the developer is shown how much is unread: it is less now."""
    after_commit.on_commit([Wakeup(_send_unread, developer_id)])


def publish_inbox(developer_id: int) -> None:
    """Wish that the developer hears that their inbox may have changed."""
    after_commit.on_commit([Wakeup(_send_inbox, developer_id)])


def publish_sign_out(developer_id: int) -> None:
    """Wish that what the developer has open is looked at: some of it may no longer stay."""
    after_commit.on_commit([Wakeup(_send_signed_out, developer_id)])


def publish_exit(task_id: int, attempt: int, *, stage_index: int, code: int, log_end: int) -> None:
    """Wish that those who look into the terminal, if there are any, hear that a stage's process has
    ended.
    """
    after_commit.on_commit(
        [Wakeup(_send_exits, _Exit(task_id, attempt, stage_index, code, log_end))]
    )


def wake_deliveries() -> None:
    """Wish that deliveries are looked at soon."""
    after_commit.on_commit([Wakeup(_enqueue_deliveries)])


def enqueue_chat_event(event_id: int) -> None:
    """Wish that what came from a chat is dealt with."""
    after_commit.on_commit([Wakeup(_enqueue_chat_events, event_id)])


# ---- what waits for no commit, or for more than one ----------------------------------------------


def pop_wakeups() -> Sequence[Wakeup]:
    """What has been wished in this transaction, for `send`. The session forgets it."""
    return after_commit.pop_callbacks()


def send_wakeups(wishes: Sequence[Wakeup]) -> None:
    """Send what was `taken`. What it is about must be committed."""
    _send_by_kind(wishes)


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
            # It is committed, so that nobody may be told that it has failed.
            log.exception("wakeup_not_sent", kind=send_all.__name__, about=about)


def _enqueue_job(name: str, *args: Any) -> None:
    get_celery(current_app).send_task(name, args, ignore_result=True, retry=False)


def _send_machines(machine_ids: Sequence[str]) -> None:
    redis.client.publish(MACHINES_CHANNEL, " ".join(sorted(machine_ids)))


def _send_replaced(replaced: Sequence[str]) -> None:
    for message in replaced:
        redis.client.publish(REPLACED_CHANNEL, message)


def _enqueue_dispatch(_: Sequence[None]) -> None:
    """Send a job, unless one waits in the queue: it will read all that is committed by now.

    To look costs a round trip, so only a process that has woken the dispatcher within the last
    0.1 s does. (A job of beat's may lapse in the queue; then beat sends the next.)
    """
    global _dispatch_woken_at
    now = time.monotonic()
    is_crowd, _dispatch_woken_at = now < _dispatch_woken_at + _BURST_SECONDS, now
    if not (is_crowd and redis.client.llen(_DISPATCH_QUEUE)):
        _enqueue_job(job_names.DISPATCH)


def _send_task_changes(about: Sequence[Any]) -> None:
    """One message for all tasks; the outbox's flag goes along with it."""
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


def _send_inbox(developer_ids: Sequence[int]) -> None:
    redis.client.publish(CHANGES_CHANNEL, " ".join(f"i{each}" for each in developer_ids))


def _send_signed_out(developer_ids: Sequence[int]) -> None:
    for developer_id in sorted(set(developer_ids)):
        redis.client.publish(SIGNED_OUT_CHANNEL, str(developer_id))


def _send_exits(exits: Sequence[_Exit]) -> None:
    database = redis.client.connection_pool.connection_kwargs.get("db") or 0
    for task_id, attempt, stage_index, code, log_end in exits:
        note = {"kind": "exited", "code": code, "stage_index": stage_index, "log_end": log_end}
        key = terminal_keys.redis_key(task_id, attempt, "out")
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
    _enqueue_deliveries,
    _enqueue_chat_events,
)
after_commit.set_runner(_send_by_kind)
