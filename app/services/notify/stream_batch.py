"""Everything committed since the last poll, for all event streams of one process at once.

A stream's position is a Postgres snapshot, so that no late commit is missed, and nothing comes
twice.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text

from app.domain import inbox, snapshot
from app.domain.roles import Permission, Person, ProjectRole, SystemRole, is_allowed
from app.domain.snapshot import Snapshot
from app.domain.task import EventType
from app.domain.token_scope import UNRESTRICTED, AccessScope
from app.extensions import db
from app.services.accounts import sessions
from app.services.accounts.sessions import DeveloperSession
from app.services.notify.notifications import MAX_UNREAD_COUNT

MAX_ROWS = 2000  # events, and notifications, per poll; a stream further behind starts again

Row = Mapping[str, Any]


class StreamBatch(NamedTuple):
    """Everything committed in a time span that ends at `snapshot`. `is_whole`: nothing had to
    be omitted.
    """

    events: Sequence[Row]
    notifications: Sequence[Row]
    snapshot: Snapshot
    is_whole: bool = True


@dataclass(frozen=True)
class ViewerState:
    """What a viewer can see now.

    `is_signed_in`: the session is still valid. `projects`: the developer's. `access_scope`: the
    credential's. `unread`: the number of unread notifications, if requested.
    """

    is_signed_in: bool
    role: SystemRole
    projects: frozenset[int]
    unread: int | None
    access_scope: AccessScope = UNRESTRICTED

    def can_receive(self, notification: Row) -> bool:
        """Whether the viewer's credential has the scope for their own notification."""
        return self.access_scope.covers(notification["project_id"])

    def can_see(self, event: Row) -> bool:
        """Whether the viewer can see the event's project. Only admins can see a deleted one."""
        if not self.access_scope.covers(event["project_id"]):
            return False
        if event["is_deleted"]:
            return self.role is SystemRole.ADMIN
        return is_allowed(Permission.SEE_PROJECT, self._person(event))

    def is_inbox_change(self, event: Row, developer_id: int) -> bool:
        """Whether the event, which the viewer can see, may change their inbox."""
        return inbox.is_changed_by(
            EventType(event["type"]),
            may_answer=is_allowed(Permission.ANSWER_GATE, self._person(event)),
            is_creator=event["created_by"] == developer_id,
        )

    @property
    def can_drain_machines(self) -> bool:
        """Whether the viewer gets unhealthy machines."""
        return is_allowed(Permission.DRAIN_MACHINE, Person(self.role))

    def _person(self, event: Row) -> Person:
        member = ProjectRole.MEMBER if event["project_id"] in self.projects else None
        return Person(self.role, member)


# A row that was copied from another database may have a transaction number that ours hasn't reached
# yet: such rows aren't new.
_NEW = """
    (r.xid >= :xmax OR r.xid = ANY(CAST(:in_progress AS bigint[])))
    AND r.xid < s.xmax AND r.xid < :below AND NOT r.xid = ANY(CAST(:not_yet AS bigint[]))
"""
_SINCE = text(f"""
    WITH s AS (
        SELECT pg_current_snapshot()::text AS seen,
               pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xmax
    ), e AS (
        SELECT r.task_id, r.number, r.type, r.attempt, r.stage_index, r.message, r.data,
               r.created_at, r.project_id, p.key AS project_key,
               p.deleted_at IS NOT NULL AS is_deleted, t.created_by
        FROM s, task_events AS r JOIN projects AS p ON p.id = r.project_id
        JOIN tasks AS t ON t.id = r.task_id
        WHERE {_NEW} AND r.type <> 'log'
        ORDER BY r.xid, r.task_id, r.number
        LIMIT {MAX_ROWS + 1}
    ), n AS (
        SELECT r.id, r.developer_id, r.type, r.title, r.body, r.task_id, r.read_at, r.created_at,
               (SELECT t.project_id FROM tasks AS t WHERE t.id = r.task_id) AS project_id
        FROM s, notifications AS r
        WHERE {_NEW} AND r.developer_id = ANY(CAST(:developers AS bigint[]))
        ORDER BY r.id
        LIMIT {MAX_ROWS + 1}
    )
    SELECT s.seen, (SELECT jsonb_agg(to_jsonb(e)) FROM e) AS events,
           (SELECT jsonb_agg(to_jsonb(n)) FROM n) AS notifications
    FROM s
""")
_SNAPSHOT = text("SELECT pg_current_snapshot()::text")
_VIEWER_STATES = text(f"""
    SELECT s.number, d.role, {sessions.IS_VALID} AS is_signed_in,
           ARRAY(SELECT pm.project_id FROM project_members AS pm
                 WHERE pm.developer_id = d.id) AS projects,
           CASE WHEN d.id = ANY(CAST(:unread_of AS bigint[]))
                THEN (SELECT count(*) FROM (SELECT FROM notifications AS n
                                            WHERE n.developer_id = d.id AND n.read_at IS NULL
                                              AND (s.projects IS NULL OR EXISTS (
                                                  SELECT FROM tasks AS t
                                                  WHERE t.id = n.task_id
                                                    AND t.project_id = ANY(s.projects)))
                                            LIMIT {MAX_UNREAD_COUNT}) AS few) END AS unread
    FROM jsonb_to_recordset(CAST(:sessions AS jsonb)) AS s(number int, {sessions.COLUMNS})
    JOIN developers AS d ON d.id = s.developer_id
""")
_NO_END = 2**63 - 1


def current_snapshot() -> Snapshot:
    """Return the current snapshot."""
    return _parse_snapshot(db.session.execute(_SNAPSHOT).scalar_one())


def read_since(
    seen: Snapshot, developers: Collection[int], *, until: Snapshot | None = None
) -> StreamBatch:
    """Return what was committed after `seen` and by `until` (None: by now).

    That is the events of all tasks, except machines' own (`log`), and these developers'
    notifications. Ends the transaction.
    """
    asked = {
        "xmax": seen.xmax,
        "in_progress": list(seen.in_progress),
        "below": until.xmax if until else _NO_END,
        "not_yet": list(until.in_progress) if until else [],
        "developers": sorted(developers),
    }
    row = db.session.execute(_SINCE, asked).one()
    db.session.rollback()
    events, notifications = row.events or [], row.notifications or []
    is_whole = len(events) <= MAX_ROWS and len(notifications) <= MAX_ROWS
    return StreamBatch(events, notifications, until or _parse_snapshot(row.seen), is_whole)


def viewer_states(
    viewers: Mapping[int, DeveloperSession], now: datetime, *, unread_of: Collection[int] = ()
) -> dict[int, ViewerState]:
    """Return each viewer's state at `now`, by the caller's number for it, in one statement.

    Viewers whose developer was deleted are omitted. Notifications are counted for the developers in
    `unread_of`. Ends the transaction.
    """
    rows = [{"number": number, **sessions.to_row(session)} for number, session in viewers.items()]
    asked = {"sessions": json.dumps(rows), "now": now, "unread_of": sorted(unread_of)}
    found = db.session.execute(_VIEWER_STATES, asked).all()
    db.session.rollback()
    return {
        row.number: ViewerState(
            is_signed_in=row.is_signed_in,
            role=SystemRole(row.role),
            projects=frozenset(row.projects),
            unread=row.unread,
            access_scope=AccessScope.from_columns(None, viewers[row.number].projects),
        )
        for row in found
    }


def _parse_snapshot(notation: str) -> Snapshot:
    found = snapshot.parse(notation)
    assert found is not None
    return found
