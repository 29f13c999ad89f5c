"""The settings as they are promised: default, bounds, unit, and the default's variable."""

from typing import NamedTuple


class Row(NamedTuple):
    """A setting. Bounds of a text are of its length."""

    key: str
    default: float | str
    minimum: int
    maximum: int
    unit: str
    variable: str = ""


SETTINGS = (
    Row("publicUrl", "", 0, 500, "URL"),
    Row("notifyAllowedHosts", "", 0, 2_000, "hosts"),
    Row("deliveryAttempts", 8, 1, 100, "tries"),
    Row("passwordLogin", "on", 2, 3, "on or off"),
    Row("breakGlassAdmin", "", 0, 100, "name"),
    Row("loginFailures", 5, 1, 1_000, "logins", "MUSTER_LOGIN_FAILURES"),
    Row("loginFailuresPerName", 50, 1, 100_000, "logins", "MUSTER_LOGIN_FAILURES_PER_NAME"),
    Row("loginFailuresPerAddress", 5, 1, 100_000, "logins", "MUSTER_LOGIN_FAILURES_PER_ADDRESS"),
    Row("invitationHours", 72, 1, 8_760, "hours"),
    Row("personalTokenDays", 0, 0, 3_650, "days"),
    Row("enrollmentTokenHours", 24, 1, 8_760, "hours"),
    Row("machineUpgrades", "idle", 2, 4, "off, idle or now"),
    Row("maxSlots", 64, 1, 1_000, "slots"),
    Row("maxLoadPercent", 90, 1, 100, "percent", "MUSTER_MAX_LOAD_PERCENT"),
    Row("maxDiskPercent", 90, 1, 100, "percent", "MUSTER_MAX_DISK_PERCENT"),
    Row("workspaceSeconds", 86_400, 60, 7_776_000, "seconds", "MUSTER_WORKSPACE_SECONDS"),
    Row("workspacesGigabytes", 50, 0, 1_000_000, "GiB", "MUSTER_WORKSPACES_GB"),
    Row("interruptSeconds", 600, 10, 86_400, "seconds"),
    Row("prices", "", 0, 1_000, "prices"),
    Row("maxLogMegabytes", 1_200, 1, 1_000_000, "MiB"),
    Row("agentQuietSeconds", 300, 10, 86_400, "seconds"),
    Row("requestsPerMinute", 6_000, 1, 10_000_000, "requests", "MUSTER_REQUESTS_PER_MINUTE"),
    Row("streamsPerDeveloper", 20, 1, 10_000, "streams"),
    Row("readsPerDeveloper", 16, 1, 10_000, "answers"),
    Row("terminalsPerTask", 50, 1, 10_000, "sockets"),
    Row("terminalsPerDeveloper", 50, 1, 10_000, "sockets"),
    Row("logRetentionDays", 3_650, 1, 3_650, "days"),
    Row("diffRetentionSeconds", 7_776_000, 0, 315_360_000, "seconds"),
    Row("notificationRetentionDays", 90, 1, 3_650, "days"),
    Row("terminalInputRetentionDays", 90, 1, 3_650, "days"),
    Row("deliveryRetentionDays", 30, 1, 3_650, "days"),
    Row("chatEventRetentionDays", 7, 2, 3_650, "days"),
    Row("sessionRetentionDays", 1, 0, 3_650, "days"),
    Row("tokenRetentionDays", 90, 0, 3_650, "days"),
    Row("idempotencyHours", 24, 1, 168, "hours"),
)
