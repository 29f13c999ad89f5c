"""Who is notified of a task's events, and on which channels.

It depends on the event, the task's people, and their preferences.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from app.domain.roles import Permission, Person, ProjectRole, SystemRole, is_allowed
from app.domain.task import EventType, FailureCode
from app.domain.task_message import UNREAD


class NotificationType(StrEnum):
    """Notification types.

    People are notified of `PERSONAL_TYPES`, bound chats of `CHAT_TYPES`. `CLOSING_TYPES` edit the
    cards that ask a question in chats.
    """

    GATE_OPENED = "gate_opened"
    GATE_EXPIRED = "gate_expired"
    GATE_ANSWERED = "gate_answered"
    GATE_WITHDRAWN = "gate_withdrawn"
    TASK_COMPLETED = "task_completed"
    TASK_FAILED = "task_failed"
    TASK_CANCELLED = "task_cancelled"
    MACHINE_LOST = "machine_lost"  # and the task failed because of it
    EGRESS_REFUSED = "egress_refused"
    BUDGET_LOW = "budget_low"  # a budget of the task is almost used up
    REVIEWED = "reviewed"
    COMMENTED = "commented"  # a single comment in a review thread
    MESSAGE_UNREAD = "message_unread"  # one to the agent, which has, or may have, not been read


class Channel(StrEnum):
    """A way to notify one person."""

    IN_APP = "in_app"
    CHAT = "chat"  # a direct message to their own chat account


class Scope(StrEnum):
    """The tasks that a preference covers."""

    OWN = "own"  # those that the developer created
    PROJECTS = "projects"  # all tasks of the developer's projects


@dataclass(frozen=True)
class NotificationChoice:
    """A developer's preference for one notification type."""

    in_app: bool = True
    chat: bool = True
    scope: Scope = Scope.OWN


Preferences = Mapping[NotificationType, NotificationChoice]

# By default, everyone who can answer a question is notified of it and of an almost used-up budget.
# A task's end goes to its creator; reviews go to its creator and to participants, unread messages
# to its creator and to their author.
DEFAULTS: Preferences = {
    NotificationType.GATE_OPENED: NotificationChoice(scope=Scope.PROJECTS),
    NotificationType.GATE_EXPIRED: NotificationChoice(),
    NotificationType.TASK_COMPLETED: NotificationChoice(),
    NotificationType.TASK_FAILED: NotificationChoice(),
    NotificationType.TASK_CANCELLED: NotificationChoice(),
    NotificationType.MACHINE_LOST: NotificationChoice(),
    NotificationType.EGRESS_REFUSED: NotificationChoice(),
    NotificationType.BUDGET_LOW: NotificationChoice(scope=Scope.PROJECTS),
    NotificationType.REVIEWED: NotificationChoice(),
    NotificationType.COMMENTED: NotificationChoice(),
    NotificationType.MESSAGE_UNREAD: NotificationChoice(),
}
PERSONAL_TYPES = frozenset(DEFAULTS)
CONVERSATION_TYPES = frozenset(
    {NotificationType.REVIEWED, NotificationType.COMMENTED, NotificationType.MESSAGE_UNREAD}
)
CHAT_TYPES = PERSONAL_TYPES - CONVERSATION_TYPES | {NotificationType.REVIEWED}  # bound to a project
# These types close open questions: all of the task's,
CLOSING_TYPES = frozenset(NotificationType) - {
    NotificationType.GATE_OPENED,
    NotificationType.TASK_COMPLETED,
    NotificationType.EGRESS_REFUSED,
    NotificationType.BUDGET_LOW,
    *CONVERSATION_TYPES,
}
# except for these types, which close only the question of the same stage.
SINGLE_GATE_TYPES = frozenset({NotificationType.GATE_ANSWERED, NotificationType.GATE_WITHDRAWN})

WITHDRAWN = "withdrawn"  # the key in a warning event's data that means that its gate is withdrawn
BUDGET = "budget"  # likewise: a budget is almost used up

_BY_EVENT = {
    EventType.SUSPENDED: NotificationType.GATE_OPENED,
    EventType.CONFIRMED: NotificationType.GATE_ANSWERED,
    EventType.COMPLETED: NotificationType.TASK_COMPLETED,
    EventType.CANCELLED: NotificationType.TASK_CANCELLED,
    EventType.EGRESS_REFUSED: NotificationType.EGRESS_REFUSED,
    EventType.REVIEWED: NotificationType.REVIEWED,
    EventType.COMMENTED: NotificationType.COMMENTED,
}
_BY_FAILURE = {
    FailureCode.GATE_EXPIRED: NotificationType.GATE_EXPIRED,
    FailureCode.MACHINE_LOST: NotificationType.MACHINE_LOST,
    FailureCode.MACHINE_DECOMMISSIONED: NotificationType.MACHINE_LOST,
}


