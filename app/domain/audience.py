"""Who hears of what, and where: from an event, the people around its task, and what they chose."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from app.domain.roles import Act, Person, ProjectRole, SystemRole, may
from app.domain.task import EventType, FailureCode


class NewsKind(StrEnum):
    """What is told: to people, or (`CLOSING`) to the cards on which they were asked."""

    GATE_OPENED = "gate_opened"
    GATE_EXPIRED = "gate_expired"
    GATE_ANSWERED = "gate_answered"
    GATE_WITHDRAWN = "gate_withdrawn"
    TASK_COMPLETED = "task_completed"
    TASK_FAILED = "task_failed"
    TASK_CANCELLED = "task_cancelled"
    MACHINE_LOST = "machine_lost"  # and nothing goes on by itself


class Channel(StrEnum):
    IN_APP = "in_app"
    CHAT = "chat"  # a direct message to the account that is theirs


class Scope(StrEnum):
    """Of which tasks."""

    OWN = "own"
    PROJECTS = "projects"  # all in the projects that one is a member of


@dataclass(frozen=True)
class Choice:
    """What somebody wants to hear of one kind of news."""

    in_app: bool = True
    chat: bool = True
    scope: Scope = Scope.OWN


Preferences = Mapping[NewsKind, Choice]

# A question is everybody's who may answer it; how a task ended is its creator's.
DEFAULTS: Preferences = {
    NewsKind.GATE_OPENED: Choice(scope=Scope.PROJECTS),
    NewsKind.GATE_EXPIRED: Choice(),
    NewsKind.TASK_COMPLETED: Choice(),
    NewsKind.TASK_FAILED: Choice(),
    NewsKind.TASK_CANCELLED: Choice(),
    NewsKind.MACHINE_LOST: Choice(),
}
TOLD = frozenset(DEFAULTS)
# After these nobody can answer the task's open question any more,
CLOSING = frozenset(NewsKind) - {NewsKind.GATE_OPENED, NewsKind.TASK_COMPLETED}
# or the question of their own stage.
OF_ONE_GATE = frozenset({NewsKind.GATE_ANSWERED, NewsKind.GATE_WITHDRAWN})

WITHDRAWN = "withdrawn"  # in the data of the warning that says so

_BY_EVENT = {
    EventType.SUSPENDED: NewsKind.GATE_OPENED,
    EventType.CONFIRMED: NewsKind.GATE_ANSWERED,
    EventType.COMPLETED: NewsKind.TASK_COMPLETED,
    EventType.CANCELLED: NewsKind.TASK_CANCELLED,
}
_BY_FAILURE = {
    FailureCode.GATE_EXPIRED: NewsKind.GATE_EXPIRED,
    FailureCode.MACHINE_LOST: NewsKind.MACHINE_LOST,
    FailureCode.MACHINE_DECOMMISSIONED: NewsKind.MACHINE_LOST,
}


def kind_of(type_: EventType, data: Mapping[str, Any]) -> NewsKind | None:
    """What an event of a task is to people; None for what is told to nobody."""
    if type_ is EventType.FAILED:
        return _BY_FAILURE.get(data.get("code", ""), NewsKind.TASK_FAILED)
    if type_ is EventType.WARNING:
        return NewsKind.GATE_WITHDRAWN if data.get(WITHDRAWN) else None
    return _BY_EVENT.get(type_)


@dataclass(frozen=True)
class Listener:
    """Somebody around a task: a member of its project, or its creator."""

    developer_id: int
    person: Person
    preferences: Preferences


def around(
    system_role: SystemRole,
    project_role: ProjectRole | None,
    *,
    is_creator: bool,
    is_deleted: bool,
) -> Person:
    """Somebody to whom a task is told; its project, once deleted, is the admins' alone."""
    if is_deleted and system_role is not SystemRole.ADMIN:
        return Person(SystemRole.DEVELOPER, None, is_creator)
    return Person(system_role, project_role, is_creator)


class Recipient(NamedTuple):
    """Who hears of it, and on which channels."""

    developer_id: int
    channels: frozenset[Channel]


def audience(
    kind: NewsKind, actor_id: int | None, listeners: Iterable[Listener]
) -> tuple[Recipient, ...]:
    """Who of them hears of it. Nobody is told of what they did themselves, or may not see."""
    if kind not in TOLD:
        return ()
    heard = (Recipient(one.developer_id, _channels(kind, actor_id, one)) for one in listeners)
    return tuple(recipient for recipient in heard if recipient.channels)


def _channels(kind: NewsKind, actor_id: int | None, one: Listener) -> frozenset[Channel]:
    if one.developer_id == actor_id or not may(Act.SEE_PROJECT, one.person):
        return frozenset()
    choice = one.preferences.get(kind, DEFAULTS[kind])
    is_member = one.person.project_role is not None
    if not one.person.is_creator and not (is_member and choice.scope is Scope.PROJECTS):
        return frozenset()
    wanted = {Channel.IN_APP: choice.in_app, Channel.CHAT: choice.chat}
    return frozenset(channel for channel, is_wanted in wanted.items() if is_wanted)


@dataclass(frozen=True)
class Addressee:
    """Whom a message is for, as things are now. `person` is None where it is a room."""

    person: Person | None = None
    is_enabled: bool = True
    is_their_account: bool = True  # the chat is the account that is theirs
    is_bound: bool = False  # the chat is a room of the task's project


def still_hears(one: Addressee) -> bool:
    """Whether what was meant for them may reach them: much can happen until it is sent."""
    if one.person is None:
        return one.is_bound
    return one.is_enabled and one.is_their_account and may(Act.SEE_PROJECT, one.person)


# ---- preferences, as they are stored: {kind: {in_app?, chat?, scope?}}, what differs alone -------


def preferences(stored: Mapping[str, Mapping[str, Any]] | None) -> dict[NewsKind, Choice]:
    """All of them: what is not stored is as by default."""
    return {
        kind: _merged(choice, (stored or {}).get(kind.value, {}))
        for kind, choice in DEFAULTS.items()
    }


def stored(chosen: Preferences) -> dict[str, dict[str, Any]]:
    """What differs from the defaults."""
    differing = {
        kind.value: {
            name: value
            for name, value in asdict(choice).items()
            if value != getattr(DEFAULTS[kind], name)
        }
        for kind, choice in chosen.items()
    }
    return {kind: choice for kind, choice in differing.items() if choice}


def changed(chosen: Preferences, changes: Mapping[NewsKind, Mapping[str, Any]]) -> Preferences:
    """With these fields of these choices set."""
    return {kind: _merged(choice, changes.get(kind, {})) for kind, choice in chosen.items()}


def _merged(choice: Choice, fields: Mapping[str, Any]) -> Choice:
    known = {name: value for name, value in fields.items() if name in asdict(choice)}
    if "scope" in known:
        known["scope"] = Scope(known["scope"])
    return replace(choice, **known)
