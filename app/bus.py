"""Wake-ups: what leaves after a commit, for jobs, for connected machines and for those who look on.

Postgres is the truth and these are only wake-ups: one that is lost or cannot be sent costs a sweep
interval or a heartbeat, never a task, so that no error leaves this module.
"""

import json
import time
import uuid
from collections.abc import Iterable

import structlog
from flask import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from app import job_names, terminal_keys
from app.extensions import celery_of, redis

MACHINES_CHANNEL = "muster:machines:wake"  # messages: machine ids, separated by spaces
REPLACED_CHANNEL = "muster:machines:replaced"  # messages: a machine id, and its generation now
NEWS_CHANNEL = "muster:news"  # messages: task ids, `u<developer id>`, nothing (notifications)
EXPAND_FLAG = "muster:expand:wanted"
SEND_FLAG = "muster:send:wanted"

# The list in which Celery's jobs of that name wait.
_DISPATCH_QUEUE = job_names.DISPATCH.partition(".")[0]
_CROWD_SECONDS = 0.1
_dispatch_woken_at = 0.0  # by this process

# A flag whose job was lost must not silence wake-ups for long; beat dispatches anyway.
FLAG_MILLISECONDS = 2000

log = structlog.get_logger(__name__)


def wake_dispatch() -> None:
    """Have queued tasks looked at soon. Of a thousand calls few send a job: one that waits in its
    queue has yet to read what is committed by now (one of beat's may lapse there: then beat comes
    again). Who did not call a moment ago does not wait to hear whether one does.
    """
    global _dispatch_woken_at
    now = time.monotonic()
    is_crowd, _dispatch_woken_at = now < _dispatch_woken_at + _CROWD_SECONDS, now
    try:
        if not (is_crowd and redis.client.llen(_DISPATCH_QUEUE)):
            celery_of(current_app).send_task(job_names.DISPATCH, ignore_result=True, retry=False)
    except (RedisError, OperationalError) as error:
        log.warning("wake_up_not_sent", job=job_names.DISPATCH, error=str(error))


def work_on_chat(event_id: int) -> None:
    """Have what came from a chat dealt with."""
    try:
        celery_of(current_app).send_task(
            job_names.CHAT_EVENT, (event_id,), ignore_result=True, retry=False
        )
    except (RedisError, OperationalError) as error:
        log.warning("wake_up_not_sent", job=job_names.CHAT_EVENT, error=str(error))


def tell_news(task_ids: Iterable[int], *, is_told: bool) -> None:
    """Have those who look at these tasks look again; `is_told`: and the outbox."""
    message = " ".join(map(str, sorted(task_ids)))
    try:
        with redis.client.pipeline(transaction=False) as pipe:
            pipe.publish(NEWS_CHANNEL, message)
            if is_told:
                pipe.set(EXPAND_FLAG, 1, nx=True, px=FLAG_MILLISECONDS)
            answers = pipe.execute()
        if is_told and answers[1]:
            celery_of(current_app).send_task(
                job_names.NOTIFY_EXPAND, ignore_result=True, retry=False
            )
    except (RedisError, OperationalError) as error:
        log.warning("news_not_told", tasks=message, error=str(error))


def tell_unread(developer_id: int) -> None:
    """What the developer has not read yet is less now."""
    try:
        redis.client.publish(NEWS_CHANNEL, f"u{developer_id}")
    except RedisError as error:
        log.warning("news_not_told", developer=developer_id, error=str(error))


def wake_sending() -> None:
    """Have deliveries looked at soon."""
    try:
        if redis.client.set(SEND_FLAG, 1, nx=True, px=FLAG_MILLISECONDS):
            celery_of(current_app).send_task(job_names.NOTIFY_SEND, ignore_result=True, retry=False)
    except (RedisError, OperationalError) as error:
        log.warning("wake_up_not_sent", job=job_names.NOTIFY_SEND, error=str(error))


def wake_machines(machine_ids: Iterable[uuid.UUID]) -> None:
    """Have the connections of these machines look at their orders, wherever they are."""
    message = " ".join(sorted({str(machine_id) for machine_id in machine_ids}))
    if not message:
        return
    try:
        redis.client.publish(MACHINES_CHANNEL, message)
    except RedisError as error:
        log.warning("wake_up_not_sent", machines=message, error=str(error))


def tell_replaced(machine_id: uuid.UUID, generation: int) -> None:
    """Have the machine's older connections see that they are, wherever they are. The one that has
    just been made has no need to look.
    """
    try:
        redis.client.publish(REPLACED_CHANNEL, f"{machine_id} {generation}")
    except RedisError as error:
        log.warning("replacement_not_told", machine=str(machine_id), error=str(error))


def tell_exit(task_id: int, attempt: int, *, stage_index: int, code: int, log_end: int) -> None:
    """Tell those who look into the terminal, if there are any, that a stage's process has ended."""
    note = {"kind": "exited", "code": code, "stage_index": stage_index, "log_end": log_end}
    key = terminal_keys.key(task_id, attempt, "out")
    database = redis.client.connection_pool.connection_kwargs.get("db") or 0
    channel = terminal_keys.channel(key, database)
    try:
        redis.client.eval(
            terminal_keys.TELL, 1, key, json.dumps(note), terminal_keys.SECONDS, "", channel
        )
    except RedisError as error:
        log.warning("exit_not_told", task=task_id, error=str(error))
