"""From the outbox to those who hear of it: a batch of events in one transaction, with the same few
statements for one recipient and for a thousand.

In-app notifications are delivered by being committed. What goes to chats becomes deliveries.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text

from app import bus
from app.domain import audience
from app.domain.audience import Channel, Listener, NewsKind
from app.domain.chat import BotPlatform, person_on
from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import TaskStatus
from app.domain.wording import words
from app.extensions import db
from app.postgres import advisory_locks
from app.postgres.advisory_locks import AdvisoryLock

BATCH = 25  # events

Told = dict[str, Any]

# One at a time, so that a task's events are expanded in their order. Who comes second waits: what
# was committed before it came, the first may not have seen.
_TAKE_LOCK = select(advisory_locks.take(AdvisoryLock.EXPAND_OUTBOX))
_WAITING = text("""
    SELECT o.id, o.task_id, o.number, o.kind, o.round, o.stage_index, o.actor_id, o.message,
           o.created_at, t.created_by, t.description, t.status,
           t.pipeline -> o.stage_index ->> 'name' AS stage,
           p.id AS project_id, p.key AS project_key, p.deleted_at IS NOT NULL AS is_deleted,
           g.kind AS gate_kind, g.prompt, g.choices
    FROM outbox AS o
    JOIN tasks AS t ON t.id = o.task_id
    JOIN projects AS p ON p.id = t.project_id
    LEFT JOIN gates AS g ON o.kind = 'gate_opened' AND g.task_id = o.task_id
                        AND g.round = o.round AND g.stage_index = o.stage_index
    WHERE o.expanded_at IS NULL
    ORDER BY o.id
    LIMIT :batch
""")
# Members by project, and creators, who may be none.
_PEOPLE = text("""
    SELECT pm.project_id, pm.role AS project_role, d.id, d.role, d.platform_uid, np.choices
    FROM project_members AS pm
    JOIN developers AS d ON d.id = pm.developer_id
    LEFT JOIN notification_preferences AS np ON np.developer_id = d.id
    WHERE pm.project_id = ANY(:projects) AND d.disabled_at IS NULL
    UNION ALL
    SELECT NULL, NULL, d.id, d.role, d.platform_uid, np.choices
    FROM developers AS d
    LEFT JOIN notification_preferences AS np ON np.developer_id = d.id
    WHERE d.id = ANY(:creators) AND d.disabled_at IS NULL
""")
_ROOMS = text("""
    SELECT project_id, bot_id, platform_chat_id FROM bot_bindings WHERE project_id = ANY(:projects)
""")
# Who speaks to people themselves: the first bot of each platform that has accounts.
_VOICES = text("""
    SELECT DISTINCT ON (platform) platform, id FROM bots
    WHERE platform IN ('slack', 'lark') ORDER BY platform, id
""")
_NOTIFY = text("""
    INSERT INTO notifications (developer_id, type, title, body, task_id, event_number, created_at)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        developer_id bigint, type text, title text, body text, task_id bigint, event_number int,
        created_at timestamptz)
    ON CONFLICT (developer_id, task_id, event_number) DO NOTHING
""")
_PLAN = text("""
    INSERT INTO deliveries (outbox_id, task_id, bot_id, chat_id, developer_id, act, state, attempts,
                            due_at, created_at)
    SELECT r.outbox_id, r.task_id, r.bot_id, r.chat_id, r.developer_id, 'post', 'pending', 0,
           :now, :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        outbox_id bigint, task_id bigint, bot_id bigint, chat_id text, developer_id bigint)
    JOIN bots ON bots.id = r.bot_id
    ON CONFLICT (outbox_id, bot_id, chat_id, act) DO NOTHING
""")
# Cards are edited once, by the first event that closes their question.
_PLAN_EDITS = text("""
    INSERT INTO deliveries (outbox_id, task_id, bot_id, chat_id, developer_id, act, card_id, state,
                            attempts, due_at, created_at)
    SELECT DISTINCT ON (d.id) o.id, d.task_id, d.bot_id, d.chat_id, d.developer_id,
           CAST('edit' AS delivery_act), d.id, CAST('pending' AS delivery_state), 0,
           CAST(:now AS timestamptz), CAST(:now AS timestamptz)
    FROM outbox AS o
    JOIN outbox AS q ON q.task_id = o.task_id AND q.round = o.round AND q.number < o.number
                    AND q.kind = 'gate_opened'
                    AND (o.kind NOT IN ('gate_answered', 'gate_withdrawn')
                         OR q.stage_index = o.stage_index)
    JOIN deliveries AS d ON d.outbox_id = q.id AND d.act = 'post' AND d.state <> 'dead'
    WHERE o.id = ANY(:closing)
      AND NOT EXISTS (SELECT FROM deliveries AS e WHERE e.card_id = d.id)
    ORDER BY d.id, o.number
    ON CONFLICT (outbox_id, bot_id, chat_id, act) DO NOTHING
