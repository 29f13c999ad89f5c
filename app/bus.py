"""Everything that leaves after a commit: jobs by name, and wake-ups for connected machines.

Postgres is the truth and these are only wake-ups: one that is lost or cannot be sent costs a sweep
interval or a heartbeat, never a task, so that no error leaves this module.
"""

import json
import time
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from flask import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from app.extensions import celery_of, redis

DISPATCH = "dispatch.assign_queued"
NOTIFY_EXPAND = "notify.expand"
NOTIFY_SEND = "notify.send"
SWEEP_MACHINES = "sweep.machines"
SWEEP_GATES = "sweep.gates"
SWEEP_DRAINS = "sweep.drains"
SWEEP_WORKSPACES = "sweep.workspaces"
SWEEP_TUNNELS = "sweep.tunnels"
SWEEP_RETENTION = "sweep.retention"
SWEEP_COUNTERS = "sweep.counters"
CHAT_EVENT = "notify.chat_event"
CHAT_BACKLOG = "notify.chat_backlog"
JOBS = (
    DISPATCH,
    NOTIFY_EXPAND,
    NOTIFY_SEND,
    SWEEP_MACHINES,
    SWEEP_GATES,
    SWEEP_DRAINS,
    SWEEP_WORKSPACES,
    SWEEP_TUNNELS,
    SWEEP_RETENTION,
    SWEEP_COUNTERS,
    CHAT_EVENT,
    CHAT_BACKLOG,
)

MACHINES_CHANNEL = "muster:machines:wake"  # messages: machine ids, separated by spaces
REPLACED_CHANNEL = "muster:machines:replaced"  # messages: a machine id, and its generation now
NEWS_CHANNEL = "muster:news"  # messages: task ids, `u<developer id>`, nothing (notifications)
EXPAND_FLAG = "muster:expand:wanted"
SEND_FLAG = "muster:send:wanted"
SEND_HOLDER = "muster:send:holder"  # which job sends
DISPATCHER_HEARTBEAT = "muster:dispatcher:heartbeat"  # unix time of the last dispatch job
SWEEPER_HEARTBEAT = "muster:sweeper:heartbeat"  # likewise, of the last sweep of machines
BEAT_HEARTBEAT = "muster:beat:heartbeat"  # likewise, of the last job that beat has sent

# Leaves a note, behind the last bytes, in the output stream of an attempt's terminal; only where
# there is one if ARGV[3] is empty. `app.pty` reads it, when it hears of it on the channel ARGV[4].
TELL = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if ARGV[3] == '' and not last[1] then return nil end
local at = last[1] and string.match(last[1][1], '^%d+') or '0'
if ARGV[3] ~= '' and tonumber(ARGV[3]) > tonumber(at) then at = ARGV[3] end
local id = redis.call('XADD', KEYS[1], at .. '-*', 'n', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[4], '')
return id
"""
TERMINAL_SECONDS = 120  # how long its keys stay when nobody renews them

# The list in which Celery's jobs of that name wait.
_DISPATCH_QUEUE = DISPATCH.partition(".")[0]
_CROWD_SECONDS = 0.1
_dispatch_woken_at = 0.0  # by this process

_LET_GO = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return redis.call('EXISTS', KEYS[2])
"""

# A flag whose job was lost must not silence wake-ups for long; beat dispatches anyway.
_FLAG_MILLISECONDS = 2000

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
            celery_of(current_app).send_task(DISPATCH, ignore_result=True, retry=False)
    except (RedisError, OperationalError) as error:
        log.warning("wake_up_not_sent", job=DISPATCH, error=str(error))


def work_on_chat(event_id: int) -> None:
    """Have what came from a chat dealt with."""
    try:
        celery_of(current_app).send_task(CHAT_EVENT, (event_id,), ignore_result=True, retry=False)
    except (RedisError, OperationalError) as error:
        log.warning("wake_up_not_sent", job=CHAT_EVENT, error=str(error))