def notification_type_of(type_: EventType, data: Mapping[str, Any]) -> NotificationType | None:
    """Return the notification type of a task's event; None if it has none."""
    if type_ is EventType.FAILED:
        return _BY_FAILURE.get(data.get("code", ""), NotificationType.TASK_FAILED)
    if type_ is EventType.MESSAGE:
        return NotificationType.MESSAGE_UNREAD if data.get("state") in UNREAD else None
    if type_ is EventType.WARNING:
        if data.get(WITHDRAWN):
            return NotificationType.GATE_WITHDRAWN
        return NotificationType.BUDGET_LOW if data.get(BUDGET) else None
    return _BY_EVENT.get(type_)


@dataclass(frozen=True)
class PotentialRecipient:
    """A person who may be notified: a project member, the task's creator, or a participant of
    the conversation.
    """

    developer_id: int
    person: Person
    preferences: Preferences
    is_participant: bool = False


def person_for_task(
    system_role: SystemRole,
    project_role: ProjectRole | None,
    *,
    is_creator: bool,
    is_deleted: bool,
) -> Person:
    """Return a person's relation to a task: their roles, and whether they created it.

    In a deleted project roles don't count, so only admins can see its tasks.
    """
    if is_deleted and system_role is not SystemRole.ADMIN:
        return Person(SystemRole.DEVELOPER, None, is_creator)
    return Person(system_role, project_role, is_creator)


class Recipient(NamedTuple):
    """A developer to notify, and the channels."""

    developer_id: int
    channels: frozenset[Channel]


def select_recipients(
    kind: NotificationType, actor_id: int | None, listeners: Iterable[PotentialRecipient]
) -> tuple[Recipient, ...]:
    """Select the recipients.

    You aren't notified of your own actions, or of tasks that you can't see.
    """
    if kind not in PERSONAL_TYPES:
        return ()
    heard = (Recipient(one.developer_id, _channels(kind, actor_id, one)) for one in listeners)
    return tuple(recipient for recipient in heard if recipient.channels)


def _channels(
    kind: NotificationType, actor_id: int | None, one: PotentialRecipient
) -> frozenset[Channel]:
    if one.developer_id == actor_id or not is_allowed(Permission.SEE_PROJECT, one.person):
        return frozenset()
    choice = one.preferences.get(kind, DEFAULTS[kind])
    is_member = one.person.project_role is not None
    is_theirs = one.person.is_creator or one.is_participant
    if not is_theirs and not (is_member and choice.scope is Scope.PROJECTS):
        return frozenset()
    wanted = {Channel.IN_APP: choice.in_app, Channel.CHAT: choice.chat}
    return frozenset(channel for channel, is_wanted in wanted.items() if is_wanted)


@dataclass(frozen=True)
class Addressee:
    """The addressee of a chat message, by the current rows. `person` is None for a bound chat."""

    person: Person | None = None
    is_enabled: bool = True
    is_their_account: bool = True  # the chat is still the person's own account
    is_bound: bool = False  # the chat is still bound to the task's project


def can_still_receive(one: Addressee) -> bool:
    """Whether a planned message may still be sent to the addressee: rights may have changed."""
    if one.person is None:
        return one.is_bound
    return (
        one.is_enabled and one.is_their_account and is_allowed(Permission.SEE_PROJECT, one.person)
    )


# ---- preferences are stored as {kind: {in_app?, chat?, scope?}}: only what differs from DEFAULTS -


def load_preferences(
    stored: Mapping[str, Mapping[str, Any]] | None,
) -> dict[NotificationType, NotificationChoice]:
    """Return a choice for each notification type: the stored one, completed by the defaults."""
    return {
        kind: _merge_choice(choice, (stored or {}).get(kind.value, {}))
        for kind, choice in DEFAULTS.items()
    }


def dump_preferences(chosen: Preferences) -> dict[str, dict[str, Any]]:
    """Return the choices as they are stored: only differences from the defaults."""
    differing = {
        kind.value: {
            name: value
            for name, value in asdict(choice).items()
            if value != getattr(DEFAULTS[kind], name)
        }
        for kind, choice in chosen.items()
    }
    return {kind: choice for kind, choice in differing.items() if choice}


def update_preferences(
    chosen: Preferences, changes: Mapping[NotificationType, Mapping[str, Any]]
) -> Preferences:
    """Return the choices with the fields in `changes` set."""
    return {kind: _merge_choice(choice, changes.get(kind, {})) for kind, choice in chosen.items()}


def _merge_choice(choice: NotificationChoice, fields: Mapping[str, Any]) -> NotificationChoice:
    known = {name: value for name, value in fields.items() if name in asdict(choice)}
    if "scope" in known:
        known["scope"] = Scope(known["scope"])
    return replace(choice, **known)
