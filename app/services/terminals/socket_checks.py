"""Whether open terminal sockets may stay, and what was typed through them.

Both are one statement for all sockets of a process that are checked together.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from app.domain.attempt import AttemptPhase
from app.domain.roles import Person, ProjectRole, SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.domain.terminal import TerminalSubject, Verdict, machine_verdict, viewer_verdict
from app.extensions import db
from app.services.accounts import sessions
from app.services.terminals.terminals import MachineGrant, ViewerGrant

Grant = ViewerGrant | MachineGrant


@dataclass(frozen=True)
class GrantCheck:
    """A socket's verdict. `at_gate`: no process is running that could read input."""

    verdict: Verdict
    at_gate: bool


@dataclass(frozen=True)
class TypedSpan:
    """A number of bytes that a developer typed into an attempt's terminal within a time span."""

    task_id: int
    attempt: int
    developer_id: int
    started_at: datetime
    ended_at: datetime
    bytes: int
    is_shell: bool = False


_CHECK = text(f"""
    SELECT s.number, t.status, t.suspend_reason, t.created_by, a.phase,
           a.ended_at IS NULL AS is_live, a.machine_id,
           m.jwt_version IS NOT NULL AND m.status <> 'decommissioned' AS is_known,
           d.role, pm.role AS project_role, p.deleted_at IS NOT NULL AS is_deleted,
           {sessions.IS_VALID} AS is_signed_in
    FROM jsonb_to_recordset(CAST(:grants AS jsonb)) AS s(
            number int, task_id bigint, attempt int, {sessions.COLUMNS})
    JOIN tasks AS t ON t.id = s.task_id
    JOIN projects AS p ON p.id = t.project_id
    JOIN attempts AS a ON a.task_id = s.task_id AND a.number = s.attempt
    JOIN machines AS m ON m.id = a.machine_id
    LEFT JOIN developers AS d ON d.id = s.developer_id
    LEFT JOIN project_members AS pm ON pm.project_id = p.id AND pm.developer_id = d.id
""")

# As one value: a list of parameters costs SQLAlchemy 10 to 20 ms for some dozens of rows.
_STORE_INPUTS = text("""
    INSERT INTO terminal_inputs
        (task_id, attempt, developer_id, started_at, ended_at, bytes, is_shell)
    SELECT task_id, attempt, developer_id, started_at, ended_at, bytes, is_shell
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        task_id bigint, attempt int, developer_id bigint, started_at timestamptz,
        ended_at timestamptz, bytes bigint, is_shell boolean)
""")


def check_sockets(grants: Mapping[int, Grant], now: datetime) -> dict[int, GrantCheck]:
    """Return each socket's verdict at `now`, by the caller's number for it, in one statement.

    A socket of a deleted task is omitted. Ends the transaction.
    """
    rows = [{"number": number, **_row(grant)} for number, grant in grants.items()]
    found = db.session.execute(_CHECK, {"grants": json.dumps(rows), "now": now}).all()
    db.session.rollback()
    return {row.number: _to_check(row, grants[row.number]) for row in found}


def _row(grant: Grant) -> dict[str, Any]:
    about = {"task_id": grant.task_id, "attempt": grant.attempt}
    return about if isinstance(grant, MachineGrant) else {**about, **sessions.to_row(grant.session)}


def _to_check(row: Row[Any], grant: Grant) -> GrantCheck:
    reason = SuspendReason(row.suspend_reason) if row.suspend_reason else None
    subject = TerminalSubject(TaskStatus(row.status), reason, AttemptPhase(row.phase), row.is_live)
    at_gate = subject.phase is not AttemptPhase.RUN
    if isinstance(grant, MachineGrant):
        is_its_own = row.is_known and row.machine_id == grant.machine_id
        return GrantCheck(machine_verdict(subject) if is_its_own else Verdict.FORBIDDEN, at_gate)
    person = _person(row, grant)
    verdict = viewer_verdict(subject, person, grant.mode, is_shell=grant.is_shell)
    return GrantCheck(verdict, at_gate)


def _person(row: Row[Any], grant: ViewerGrant) -> Person | None:
    if not row.is_signed_in or row.is_deleted:
        return None
    return Person(
        system_role=SystemRole(row.role),
        project_role=ProjectRole(row.project_role) if row.project_role else None,
        is_creator=row.created_by == grant.session.developer_id,
    )


def store_inputs(typed: Sequence[TypedSpan]) -> None:
    """Store the typed bytes, in one statement. Commits."""
    rows = json.dumps([asdict(span) for span in typed], default=datetime.isoformat)
    db.session.execute(_STORE_INPUTS, {"rows": rows})
    db.session.commit()