def leave_sign(where: str, now: datetime) -> None:
    """A sign of life for `/readyz`."""
    try:
        redis.client.set(where, now.timestamp())
    except RedisError as error:
        log.warning("sign_not_left", where=where, error=str(error))


def tell_news(task_ids: Iterable[int], *, is_told: bool) -> None:
    """Have those who look at these tasks look again; `is_told`: and the outbox."""
    message = " ".join(map(str, sorted(task_ids)))
    try:
        with redis.client.pipeline(transaction=False) as pipe:
            pipe.publish(NEWS_CHANNEL, message)
            if is_told:
                pipe.set(EXPAND_FLAG, 1, nx=True, px=_FLAG_MILLISECONDS)
            answers = pipe.execute()
        if is_told and answers[1]:
            celery_of(current_app).send_task(NOTIFY_EXPAND, ignore_result=True, retry=False)
    except (RedisError, OperationalError) as error:
        log.warning("news_not_told", tasks=message, error=str(error))


def tell_unread(developer_id: int) -> None:
    """What the developer has not read yet is less now."""
    try:
        redis.client.publish(NEWS_CHANNEL, f"u{developer_id}")
    except RedisError as error:
        log.warning("news_not_told", developer=developer_id, error=str(error))


def begin_expanding() -> None:
    """Clear the flag, before the outbox is read."""
    redis.client.delete(EXPAND_FLAG)


def wake_sending() -> None:
    """Have deliveries looked at soon."""
    try:
        if redis.client.set(SEND_FLAG, 1, nx=True, px=_FLAG_MILLISECONDS):
            celery_of(current_app).send_task(NOTIFY_SEND, ignore_result=True, retry=False)
    except (RedisError, OperationalError) as error:
        log.warning("wake_up_not_sent", job=NOTIFY_SEND, error=str(error))


def hold_sending(holder: str, milliseconds: int) -> bool:
    """Become, or stay, who sends. Clears the flag: what comes after this sets it again."""
    try:
        held: Any = redis.client.set(SEND_HOLDER, holder, nx=True, px=milliseconds, get=True)
        if held is not None and held.decode() != holder:
            redis.client.set(SEND_FLAG, 1, px=_FLAG_MILLISECONDS)  # for whoever it is to see
            return False
        with redis.client.pipeline(transaction=False) as pipe:
            pipe.pexpire(SEND_HOLDER, milliseconds)
            pipe.delete(SEND_FLAG)
            pipe.execute()
    except RedisError as error:
        log.warning("sending_not_held", error=str(error))
        return False
    return True


def let_go_of_sending(holder: str) -> bool:
    """Whether somebody has asked for it meanwhile. Who was too slow lets nobody else's go."""
    try:
        return bool(redis.client.eval(_LET_GO, 2, SEND_HOLDER, SEND_FLAG, holder))
    except RedisError as error:
        log.warning("sending_not_let_go", error=str(error))  # it lapses
        return False


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


def terminal_key(task_id: int, attempt: int, part: str) -> str:
    """Where in Redis a part of an attempt's terminal lies (`app.pty.store` lists them)."""
    return f"muster:pty:{task_id}-{attempt}:{part}"


def terminal_channel(key: str, database: int) -> str:
    """Where it is published that one of its streams has grown. Channels are shared by all
    databases of a Redis, keys are not."""
    return f"{key}@{database}"


def tell_exit(task_id: int, attempt: int, *, stage_index: int, code: int, log_end: int) -> None:
    """Tell those who look into the terminal, if there are any, that a stage's process has ended."""
    note = {"kind": "exited", "code": code, "stage_index": stage_index, "log_end": log_end}
    key = terminal_key(task_id, attempt, "out")
    database = redis.client.connection_pool.connection_kwargs.get("db") or 0
    channel = terminal_channel(key, database)
    try:
        redis.client.eval(TELL, 1, key, json.dumps(note), TERMINAL_SECONDS, "", channel)
    except RedisError as error:
        log.warning("exit_not_told", task=task_id, error=str(error))
