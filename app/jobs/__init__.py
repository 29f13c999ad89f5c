"""Celery jobs: each is one service call and safe to repeat. `schedule` has the intervals."""

from collections.abc import Callable

from celery import Celery

from app import job_names
from app.services import chat
from app.services.clock import now
from app.services.counters import fleet, task_counts
from app.services.dispatch import dispatcher, quota_failover
from app.services.evidence import log_expiry
from app.services.machines import drains, liveness, samples, server_processes
from app.services.notify import audit_stream, delivery_sender, fan_out
from app.services.ops import heartbeats, retention
from app.services.tasks import (
    follow_ups,
    gate_expiry,
    interrupts,
    suspensions,
    workspace_cleanup,
)
from app.services.tunnels import tunnels
from app.services.usage import budgets


def assign_queued() -> None:
    try:
        dispatcher.assign_queued()
    finally:  # afterwards, because the dispatcher's pass is urgent
        heartbeats.record_heartbeat(heartbeats.DISPATCHER, now())


def expand_outbox() -> None:
    fan_out.expand(now())


def send_deliveries() -> None:
    delivery_sender.send_due()


def stream_audit_log() -> None:
    audit_stream.send_due()


def sweep_machines() -> None:
    heartbeats.record_heartbeat(heartbeats.SWEEPER, now())
    liveness.detect_silent(now())
    liveness.expire_leases(now())


def sweep_gates() -> None:
    gate_expiry.expire(now())
    interrupts.sweep(now())
    follow_ups.sweep(now())


def sweep_quotas() -> None:
    suspensions.resume_due(now())
    quota_failover.move_waiting_tasks(now())
    budgets.sweep(now())


def sweep_drains() -> None:
    drains.sweep(now())


def sweep_workspaces() -> None:
    workspace_cleanup.sweep(now())


def sweep_tunnels() -> None:
    tunnels.sweep(now())


def sweep_samples() -> None:
    samples.record_samples(now())


def sweep_retention() -> None:
    retention.sweep(now())
    log_expiry.sweep(now())
    server_processes.delete_expired(now())
    audit_stream.delete_orphaned()


def sweep_counters() -> None:
    task_counts.roll_up(now())
    fleet.roll_up()


def process_chat_event(event_id: int) -> None:
    chat.process_event(event_id, now())


def process_chat_backlog() -> None:
    chat.process_due_events(now())


JOBS: dict[str, Callable[..., None]] = {
    job_names.DISPATCH: assign_queued,
    job_names.NOTIFY_EXPAND: expand_outbox,
    job_names.NOTIFY_SEND: send_deliveries,
    job_names.NOTIFY_AUDIT: stream_audit_log,
    job_names.SWEEP_MACHINES: sweep_machines,
    job_names.SWEEP_GATES: sweep_gates,
    job_names.SWEEP_QUOTAS: sweep_quotas,
    job_names.SWEEP_DRAINS: sweep_drains,
    job_names.SWEEP_WORKSPACES: sweep_workspaces,
    job_names.SWEEP_TUNNELS: sweep_tunnels,
    job_names.SWEEP_SAMPLES: sweep_samples,
    job_names.SWEEP_RETENTION: sweep_retention,
    job_names.SWEEP_COUNTERS: sweep_counters,
    job_names.CHAT_EVENT: process_chat_event,
    job_names.CHAT_BACKLOG: process_chat_backlog,
}


def register(celery: Celery) -> None:
    """Register each job under its name in `app.job_names`."""
    for name, job in JOBS.items():
        # A dispatcher pass is urgent, so it's acknowledged after it has run, not before: one round
        # trip less. A pass may then be repeated or interrupted, which is harmless.
        celery.task(job, name=name, acks_late=name == job_names.DISPATCH)
