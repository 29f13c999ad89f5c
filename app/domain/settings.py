"""The settings that admins can change while the server runs, and their valid values.

Settings that a deployment fixes (addresses, secrets, pools, and values already sent to machines)
are in `config.py`; docs/decisions/0008-live-settings.md has the reasons.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from app.domain import addresses, field_errors, prices
from app.domain.errors import InvalidFields
from app.domain.field_errors import FieldError


class SettingKind(StrEnum):
    INTEGER = "integer"
    NUMBER = "number"
    STRING = "string"
    PRICES = "prices"


class SettingGroup(StrEnum):
    """What a setting is about, in the order of pages."""

    MESSAGES = "messages"
    SIGN_IN = "sign_in"
    MACHINES = "machines"
    COSTS = "costs"
    LIMITS = "limits"
    RETENTION = "retention"


class SettingWarning(StrEnum):
    """The harm that a value does, although it's valid."""

    NO_LINKS = "no_links"  # without publicUrl, also no invitations and no single sign-on
    LOOPBACK_URL = "loopback_url"  # only the server itself can open publicUrl
    NO_PRICES = "no_prices"  # cost budgets miss agents that report no cost


Value = float | str | list[dict[str, Any]]


@dataclass(frozen=True)
class Setting:
    """A setting.

    `minimum` and `maximum` are inclusive. For text they are its length in characters, and the
    complete text must match `pattern` (valid in Python and in ECMA 262). For prices
    (`domain.prices`) they are the number of rows. `config` is the key in `app.config` of the
    deployment's default, if there can be one. A text with `choices` allows only these.
    """

    group: SettingGroup
    key: str
    name: str
    kind: SettingKind
    default: Value
    minimum: float
    maximum: float
    unit: str
    help: str
    config: str | None = None
    pattern: str | None = None
    choices: tuple[str, ...] | None = None


_INTEGER, _NUMBER = SettingKind.INTEGER, SettingKind.NUMBER
_YEARS = 3650

