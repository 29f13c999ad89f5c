"""What the fuzzed server holds: enough that calls succeed, and put right again when one ends it.

Rows have the ids that `schemathesis.toml` names.
"""

import time
import uuid

import sqlalchemy as sa

from app.domain.attempt import AttemptOutcome
from app.domain.roles import SystemRole
from app.domain.task import EventType, TaskStatus
from app.domain.tokens import RANDOM_BYTES, TokenKind, digest, make
from app.extensions import db, redis
from app.models import Attempt, Developer, Machine, Project
from app.services import encryption
from app.services.accounts import tokens
from app.services.logs import logs
from app.services.logs.logs import LogSegment
from app.services.ops import readiness
from app.services.tasks import history
from tests.factories import (
    access_token_of,
    make_attempt,
    make_binding,
    make_bot,
    make_developer,
    make_draft,
    make_enrollment_token,
    make_gate,
    make_machine,
    make_notification,
    make_personal_token,
    make_project,
    make_saved_view,
    make_task,
)
from tests.factories.developers import password_hash
from tests.factories.rows import now

MACHINE = uuid.UUID("0b7e5a4c-3f8d-4c7e-9a51-6d2f8e1b4c90")
# Known to schemathesis.toml, and good for ever.
ENROLLMENT = make(TokenKind.ENROLLMENT, bytes(RANDOM_BYTES))
RECOVERY = make(TokenKind.RECOVERY, bytes(RANDOM_BYTES))
PAGE = "http://page.example"  # is one of ours
ACTORS = {"admin": 1, "member": 2}
SEEDED = (
    *("developers", "tasks", "enrollment_tokens", "personal_tokens"),
    *("notifications", "bots", "bot_bindings", "task_drafts", "saved_views"),
)
STATUSES = [status for status in TaskStatus if status is not TaskStatus.SUSPENDED]
GATED = [{"name": "ask", "command": "{description}", "kind": "agent", "confirm": True}]


def furnish() -> dict[str, str]:
    """Make the rows. Returns the actors' personal access tokens."""
    admin = make_developer(id=1, name="admin", role=SystemRole.ADMIN)
    member = make_developer(id=2, name="member")
    make_developer(id=7, name="ada")
    project = make_project(key="WEB", members=[admin], maintainers=[member])
    machine = make_machine(id=MACHINE, slots_total=100)
    _tasks(project, machine, member)
    for number, developer in ((42, admin), (43, member), (44, member)):
        make_notification(developer, id=number, task_id=42)
    make_binding(make_bot(id=42), id=42, project=project, platform_chat_id="C024BE91L")
    make_enrollment_token(creator=admin, id=42)
    make_enrollment_token(creator=admin, id=43, digest=digest(ENROLLMENT))
    make_personal_token(member, id=42, label="to be revoked")
    for number, developer in ((42, admin), (43, member), (44, member)):
        make_draft(developer, id=number)
        make_saved_view(developer, id=number)
    secrets = {
        "admin": make_personal_token(admin, id=101)[1],
        "member": make_personal_token(member, id=102)[1],
    }
    for table in SEEDED:
        db.session.execute(sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1000)"))
    db.session.commit()
    # What Celery and beat would leave behind them.
    redis.client.mset(dict.fromkeys(readiness.HEARTBEATS.values(), time.time() + 86400))
    return secrets


def _tasks(project: Project, machine: Machine, creator: Developer) -> None:
    for number, status in enumerate(STATUSES, 42):
        task = make_task(id=number, project=project, creator=creator, status=status)
        history.record_event(task, EventType.CREATED, "created by member", now())
        if status is TaskStatus.RUNNING:
            _write_log(make_attempt(task, machine))
        elif status in (TaskStatus.FAILED, TaskStatus.COMPLETED):
            make_attempt(
                task, machine, has_slot=False, ended_at=now(), outcome=AttemptOutcome.FAILED
            )
    for number in range(50, 54):
        gated = make_task(
            id=number,
            project=project,
            creator=creator,
            status=TaskStatus.SUSPENDED,
            suspend_reason="gate",
            pipeline=GATED,
        )
        make_gate(gated)


