"""The jobs that beat sends, and their intervals in seconds.

All are idempotent, so that a second beat is harmless. `expires` drops the jobs that piled up while
no worker ran: one run catches up with all that were missed.
"""

from datetime import UTC, datetime
from typing import Any

from app import job_names

INTERVALS = {
    job_names.DISPATCH: 2.0,  # a wake-up that was lost costs this long
    job_names.NOTIFY_EXPAND: 2.0,  # likewise
    job_names.NOTIFY_SEND: 2.0,  # and how late a retry may be
    job_names.NOTIFY_AUDIT: 2.0,  # and how late an audit entry may be told
    job_names.SWEEP_MACHINES: 3.0,  # a machine is seen to be gone so much later than it could be
    job_names.SWEEP_GATES: 5.0,
    job_names.SWEEP_QUOTAS: 2.0,  # and how late a task may go on whose time has come
    job_names.SWEEP_DRAINS: 5.0,
    job_names.SWEEP_WORKSPACES: 60.0,
    job_names.SWEEP_TUNNELS: 10.0,
    job_names.SWEEP_SAMPLES: 30.0,  # twice in each minute that one is taken of
    job_names.SWEEP_RETENTION: 600.0,
    job_names.SWEEP_COUNTERS: 5.0,
    job_names.CHAT_BACKLOG: 5.0,  # whose wake-up was lost, or whose reply is tried again
}

# A new beat finds all jobs due and sends them at once: until it has, nobody can tell that it runs.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

SCHEDULE: dict[str, Any] = {
    name: {
        "task": name,
        "schedule": seconds,
        "options": {"expires": seconds},
        "last_run_at": _NEVER,
    }
    for name, seconds in INTERVALS.items()
}
