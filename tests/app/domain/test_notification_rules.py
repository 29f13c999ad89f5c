"""Who hears of what, as tables."""

from typing import Any

import pytest

from app.domain import notification_rules
from app.domain.notification_rules import (
    DEFAULTS,
    PERSONAL_TYPES,
    Channel,
    NotificationChoice,
    NotificationType,
    PotentialRecipient,
    Scope,
    notification_type_of,
)
from app.domain.roles import Person, ProjectRole, SystemRole
from app.domain.task import EventType

DEVELOPER, LEAD, ADMIN = SystemRole.DEVELOPER, SystemRole.LEAD, SystemRole.ADMIN
MEMBER = Person(DEVELOPER, ProjectRole.MEMBER)
MAINTAINER = Person(DEVELOPER, ProjectRole.MAINTAINER)
CREATOR = Person(DEVELOPER, ProjectRole.MEMBER, is_creator=True)
FORMER_CREATOR = Person(DEVELOPER, None, is_creator=True)
ADMIN_CREATOR = Person(ADMIN, None, is_creator=True)
OUTSIDE_ADMIN, OUTSIDE_LEAD = Person(ADMIN), Person(LEAD)
BOTH = frozenset(Channel)
K = NotificationType


def channels_of(
    kind: NotificationType, person: Person, actor: int | None = None, **choice: Any
) -> frozenset[Channel]:
    """The channels on which developer 1 is notified."""
    preferences = {**DEFAULTS, kind: NotificationChoice(**choice)} if choice else DEFAULTS
    found = notification_rules.select_recipients(
        kind, actor, [PotentialRecipient(1, person, preferences)]
    )
    return found[0].channels if found else frozenset()


@pytest.mark.parametrize(
    ("person", "gate", "end"),
    [
        pytest.param(MEMBER, BOTH, frozenset(), id="a member is asked"),
        pytest.param(MAINTAINER, BOTH, frozenset(), id="so is a maintainer"),
        pytest.param(CREATOR, BOTH, BOTH, id="the creator hears of the end, too"),
        pytest.param(FORMER_CREATOR, frozenset(), frozenset(), id="who has left hears nothing"),
        pytest.param(ADMIN_CREATOR, BOTH, BOTH, id="an admin needs no membership for their own"),
        pytest.param(
            OUTSIDE_ADMIN, frozenset(), frozenset(), id="nor is notified of others' tasks"
        ),
        pytest.param(OUTSIDE_LEAD, frozenset(), frozenset(), id="a lead of other projects neither"),
    ],
)
def test_by_default(person: Person, gate: frozenset[Channel], end: frozenset[Channel]) -> None:
    assert channels_of(K.GATE_OPENED, person) == channels_of(K.BUDGET_LOW, person) == gate
    for kind in PERSONAL_TYPES - {K.GATE_OPENED, K.BUDGET_LOW}:
        assert channels_of(kind, person) == end, kind


@pytest.mark.parametrize("kind", sorted(PERSONAL_TYPES))
def test_nobody_is_told_of_what_they_did_themselves(kind: NotificationType) -> None:
    assert channels_of(kind, CREATOR, actor=1) == frozenset()
    assert channels_of(kind, CREATOR, actor=2) == BOTH


@pytest.mark.parametrize(
    ("choice", "heard"),
    [
        ({"in_app": False}, {Channel.CHAT}),
        ({"chat": False}, {Channel.IN_APP}),
        ({"in_app": False, "chat": False}, set()),
        ({"chat": False, "scope": Scope.PROJECTS}, {Channel.IN_APP}),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", sorted(PERSONAL_TYPES))
def test_channels_are_chosen_by_kind(
    kind: NotificationType, choice: dict[str, Any], heard: set[Channel]
) -> None:
    assert channels_of(kind, CREATOR, **choice) == heard


@pytest.mark.parametrize("kind", sorted(PERSONAL_TYPES))
def test_the_scope_is_ones_own_tasks_or_all_of_ones_projects(kind: NotificationType) -> None:
    assert channels_of(kind, MEMBER, scope=Scope.PROJECTS) == BOTH
    assert channels_of(kind, MEMBER, scope=Scope.OWN) == frozenset()
    assert channels_of(kind, CREATOR, scope=Scope.OWN) == BOTH
    assert channels_of(kind, OUTSIDE_ADMIN, scope=Scope.PROJECTS) == frozenset()


@pytest.mark.parametrize("kind", sorted(set(NotificationType) - PERSONAL_TYPES))
def test_what_only_closes_cards_is_told_to_nobody(kind: NotificationType) -> None:
    assert (
        notification_rules.select_recipients(kind, None, [PotentialRecipient(1, CREATOR, DEFAULTS)])
        == ()
    )


@pytest.mark.parametrize(
    ("type_", "data", "kind"),
    [
        (EventType.SUSPENDED, {"reason": "gate"}, K.GATE_OPENED),
        (EventType.CONFIRMED, {}, K.GATE_ANSWERED),
        (EventType.COMPLETED, {}, K.TASK_COMPLETED),
        (EventType.CANCELLED, {}, K.TASK_CANCELLED),
        (EventType.FAILED, {"code": "stage_failed"}, K.TASK_FAILED),
        (EventType.FAILED, {"code": "something a machine says"}, K.TASK_FAILED),
        (EventType.FAILED, {}, K.TASK_FAILED),
        (EventType.FAILED, {"code": "machine_lost"}, K.MACHINE_LOST),
        (EventType.FAILED, {"code": "machine_decommissioned"}, K.MACHINE_LOST),
        (EventType.FAILED, {"code": "gate_expired"}, K.GATE_EXPIRED),
        (EventType.WARNING, {"withdrawn": True}, K.GATE_WITHDRAWN),
        (EventType.WARNING, {"budget": {"of": "task"}}, K.BUDGET_LOW),
        (EventType.WARNING, {}, None),
        (EventType.EGRESS_REFUSED, {"host": "a.example"}, K.EGRESS_REFUSED),
        (EventType.MACHINE_LOST, {"machineId": "x"}, None),  # it is queued again, or has failed
        *((type_, {}, None) for type_ in (EventType.CREATED, EventType.LOG, EventType.STARTED)),
    ],
    ids=str,
)
def test_what_an_event_is_to_people(
    type_: EventType, data: dict[str, Any], kind: NotificationType | None
) -> None:
    assert notification_type_of(type_, data) is kind


def test_only_what_differs_is_stored_and_it_comes_back() -> None:
    changes: dict[NotificationType, dict[str, Any]] = {
        K.GATE_OPENED: {"chat": False, "scope": Scope.PROJECTS},
        K.TASK_FAILED: {"scope": "projects"},
    }
    chosen = notification_rules.update_preferences(
        notification_rules.load_preferences(None), changes
    )
    kept = notification_rules.dump_preferences(chosen)
    assert kept == {"gate_opened": {"chat": False}, "task_failed": {"scope": "projects"}}
    assert notification_rules.load_preferences(kept) == chosen
    assert notification_rules.dump_preferences(
        notification_rules.update_preferences(chosen, {K.GATE_OPENED: {"chat": True}})
    ) == {"task_failed": {"scope": "projects"}}


def test_what_an_older_version_has_stored_does_no_harm() -> None:
    assert (
        notification_rules.load_preferences({"gone": {"chat": False}, "gate_opened": {"x": 1}})
        == DEFAULTS
    )
