"""Columns of valid, complete rows with typical values. Callers change what matters to them; columns
that are missing here have the models' defaults.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.domain import branch_name, pipeline
from app.domain.attempt import AttemptPhase
from app.domain.machine import MachineStatus
from app.domain.pipeline import GateKind
from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import TaskStatus
from app.domain.tokens import TokenKind, digest
from app.services.accounts import tokens

Row = dict[str, Any]

AGENT = "claude"
PIPELINE = [dict(stage) for stage in pipeline.DEFAULT]
METRICS = {"cpuPercent": 5.0, "memoryPercent": 20.0, "diskPercent": 30.0}


def developer(name: str, password_hash: str, at: datetime) -> Row:
    """A developer, created at that time."""
    return {
        "name": name,
        "password_hash": password_hash,
        "role": SystemRole.DEVELOPER,
        "git_name": name.title(),
        "git_email": f"{name}@example.org",
        "created_at": at,
    }


def project(key: str, at: datetime) -> Row:
    """A project whose tasks have one stage."""
    return {
        "key": key,
        "name": f"Project {key}",
        "repo_url": f"https://git.example.org/{key.lower()}.git",
        "default_branch": "main",
        "agent_type": AGENT,
        "pipeline": PIPELINE,
        "created_at": at,
    }


def member(project_id: int, developer_id: int, role: ProjectRole = ProjectRole.MEMBER) -> Row:
    """A developer's membership in a project."""
    return {"project_id": project_id, "developer_id": developer_id, "role": role}


def machine(name: str, at: datetime) -> Row:
    """A machine that is connected, idle, and can run the agent."""
    return {
        "id": uuid.uuid4(),
        "name": name,
        "status": MachineStatus.ONLINE,
        "connected": True,
        "slots_total": 2,
        "capabilities": [{"agentType": AGENT, "version": "1.0", "healthy": True}],
        "hardware": {"cpuCount": 4, "memoryBytes": 8 << 30, "diskBytes": 100 << 30},
        "version": "0.1.0",
        "recovery_digest": digest(tokens.generate(TokenKind.RECOVERY)),
        "connected_at": at,
        "created_at": at,
    }


def heartbeat(machine_id: uuid.UUID, at: datetime, lease: timedelta) -> Row:
    """A machine's last heartbeat, received at that time and answered with that lease."""
    return {
        "machine_id": machine_id,
        "received_at": at,
        "lease_until": at + lease,
        "metrics": METRICS,
    }


def task(
    project_id: int,
    created_by: int,
    at: datetime,
    *,
    agent_type: str = AGENT,
    stages: Sequence[dict[str, Any]] = PIPELINE,
) -> Row:
    """A queued task without events."""
    return {
        "project_id": project_id,
        "description": "Make it work.",
        "status": TaskStatus.QUEUED,
        "created_by": created_by,
        "agent_type": agent_type,
        "pipeline": stages,
        "created_at": at,
        "updated_at": at,
    }


def task_branch(task_id: int) -> str:
    """The branch of a task, which has its ID in its name."""
    return branch_name.render(branch_name.DEFAULT, task_id)


def attempt(task_id: int, number: int, machine_id: uuid.UUID, at: datetime) -> Row:
    """An attempt that runs the first stage of a task's first round, in a slot of the machine."""
    return {
        "task_id": task_id,
        "number": number,
        "round": 1,
        "machine_id": machine_id,
        "phase": AttemptPhase.RUN,
        "stage_index": 0,
        "work": {},
        "has_slot": True,
        "assigned_at": at,
        "accepted_at": at,
        "started_at": at,
    }


def gate(task_id: int, at: datetime) -> Row:
    """An open question before the first stage of a task's first round."""
    return {
        "task_id": task_id,
        "round": 1,
        "stage_index": 0,
        "kind": GateKind.CONFIRM,
        "prompt": "Go on?",
        "choices": [],
        "requested_at": at,
    }


def transcript_chunk(task_id: int, attempt: int, first: int, count: int, data: bytes) -> Row:
    """A chunk with `count` entries, the JSON array `data`, of the first stage's first run."""
    return {
        "task_id": task_id,
        "attempt": attempt,
        "first": first,
        "count": count,
        "stage_index": 0,
        "run": 0,
        "first_ms": 0,
        "last_ms": 0,
        "size": len(data),
        "data": data,
    }
