"""The names of Celery's jobs, so that senders needn't import the jobs (`app.jobs`).

The part before the dot is the job's queue.
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
