"""What Celery's jobs are called. Who sends one need not know what it does (`app.jobs` does).

The part before the dot is the queue that a job waits in.
"""

DISPATCH = "dispatch.assign_queued"
NOTIFY_EXPAND = "notify.expand"
NOTIFY_SEND = "notify.send"
NOTIFY_AUDIT = "notify.audit"
SWEEP_MACHINES = "sweep.machines"
SWEEP_GATES = "sweep.gates"
SWEEP_QUOTAS = "sweep.quotas"
SWEEP_DRAINS = "sweep.drains"
SWEEP_WORKSPACES = "sweep.workspaces"
SWEEP_TUNNELS = "sweep.tunnels"
SWEEP_SAMPLES = "sweep.samples"
SWEEP_RETENTION = "sweep.retention"
SWEEP_COUNTERS = "sweep.counters"
CHAT_EVENT = "notify.chat_event"
CHAT_BACKLOG = "notify.chat_backlog"
