"""What has been committed since somebody looked last, for all who look on in one process at once.

How far somebody has read is said by a snapshot, so that no event is missed that was committed late,
and none comes twice.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text

from app.domain import snapshot
from app.domain.roles import Act, Person, ProjectRole, SystemRole, may
from app.domain.snapshot import Snapshot
from app.extensions import db
from app.services.notify.notifications import COUNTED

MOST = 2000  # events, and notifications, of one look; who is further behind begins anew

Row = Mapping[str, Any]


@dataclass(frozen=True)
class StreamGrant:
    """Somebody who looks on. `generation` is that of their access token, `token_digest` that of
    their personal one: whichever they came with. `ends_at` is when that is over.
    """

    developer_id: int
    generation: int | None
    token_digest: str | None
    ends_at: datetime | None


class NewsBatch(NamedTuple):
    """What is new. `seen`: from here it goes on. `is_whole`: nothing had to be left out."""

    events: Sequence[Row]
    notifications: Sequence[Row]
    seen: Snapshot
    is_whole: bool = True


@dataclass(frozen=True)
class ViewerState:
    """What somebody may see now. `unread` is counted where it was asked for."""

    is_signed_in: bool
    role: SystemRole
    projects: frozenset[int]
    unread: int | None

    def sees(self, event: Row) -> bool:
        """Whether an event's project is theirs to see. A deleted one is the admins' alone."""
        if event["is_deleted"]:
            return self.role is SystemRole.ADMIN
        member = ProjectRole.MEMBER if event["project_id"] in self.projects else None
        return may(Act.SEE_PROJECT, Person(self.role, member))


# A row that came from a copy of another database may have a transaction's number that ours has not
# come to yet: such rows are not new.
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
               p.deleted_at IS NOT NULL AS is_deleted
        FROM s, task_events AS r JOIN projects AS p ON p.id = r.project_id
        WHERE {_NEW} AND r.type <> 'log'
        ORDER BY r.xid, r.task_id, r.number
        LIMIT {MOST + 1}
    ), n AS (
        SELECT r.id, r.developer_id, r.type, r.title, r.body, r.task_id, r.read_at, r.created_at
        FROM s, notifications AS r
        WHERE {_NEW} AND r.developer_id = ANY(CAST(:developers AS bigint[]))
        ORDER BY r.id
        LIMIT {MOST + 1}
    )
    SELECT s.seen, (SELECT jsonb_agg(to_jsonb(e)) FROM e) AS events,
           (SELECT jsonb_agg(to_jsonb(n)) FROM n) AS notifications
    FROM s
""")
_SNAPSHOT = text("SELECT pg_current_snapshot()::text")
_STANDINGS = text(f"""
    SELECT s.number, d.role,
           d.disabled_at IS NULL
           AND CASE WHEN s.generation IS NOT NULL THEN d.token_generation = s.generation
                    ELSE EXISTS (SELECT FROM personal_tokens AS pt
                                 WHERE pt.digest = s.token_digest AND pt.revoked_at IS NULL
                                   AND (pt.expires_at IS NULL OR pt.expires_at > :now))
               END AS is_signed_in,
           ARRAY(SELECT pm.project_id FROM project_members AS pm
                 WHERE pm.developer_id = d.id) AS projects,
           CASE WHEN d.id = ANY(CAST(:unread_of AS bigint[]))
                THEN (SELECT count(*) FROM (SELECT FROM notifications AS n
                                            WHERE n.developer_id = d.id AND n.read_at IS NULL
                                            LIMIT {COUNTED}) AS few) END AS unread
    FROM jsonb_to_recordset(CAST(:grants AS jsonb)) AS s(
            number int, developer_id bigint, generation int, token_digest text)
    JOIN developers AS d ON d.id = s.developer_id
""")
_NO_END = 2**63 - 1


def here() -> Snapshot:
    """What is committed now."""
    return _parsed(db.session.execute(_SNAPSHOT).scalar_one())


def since(
    seen: Snapshot, developers: Collection[int], *, until: Snapshot | None = None
) -> NewsBatch:
    """What is there now, or was `until` then, and was not at `seen`: the events of all tasks, and
    these developers' notifications. What machines note for themselves is left out.
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
    is_whole = len(events) <= MOST and len(notifications) <= MOST
    return NewsBatch(events, notifications, until or _parsed(row.seen), is_whole)


def viewer_states(
    grants: Mapping[int, StreamGrant], now: datetime, *, unread_of: Collection[int] = ()
) -> dict[int, ViewerState]:
    """How each stands, by the caller's number for it; whose row is gone is left out."""
    rows = [
        {
            "number": number,
            "developer_id": grant.developer_id,
            "generation": grant.generation,
            "token_digest": grant.token_digest,
        }
        for number, grant in grants.items()
    ]
    asked = {"grants": json.dumps(rows), "now": now, "unread_of": sorted(unread_of)}
    found = db.session.execute(_STANDINGS, asked).all()
    db.session.rollback()
    return {
        row.number: ViewerState(
            is_signed_in=row.is_signed_in,
            role=SystemRole(row.role),
            projects=frozenset(row.projects),
            unread=row.unread,
        )
        for row in found
    }


def _parsed(notation: str) -> Snapshot:
    found = snapshot.parse(notation)
    assert found is not None
    return found