def _write_log(attempt: Attempt) -> None:
    logs.append(attempt, [LogSegment(0, 0, 0, b"\x1b[32m12 passed\x1b[0m in 0.31s\n" * 100)])


def credential(actor: str, schemes: set[str], personal: dict[str, str]) -> str | None:
    """A credential of the actor that opens one of these schemes."""
    if "workerJwt" in schemes:
        return tokens.worker_jwt(db.session.get_one(Machine, MACHINE))[0]
    if "personalAccessToken" in schemes and actor == "member":
        return personal[actor]
    if "accessToken" in schemes:
        return access_token_of(db.session.get_one(Developer, ACTORS[actor]))
    return None


def heal(actor: str) -> None:
    """Give the actor back role, password, membership and token, and what else calls may end."""
    number = ACTORS[actor]
    role = SystemRole.ADMIN if actor == "admin" else SystemRole.DEVELOPER
    known = {
        "id": number,
        "role": role.value,
        "hash": password_hash(),
        "token": 100 + number,
        "machine": MACHINE,
        "enrollment": digest(ENROLLMENT),
        "recovery": digest(RECOVERY),
        "secret": encryption.encrypt("xoxb-token"),
    }
    db.session.execute(HEAL, known)
    db.session.execute(BIND)
    db.session.commit()


# A deleted project comes back, but not at once: that it is gone is something that is checked.
HEAL = sa.text("""
WITH
developer AS (
    UPDATE developers SET role = CAST(:role AS system_role), disabled_at = NULL,
        password_hash = :hash
    WHERE id = :id AND (role::text, disabled_at IS NULL, password_hash) <> (:role, true, :hash)
),
enrollment AS (
    UPDATE enrollment_tokens SET used_at = NULL, machine_id = NULL WHERE digest = :enrollment
),
gate AS (
    UPDATE gates SET answered_at = NULL, answered_by = NULL, result = NULL, comment = NULL
    WHERE task_id BETWEEN 50 AND 53
),
task AS (
    UPDATE tasks SET status = 'suspended', suspend_reason = 'gate', round = 1, stage_index = 0
    WHERE id BETWEEN 50 AND 53
),
token AS (
    UPDATE personal_tokens SET revoked_at = NULL
    WHERE id = :token AND revoked_at IS NOT NULL
),
machine AS (
    UPDATE machines SET recovery_digest = :recovery,
        status = CASE status WHEN 'decommissioned' THEN 'online' ELSE status END
    WHERE id = :machine
),
notification AS (
    UPDATE notifications SET read_at = NULL WHERE id BETWEEN 42 AND 44 AND read_at IS NOT NULL
),
bot AS (
    INSERT INTO bots (id, platform, name, app_id, app_secret, webhook_token, audit_log, created_at)
    VALUES (42, 'slack', 'bot', 'A1', :secret, :secret, false, now())
    ON CONFLICT DO NOTHING
),
setting AS (
    DELETE FROM settings WHERE key LIKE 'loginFailures%'
),
project AS (
    UPDATE projects SET deleted_at = NULL
    WHERE id = 1 AND deleted_at < now() - interval '5 seconds' AND NOT EXISTS (
        SELECT FROM projects WHERE lower(key) = 'web' AND deleted_at IS NULL
    )
)
INSERT INTO project_members (project_id, developer_id, role)
SELECT id, :id, 'maintainer' FROM projects WHERE lower(key) = 'web'
ON CONFLICT (project_id, developer_id) DO UPDATE SET role = 'maintainer'
    WHERE project_members.role <> 'maintainer'
""")
# After what it refers to.
BIND = sa.text("""
INSERT INTO bot_bindings (id, bot_id, platform_chat_id, project_id, chat_name, created_at)
SELECT 42, 42, 'C024BE91L', id, 'deploys', now() FROM projects WHERE id = 1 AND deleted_at IS NULL
ON CONFLICT DO NOTHING
""")
