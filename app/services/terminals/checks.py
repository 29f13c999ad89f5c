"""Open sockets held against the rows: all those of a process in one statement.

And what was typed through them, likewise.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from app.domain.attempt import AttemptPhase
from app.domain.roles import Person, ProjectRole, SystemRole
from app.domain.task import TaskStatus
from app.domain.terminal import Subject, Verdict, fence, verdict
from app.extensions import db
from app.services.terminals.terminals import MachineGrant, ViewerGrant

Grant = ViewerGrant | MachineGrant


@dataclass(frozen=True)
class GrantCheck:
    """`at_gate`: no process is there that could take what is typed."""

    verdict: Verdict
    at_gate: bool


@dataclass(frozen=True)
class TypedSpan:
    """That somebody typed, between two moments, so many bytes."""

    task_id: int
    attempt: int
    developer_id: int
    begun_at: datetime
    ended_at: datetime
    bytes: int


_LOOK = text("""
    SELECT s.number, t.status, t.created_by, a.phase, a.ended_at IS NULL AS is_live,
           a.machine_id, m.jwt_version IS NOT NULL AND m.status <> 'decommissioned' AS is_known,
           d.role, pm.role AS project_role, p.deleted_at IS NOT NULL AS is_deleted,
           d.disabled_at IS NULL
           AND (s.family IS NULL
                OR EXISTS (SELECT FROM refresh_tokens AS rt
                           WHERE rt.family = s.family AND rt.revoked_at IS NULL
                             AND rt.expires_at > :now))
           AND CASE WHEN s.generation IS NOT NULL THEN d.token_generation = s.generation
                    ELSE EXISTS (SELECT FROM personal_tokens AS pt
                                 WHERE pt.digest = s.token_digest AND pt.revoked_at IS NULL
                                   AND (pt.expires_at IS NULL OR pt.expires_at > :now))
               END AS is_signed_in
    FROM jsonb_to_recordset(CAST(:grants AS jsonb)) AS s(
            number int, task_id bigint, attempt int, developer_id bigint, generation int,
            family uuid, token_digest text)
    JOIN tasks AS t ON t.id = s.task_id
    JOIN projects AS p ON p.id = t.project_id
    JOIN attempts AS a ON a.task_id = s.task_id AND a.number = s.attempt
    JOIN machines AS m ON m.id = a.machine_id
    LEFT JOIN developers AS d ON d.id = s.developer_id
    LEFT JOIN project_members AS pm ON pm.project_id = p.id AND pm.developer_id = d.id
""")

# As one value: a list of parameters costs SQLAlchemy 10 to 20 ms for some dozens of rows.
_NOTE = text("""
    INSERT INTO terminal_inputs (task_id, attempt, developer_id, begun_at, ended_at, bytes)
    SELECT task_id, attempt, developer_id, begun_at, ended_at, bytes
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        task_id bigint, attempt int, developer_id bigint, begun_at timestamptz,
        ended_at timestamptz, bytes bigint)
""")


def look(grants: Mapping[int, Grant], now: datetime) -> dict[int, GrantCheck]:
    """What becomes of each, by the caller's number for it."""
    rows = [{"number": number, **asdict(grant)} for number, grant in grants.items()]
    told = {"grants": json.dumps(rows, default=_plain), "now": now}
    found = db.session.execute(_LOOK, told).all()
    db.session.rollback()
    return {row.number: _finding(row, grants[row.number]) for row in found}


def _plain(value: Any) -> str:
    assert isinstance(value, uuid.UUID | datetime)
    return str(value)


def _finding(row: Row[Any], grant: Grant) -> GrantCheck:
    subject = Subject(TaskStatus(row.status), AttemptPhase(row.phase), row.is_live)
    at_gate = subject.phase is not AttemptPhase.RUN
    if isinstance(grant, MachineGrant):
        is_its_own = row.is_known and row.machine_id == grant.machine_id
        return GrantCheck(fence(subject) if is_its_own else Verdict.FORBIDDEN, at_gate)
    return GrantCheck(verdict(subject, _person(row, grant), grant.mode), at_gate)


def _person(row: Row[Any], grant: ViewerGrant) -> Person | None:
    if not row.is_signed_in or row.is_deleted:
        return None
    return Person(
        system_role=SystemRole(row.role),
        project_role=ProjectRole(row.project_role) if row.project_role else None,
        is_creator=row.created_by == grant.developer_id,
    )


def note(typed: Sequence[TypedSpan]) -> None:
    """Store who typed. Commits."""
    rows = json.dumps([asdict(stretch) for stretch in typed], default=_plain)
    db.session.execute(_NOTE, {"rows": rows})
    db.session.commit()
