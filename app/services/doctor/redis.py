"""Checks of Redis or Valkey, and of the heartbeats stored there."""

from collections.abc import Iterator
from typing import Any

import redis
from flask import current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.services.doctor.finding import Check, Finding, run_checks, skip_checks
from app.services.ops import readiness

TIMEOUT_SECONDS = 3
MIN_VERSION = 7  # the first version with stream IDs like `5-*`; Valkey was forked from it
DISPATCHER = "`celery -A celery_worker worker --queues=dispatch --pool=solo`"
SWEEPER = "`celery -A celery_worker worker --queues=notify,sweep`"
BEAT = "`celery -A celery_worker beat`"


def findings() -> Iterator[Finding]:
    client: redis.Redis = redis.Redis.from_url(
        current_app.config["REDIS_URL"],
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        server: Any = client.info("server")
        yield _version(server)
        yield from run_checks(CHECKS, client)
    except redis.RedisError as error:
        reason = str(error).partition("\n")[0]
        yield Finding("Redis", reason, "start it, or correct REDIS_URL")
        yield from skip_checks(CHECKS, "Redis")
    finally:
        client.close()


def _version(server: dict[str, str]) -> Finding:
    name, version = "Valkey", server.get("valkey_version")
    if version is None:
        name, version = "Redis", server["redis_version"]
    fits = name == "Valkey" or int(version.partition(".")[0]) >= MIN_VERSION
    advice = f"terminals need Redis {MIN_VERSION} or newer, or Valkey"
    return Finding("Redis", f"{name} {version}", "" if fits else advice)


def _eviction(client: redis.Redis) -> Finding:
    memory: Any = client.info("memory")
    policy = memory["maxmemory_policy"]
    fits = policy == "noeviction"
    text = f"maxmemory-policy is {policy}"
    return Finding(
        "Redis memory", text, "" if fits else "set it to noeviction: otherwise, jobs can disappear"
    )


def _persistence(client: redis.Redis) -> Finding:
    """Check whether saving to disk works: saves aren't needed, but Redis rejects writes after a
    failed one.
    """
    state: Any = client.info("persistence")
    failed = [
        name
        for name in ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
        if state.get(name, "ok") != "ok"
    ]
    if failed:
        return Finding("Redis disk", f"{', '.join(failed)}: failed", "check Redis's log and disk")
    return Finding("Redis disk", "no save has failed")


def _heartbeat_check(name: str, advice: str) -> Check[redis.Redis]:
    def check(client: redis.Redis) -> Finding:
        age = readiness.heartbeat_age(client.get(readiness.HEARTBEATS[name]))
        text = "no heartbeat" if age is None else f"last heartbeat {max(age, 0):.0f} s ago"
        return Finding(name, text, "" if readiness.is_recent(age) else advice)

    return check


CHECKS: tuple[tuple[str, Check[redis.Redis]], ...] = (
    ("Redis memory", _eviction),
    ("Redis disk", _persistence),
    ("dispatcher", _heartbeat_check("dispatcher", f"start {DISPATCHER} and {BEAT}")),
    ("sweeper", _heartbeat_check("sweeper", f"start {SWEEPER} and {BEAT}")),
    ("beat", _heartbeat_check("beat", f"start {BEAT}")),
)
