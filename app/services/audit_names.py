"""Names for the IDs in audit log entries, as they are now; of deleted rows, as the entry has them.

Projects, providers and settings have names as IDs.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, cast, literal, select, union_all

from app.extensions import db
from app.models import (
    AuditEntry,
    Bot,
    BotBinding,
    Developer,
    EnrollmentToken,
    Invitation,
    Machine,
    PersonalToken,
)

_NAMED: Mapping[str, tuple[Any, ColumnElement[Any] | Any]] = {
    "binding": (BotBinding.id, BotBinding.chat_name),
    "bot": (Bot.id, Bot.name),
    "developer": (Developer.id, Developer.name),
    "invitation": (Invitation.id, Invitation.email),
    "machine": (Machine.id, Machine.name),
    "personal_token": (PersonalToken.id, PersonalToken.label),
    "worker_token": (EnrollmentToken.id, EnrollmentToken.label),
}
_MACHINE = "machine"  # the only rows whose IDs are UUIDs, which changes contain
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_RECORDED_FIELDS = ("name", "label", "chatName", "email")
Target = tuple[str, str]


class NamedEntry(NamedTuple):
    """An entry, its target's name (None: unknown), and the names of the machines in its changes,
    by ID.
    """

    entry: AuditEntry
    target_name: str | None
    names: Mapping[str, str]


def add_names(entries: Sequence[AuditEntry]) -> list[NamedEntry]:
    """Return the entries with names, in one query."""
    machines = {entry.id: set(_uuids(entry.changes)) for entry in entries}
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        wanted[entry.target_type].add(entry.target_id)
        wanted[_MACHINE] |= machines[entry.id]
    names = _read_names(wanted)
    return [
        NamedEntry(
            entry,
            names.get((entry.target_type, entry.target_id)) or _recorded_name(entry),
            {
                id_: names[_MACHINE, id_]
                for id_ in sorted(machines[entry.id])
                if (_MACHINE, id_) in names
            },
        )
        for entry in entries
    ]


def _read_names(wanted: Mapping[str, set[str]]) -> dict[Target, str]:
    queries = [_query_names(kind, ids) for kind, ids in sorted(wanted.items()) if kind in _NAMED]
    if not queries:
        return {}
    rows = db.session.execute(union_all(*queries))
    return {(row.kind, row.id): row.name for row in rows if row.name}


def _query_names(kind: str, ids: Iterable[str]) -> Select[Any]:
    id_column, name = _NAMED[kind]
    its = select(
        literal(kind).label("kind"), cast(id_column, String).label("id"), name.label("name")
    )
    is_valid = _UUID.fullmatch if kind == _MACHINE else _NUMBER.fullmatch
    return its.where(id_column.in_(sorted(filter(is_valid, ids))))


def _recorded_name(entry: AuditEntry) -> str | None:
    """Return the name in the entry's own changes."""
    if entry.target_type not in _NAMED:
        return None
    changes = entry.changes or {}
    for values in (changes.get("after") or {}, changes.get("before") or {}):
        for field in _RECORDED_FIELDS:
            if isinstance(name := values.get(field), str) and name:
                return name
    return None


def _uuids(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if _UUID.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _uuids(key)
            yield from _uuids(below)
    elif isinstance(value, list):
        for below in value:
            yield from _uuids(below)
