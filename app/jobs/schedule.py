"""What beat sends, and how often in seconds. Every sweep is idempotent: a second beat is harmless.

`expires` drops what piled up while no worker ran: one sweep catches up with all that was missed.
"""

from datetime import UTC, datetime
from typing import Any

from app import bus

EVERY = {
    bus.DISPATCH: 2.0,  # a wake-up that was lost costs this long
    bus.NOTIFY_EXPAND: 2.0,  # likewise
    bus.NOTIFY_SEND: 2.0,  # and how late a retry may be
    bus.SWEEP_MACHINES: 3.0,  # a machine is seen to be gone so much later than it could be
    bus.SWEEP_GATES: 5.0,
    bus.SWEEP_DRAINS: 5.0,
    bus.SWEEP_WORKSPACES: 60.0,
    bus.SWEEP_TUNNELS: 10.0,
    bus.SWEEP_RETENTION: 600.0,
    bus.SWEEP_COUNTERS: 5.0,
    bus.CHAT_BACKLOG: 5.0,  # whose wake-up was lost, or whose answer is tried again
}

# A beat that is new sends all of it at once: until then nobody can tell that it lives.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

SCHEDULE: dict[str, Any] = {
    name: {
        "task": name,
        "schedule": seconds,
        "options": {"expires": seconds},
        "last_run_at": _NEVER,
    }
    for name, seconds in EVERY.items()
}