_SETTINGS = (
    Setting(
        SettingGroup.MESSAGES, "publicUrl", "Public URL",
        SettingKind.STRING, "", 0, 500, "URL",
        "The public URL of this server, for links in messages; without it, messages have no links.",
        pattern=r'(?:https?://[!"$-.0->@-~]+(?:/[!"$->@-~]*)?)?',
    ),
    Setting(
        SettingGroup.MESSAGES, "notifyAllowedHosts", "Private hosts for messages",
        SettingKind.STRING, "", 0, 2000, "hosts",
        "Private hosts and addresses that may receive messages, comma-separated.",
        pattern=r"[A-Za-z0-9._:\[\], -]*",
    ),
    Setting(
        SettingGroup.MESSAGES, "deliveryAttempts", "Delivery attempts",
        _INTEGER, 8, 1, 100, "tries", "Maximum attempts to deliver a message to a chat.",
    ),
    Setting(
        SettingGroup.SIGN_IN, "passwordLogin", "Password sign-in",
        SettingKind.STRING, "on", 2, 3, "on or off",
        "Whether people can sign in with passwords. If off, only the break-glass admin can.",
        pattern="on|off", choices=("on", "off"),
    ),
    Setting(
        SettingGroup.SIGN_IN, "breakGlassAdmin", "Break-glass admin",
        SettingKind.STRING, "", 0, 100, "name",
        "The admin who can sign in with a password even if password sign-in is off.",
    ),
    Setting(
        SettingGroup.SIGN_IN, "loginFailures", "Failed sign-ins per username and network",
        _INTEGER, 5, 1, 1000, "logins",
        "Maximum failed sign-ins with one username in 15 minutes from one network (/24, or /48 "
        "for IPv6), or from a device that has signed in with it before.", "LOGIN_FAILURES",
    ),
    Setting(
        SettingGroup.SIGN_IN, "loginFailuresPerName", "Failed sign-ins per username",
        _INTEGER, 50, 1, 100_000, "logins",
        "Maximum failed sign-ins with one username in 15 minutes from all networks. Beyond "
        "that, only devices that have signed in with it before can sign in.",
        "LOGIN_FAILURES_PER_NAME",
    ),
    Setting(
        SettingGroup.SIGN_IN, "loginFailuresPerAddress", "Failed sign-ins per address",
        _INTEGER, 5, 1, 100_000, "logins",
        "Maximum failed sign-ins from one address in 15 minutes.", "LOGIN_FAILURES_PER_ADDRESS",
    ),
    Setting(
        SettingGroup.SIGN_IN, "invitationHours", "Invitation lifetime",
        _INTEGER, 72, 1, 8760, "hours",
        "Lifetime of an invitation.",
    ),
    Setting(
        SettingGroup.SIGN_IN, "personalTokenDays", "Personal access token lifetime",
        _INTEGER, 0, 0, _YEARS, "days",
        "Maximum lifetime of personal access tokens, including existing ones; 0 for no limit.",
    ),
    Setting(
        SettingGroup.MACHINES, "enrollmentTokenHours", "Enrollment token lifetime",
        _INTEGER, 24, 1, 8760, "hours",
        "Default lifetime of an enrollment token.",
    ),
    Setting(
        SettingGroup.MACHINES, "machineUpgrades", "Machine upgrades",
        SettingKind.STRING, "idle", 2, 4, "off, idle or now",
        "When machines upgrade to this server's release: off, when idle, or now.",
        pattern="off|idle|now", choices=("off", "idle", "now"),
    ),
    Setting(
        SettingGroup.MACHINES, "maxSlots", "Slots per machine",
        _INTEGER, 64, 1, 1000, "slots",
        "Maximum slots that a machine can set for itself; admins can set more.",
    ),
    Setting(
        SettingGroup.MACHINES, "maxLoadPercent", "CPU load for new tasks",
        _NUMBER, 90, 1, 100, "percent",
        "CPU load above which a machine gets no task.", "MAX_LOAD_PERCENT",
    ),
    Setting(
        SettingGroup.MACHINES, "maxDiskPercent", "Disk use before a drain",
        _NUMBER, 90, 1, 100, "percent",
        "Disk use above which a machine is drained.", "MAX_DISK_PERCENT",
    ),
    Setting(
        SettingGroup.MACHINES, "workspaceSeconds", "Workspace retention",
        _NUMBER, 86_400, 60, 90 * 86_400, "seconds",
        ("How long machines keep the workspaces of ended attempts. Applies to attempts "
            "that end from now on."),
        "WORKSPACE_SECONDS",
    ),
    Setting(
        SettingGroup.MACHINES, "workspacesGigabytes", "Space for ended tasks",
        _NUMBER, 50, 0, 1_000_000, "GiB",
        "Maximum size of ended tasks' data on a machine; the oldest is deleted first.",
        "WORKSPACES_GIGABYTES",
    ),
    Setting(
        SettingGroup.MACHINES, "interruptSeconds", "Wait after an interrupt",
        _NUMBER, 600, 10, 86_400, "seconds",
        "How long an interrupted agent waits for an answer before its stage is stopped.",
    ),
    Setting(
        SettingGroup.COSTS, "prices", "Token prices",
        SettingKind.PRICES, [], 0, prices.MAX_PRICES, "prices",
        "Price per million tokens, used when an agent reports no cost. The first match applies.",
    ),
    Setting(
        SettingGroup.LIMITS, "maxLogMegabytes", "Log size",
        _INTEGER, 1200, 1, 1_000_000, "MiB",
        "Maximum size of one attempt's log, transcript and changes; the rest is discarded.",
    ),
    Setting(
        SettingGroup.LIMITS, "agentQuietSeconds", "Quiet agents",
        _INTEGER, 300, 10, 86_400, "seconds",
        "Seconds without output or actions after which tasks show that their agent is quiet.",
    ),
    Setting(
        SettingGroup.LIMITS, "requestsPerMinute", "Requests per minute",
        _INTEGER, 6000, 1, 10_000_000, "requests",
        "Maximum requests per minute for each credential.", "REQUESTS_PER_MINUTE",
    ),
    Setting(
        SettingGroup.LIMITS, "streamsPerDeveloper", "Event streams per developer",
        _INTEGER, 20, 1, 10_000, "streams", "Maximum open event streams per developer.",
    ),
    Setting(
        SettingGroup.LIMITS, "readsPerDeveloper", "Long responses per developer",
        _INTEGER, 16, 1, 10_000, "answers",
        "Maximum concurrent long responses, such as logs, per developer and server process.",
    ),
    Setting(
        SettingGroup.LIMITS, "terminalsPerTask", "Viewers per terminal",
        _INTEGER, 50, 1, 10_000, "sockets", "Maximum viewers of one task's terminal.",
    ),
    Setting(
        SettingGroup.LIMITS, "terminalsPerDeveloper", "Terminals per developer",
        _INTEGER, 50, 1, 10_000, "sockets", "Maximum open terminals per developer.",
    ),
    Setting(
        SettingGroup.RETENTION, "logRetentionDays", "Log retention",
        _INTEGER, _YEARS, 1, _YEARS, "days",
        "How long to keep logs of ended attempts. Their hash chains are kept.",
    ),
    Setting(
        SettingGroup.RETENTION, "diffRetentionSeconds", "Changed file retention",
        _NUMBER, 90 * 86_400, 0, _YEARS * 86_400, "seconds",
        "How long to keep a task's changed files after it ends.",
    ),
    Setting(
        SettingGroup.RETENTION, "notificationRetentionDays", "Notification retention",
        _INTEGER, 90, 1, _YEARS, "days",
        "How long to keep notifications.",
    ),
    Setting(
        SettingGroup.RETENTION, "terminalInputRetentionDays", "Terminal input retention",
        _INTEGER, 90, 1, _YEARS, "days",
        "How long to keep the record of who typed into a terminal, and when.",
    ),
    Setting(
        SettingGroup.RETENTION, "deliveryRetentionDays", "Chat delivery retention",
        _INTEGER, 30, 1, _YEARS, "days",
        "How long to keep chat deliveries, including dead letters.",
    ),
    Setting(
        # Lark repeats an undelivered event for hours: we must still recognize it then.
        SettingGroup.RETENTION, "chatEventRetentionDays", "Chat event retention",
        _INTEGER, 7, 2, _YEARS, "days",
        "How long to keep events from chats; duplicates within this time are ignored.",
    ),
    Setting(
        SettingGroup.RETENTION, "sessionRetentionDays", "Ended session retention",
        _INTEGER, 1, 0, _YEARS, "days",
        "How long to keep ended sessions, their refresh tokens, and channel tokens.",
    ),
    Setting(
        SettingGroup.RETENTION, "tokenRetentionDays", "Ended token retention",
        _INTEGER, 90, 0, _YEARS, "days",
        "How long revoked and expired tokens stay visible.",
    ),
    Setting(
        SettingGroup.RETENTION, "idempotencyHours", "Idempotency key retention",
        _INTEGER, 24, 1, 168, "hours",
        "How long a repeated Idempotency-Key returns the first response.",
    ),
)  # fmt: skip
REGISTRY: Mapping[str, Setting] = {setting.key: setting for setting in _SETTINGS}