""")
_DONE = text("""
    UPDATE outbox AS o SET expanded_at = :now, told = r.told
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id bigint, told jsonb) WHERE o.id = r.id
""")


def expand(now: datetime) -> int:
    """All that waits; how many events. Commits, and wakes who looks on and who sends."""
    bus.begin_expanding()  # before reading: what comes later sets the flag again
    total = 0
    while True:
        count = _expand_batch(now)
        total += count
        if count < BATCH:
            return total


def _expand_batch(now: datetime) -> int:
    db.session.execute(_TAKE_LOCK)
    events = db.session.execute(_WAITING, {"batch": BATCH}).all()
    if not events:
        db.session.rollback()
        return 0
    heard = _Around(events)
    told = {event.id: _told(event) for event in events}
    notifications, posts = _notifications(events, heard, told), _posts(events, heard)
    closing = [event.id for event in events if event.kind in audience.CLOSING]
    if notifications:
        db.session.execute(_NOTIFY, {"rows": json.dumps(notifications)})
    if posts:
        db.session.execute(_PLAN, {"rows": json.dumps(posts), "now": now})
    if closing:
        db.session.execute(_PLAN_EDITS, {"closing": closing, "now": now})
    done = [{"id": key, "told": about} for key, about in told.items()]
    db.session.execute(_DONE, {"rows": json.dumps(done), "now": now})
    db.session.commit()
    if notifications:
        bus.tell_news((), is_told=False)
    if posts or closing:
        bus.wake_sending()
    return len(events)


class _Around:
    """The people and the rooms around some events' tasks."""

    def __init__(self, events: Sequence[Row[Any]]) -> None:
        projects = {"projects": sorted({event.project_id for event in events})}
        creators = {"creators": sorted({event.created_by for event in events})}
        self._members: dict[int, list[Row[Any]]] = defaultdict(list)
        self._creators: dict[int, Row[Any]] = {}
        for row in db.session.execute(_PEOPLE, projects | creators):
            if row.project_id is None:
                self._creators[row.id] = row
            else:
                self._members[row.project_id].append(row)
        self._rooms: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in db.session.execute(_ROOMS, projects):
            self._rooms[row.project_id].append(row)
        self._dm_bots = self._look_for_dm_bots()

    def _look_for_dm_bots(self) -> dict[BotPlatform, int]:
        if not any(row.platform_uid for row in self._people()):
            return {}
        return {BotPlatform(row.platform): row.id for row in db.session.execute(_VOICES)}

    def _people(self) -> Iterator[Row[Any]]:
        yield from self._creators.values()
        for members in self._members.values():
            yield from members

    def recipients(self, event: Row[Any]) -> Iterator[tuple[Row[Any], frozenset[Channel]]]:
        """The people who hear of it, and on which channels."""
        around = {row.id: row for row in self._members[event.project_id]}
        creator = self._creators.get(event.created_by)
        if creator is not None:
            around.setdefault(creator.id, creator)
        listeners = [_listener(row, event) for row in around.values()]
        for recipient in audience.audience(NewsKind(event.kind), event.actor_id, listeners):
            yield around[recipient.developer_id], recipient.channels

    def rooms(self, event: Row[Any]) -> Iterable[Row[Any]]:
        return self._rooms[event.project_id] if event.kind in audience.TOLD else ()

    def account(self, row: Row[Any]) -> tuple[int, str] | None:
        """The bot that reaches the person, and what the platform calls them."""
        platform, account = person_on(row.platform_uid) or (None, "")
        bot_id = self._dm_bots.get(platform) if platform else None
        return (bot_id, account) if bot_id else None


def _listener(row: Row[Any], event: Row[Any]) -> Listener:
    person = audience.around(
        SystemRole(row.role),
        ProjectRole(row.project_role) if row.project_role else None,
        is_creator=row.id == event.created_by,
        is_deleted=event.is_deleted,
    )
    return Listener(row.id, person, audience.preferences(row.choices))


_STATUS = {
    NewsKind.GATE_OPENED: TaskStatus.SUSPENDED,
    NewsKind.TASK_COMPLETED: TaskStatus.COMPLETED,
    NewsKind.TASK_CANCELLED: TaskStatus.CANCELLED,
    NewsKind.TASK_FAILED: TaskStatus.FAILED,
    NewsKind.MACHINE_LOST: TaskStatus.FAILED,
    NewsKind.GATE_EXPIRED: TaskStatus.FAILED,
}


def _told(event: Row[Any]) -> Told:
    """What messages say of it: the same to all. The status is that of then."""
    kind = NewsKind(event.kind)
    title, body = words(
        kind,
        event.task_id,
        description=event.description,
        message=event.message,
        stage=event.stage,
    )
    told = {
        "title": title,
        "body": body,
        "status": _STATUS.get(kind, TaskStatus(event.status)).value,
        "projectKey": event.project_key,
    }
    if event.gate_kind is not None:
        told["gate"] = {
            "stageIndex": event.stage_index,
            "stageName": event.stage or "",
            "round": event.round,
            "kind": event.gate_kind,
            "prompt": event.prompt,
            "choices": event.choices,
        }
    return told


def _notifications(
    events: Sequence[Row[Any]], heard: _Around, told: Mapping[int, Told]
) -> list[dict[str, Any]]:
    return [
        {
            "developer_id": row.id,
            "type": event.kind,
            "title": told[event.id]["title"],
            "body": told[event.id]["body"],
            "task_id": event.task_id,
            "event_number": event.number,
            "created_at": event.created_at.isoformat(),
        }
        for event in events
        for row, channels in heard.recipients(event)
        if Channel.IN_APP in channels
    ]


def _posts(events: Sequence[Row[Any]], heard: _Around) -> list[dict[str, Any]]:
    """To rooms, and to people. Several who share an account hear of it once."""
    return [
        {"outbox_id": event.id, "task_id": event.task_id, **recipient}
        for event in events
        for recipient in (*_in_rooms(event, heard), *_direct(event, heard))
    ]


def _in_rooms(event: Row[Any], heard: _Around) -> Iterator[dict[str, Any]]:
    for room in heard.rooms(event):
        yield {"bot_id": room.bot_id, "chat_id": room.platform_chat_id, "developer_id": None}


def _direct(event: Row[Any], heard: _Around) -> Iterator[dict[str, Any]]:
    for row, channels in heard.recipients(event):
        found = heard.account(row) if Channel.CHAT in channels else None
        if found is not None:
            yield {"bot_id": found[0], "chat_id": found[1], "developer_id": row.id}
