"""The jobs that beat sends, and their intervals in seconds.

All are idempotent, so a second beat is harmless. `expires` drops jobs that piled up while no worker
ran: one run catches up.
"""

from datetime import UTC, datetime
from typing import Any

from app import job_names

INTERVALS = {
    job_names.DISPATCH: 2.0,  # delay after a lost wakeup
    job_names.NOTIFY_EXPAND: 2.0,  # likewise
    job_names.NOTIFY_SEND: 2.0,  # and the maximum delay of a retry
    job_names.NOTIFY_AUDIT: 2.0,  # and the maximum delay of an audit entry
    job_names.SWEEP_MACHINES: 3.0,  # maximum delay before a lost machine is detected
    job_names.SWEEP_GATES: 5.0,
    job_names.SWEEP_QUOTAS: 2.0,  # and the maximum delay of a timed resume
    job_names.SWEEP_DRAINS: 5.0,
    job_names.SWEEP_WORKSPACES: 60.0,
    job_names.SWEEP_TUNNELS: 10.0,
    job_names.SWEEP_SAMPLES: 30.0,  # twice per sampled minute
    job_names.SWEEP_RETENTION: 600.0,
    job_names.SWEEP_COUNTERS: 5.0,
    job_names.CHAT_BACKLOG: 5.0,  # after a lost wakeup, or to retry a reply
}

# A new beat finds all jobs due and sends them at once: until then, nobody can tell that it runs.
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