def check_value(key: str, value: Any) -> Value:
    """Return the value if it's valid for the setting, as an int for an integer setting.

    Raises InvalidFields.
    """
    setting = REGISTRY.get(key)
    if setting is None:
        raise InvalidFields({key: [field_errors.NO_SETTING]})
    # JSON has one number type, and JSON Schema accepts 1.0 as an integer.
    if setting.kind is SettingKind.INTEGER and isinstance(value, float) and value.is_integer():
        value = int(value)
    if wrong := _find_error(setting, value):
        raise InvalidFields({key: [wrong]})
    allowed: Value = value
    return allowed


def find_warning(key: str, value: Value) -> SettingWarning | None:
    """Return the harm that a valid value does; None if it does none."""
    match key, value:
        case "publicUrl", "":
            return SettingWarning.NO_LINKS
        case "publicUrl", str() if _is_loopback_url(value):
            return SettingWarning.LOOPBACK_URL
        case "prices", []:
            return SettingWarning.NO_PRICES
    return None


def _is_loopback_url(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return addresses.is_loopback(host) or host.endswith(".localhost")


def _find_error(setting: Setting, value: Any) -> FieldError | None:
    if setting.kind is SettingKind.STRING:
        return _find_text_error(setting, value)
    if setting.kind is SettingKind.PRICES:
        return prices.find_error(value)
    types = int if setting.kind is SettingKind.INTEGER else (int, float)
    if isinstance(value, bool) or not isinstance(value, types):
        return field_errors.MUST_BE_INTEGER if types is int else field_errors.MUST_BE_NUMBER
    if not setting.minimum <= value <= setting.maximum:  # NaN isn't, either
        return field_errors.MUST_BE_WITHIN(min=setting.minimum, max=setting.maximum)
    return None


def _find_text_error(setting: Setting, value: Any) -> FieldError | None:
    if not isinstance(value, str):
        return field_errors.MUST_BE_TEXT
    if not setting.minimum <= len(value) <= setting.maximum:
        return field_errors.MUST_HAVE_FROM(min=setting.minimum, max=setting.maximum)
    if setting.pattern and not re.fullmatch(setting.pattern, value, re.ASCII):
        return field_errors.SETTING_PATTERN(unit=setting.unit)
    return None
