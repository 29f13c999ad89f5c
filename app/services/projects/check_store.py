"""Checks in Redis: kept for ten minutes, their orders only until a machine takes one.

Nothing else stores them. An order contains a login; it's encrypted, and deleted when it's read.
"""

import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from app import wakeups
from app.domain import project_check
from app.extensions import redis
from app.services import encryption
from muster.protocol import frames

LIFETIME_SECONDS = 600


class StoredCheck(NamedTuple):
    """A check as stored: its facts, the machine that took it, and that machine's answer."""

    facts: Mapping[str, Any]
    machine: str
    answer: frames.RepositoryChecked | None

    @property
    def is_late(self) -> bool:
        """Whether the time for an answer is over."""
        deadline: float = self.facts["startedAt"] + project_check.TIMEOUT_SECONDS
        return time.time() > deadline


def add(facts: Mapping[str, Any], repo: frames.Repo | None, machines: Sequence[uuid.UUID]) -> str:
    """Store a check and offer it to the machines, of which the first one gets the order. Returns
    its ID.
    """
    check_id = secrets.token_urlsafe(16)
    save(check_id, facts, machines)
    if repo is not None and machines:
        if saved_as := facts.get("savedAs"):
            redis.client.set(_saved_key(saved_as), check_id, ex=LIFETIME_SECONDS)
        order = encryption.encrypt(msgspec.json.encode(repo).decode())
        redis.client.set(_order_key(check_id), order, ex=project_check.TIMEOUT_SECONDS)
        redis.client.publish(wakeups.CHECKS_CHANNEL, " ".join([check_id, *map(str, machines)]))
    return check_id


def save(check_id: str, facts: Mapping[str, Any], machines: Sequence[uuid.UUID] = ()) -> None:
    """Store a check without an order."""
    stored = {**facts, "machines": [*map(str, machines)], "startedAt": time.time()}
    with redis.client.pipeline() as pipe:
        pipe.hset(_key(check_id), "facts", msgspec.json.encode(stored))
        pipe.expire(_key(check_id), LIFETIME_SECONDS)
        pipe.execute()


def take_order(
    check_id: str, machine_id: uuid.UUID, machine_name: str
) -> frames.CheckRepository | None:
    """Return the check's order for this machine; None if another machine has it, or its time is
    over.
    """
    stored = _read_facts(check_id)
    if stored is None or str(machine_id) not in stored["machines"]:
        return None
    order = redis.client.getdel(_order_key(check_id))
    if order is None:
        return None
    taken = ["machine", machine_name, "machineId", str(machine_id)]
    redis.client.hset(_key(check_id), items=taken)
    repo = msgspec.json.decode(encryption.decrypt(_to_text(order)), type=frames.Repo)
    return frames.CheckRepository(id=check_id, repo=repo)


def record_answer(machine_id: uuid.UUID, answer: frames.RepositoryChecked) -> None:
    """Store the answer of the machine that has the order. Any other is ignored."""
    key = _key(answer.id)
    taken_by = redis.client.hget(key, "machineId")
    if taken_by is not None and _to_text(taken_by) == str(machine_id):
        redis.client.hsetnx(key, "answer", msgspec.json.encode(answer))


def find(check_id: str) -> StoredCheck | None:
    """Return the check; None if there is none, or its time is over."""
    return _read_check(redis.client.hgetall(_key(check_id)))


def _read_check(found: Mapping[Any, Any]) -> StoredCheck | None:
    if b"facts" not in found:
        return None
    answer = found.get(b"answer")
    return StoredCheck(
        msgspec.json.decode(found[b"facts"]),
        _to_text(found.get(b"machine", "")),
        msgspec.json.decode(answer, type=frames.RepositoryChecked) if answer else None,
    )


def find_saved(saved_as: Sequence[str]) -> list[StoredCheck | None]:
    """Return the latest check of each saved state of a project, in two round trips."""
    if not saved_as:
        return []
    ids = redis.client.mget([_saved_key(each) for each in saved_as])
    known = [_to_text(check_id) for check_id in ids if check_id is not None]
    with redis.client.pipeline(transaction=False) as pipe:
        for check_id in known:
            pipe.hgetall(_key(check_id))
        found = dict(zip(known, map(_read_check, pipe.execute()), strict=True))
    return [None if check_id is None else found[_to_text(check_id)] for check_id in ids]


def _read_facts(check_id: str) -> dict[str, Any] | None:
    text = redis.client.hget(_key(check_id), "facts")
    return None if text is None else msgspec.json.decode(text)


def _to_text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()


def _key(check_id: str) -> str:
    return f"muster:checks:{check_id}"


def _saved_key(saved_as: str) -> str:
    return f"muster:checks:saved:{saved_as}"


def _order_key(check_id: str) -> str:
    return f"muster:checks:{check_id}:order"
