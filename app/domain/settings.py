"""The settings that admins can change while the server runs, and their valid values.

Settings that a deployment fixes (addresses, secrets, pools, and values already sent to machines)
are in `config.py`; docs/decisions/0008-live-settings.md has the reasons.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.domain import field_errors, prices
from app.domain.errors import InvalidFields
from app.domain.field_errors import FieldError


class SettingKind(StrEnum):
    INTEGER = "integer"
    NUMBER = "number"
    STRING = "string"
    PRICES = "prices"


Value = float | str | list[dict[str, Any]]


@dataclass(frozen=True)
class Setting:
    """A setting.

    `minimum` and `maximum` are inclusive. For text they are its length in characters, and the
    complete text must match `pattern` (valid in Python and in ECMA 262). For prices
    (`domain.prices`) they are the number of rows. `config` is the key in `app.config` of the
    deployment's default, if there can be one.
    """

    key: str
    kind: SettingKind
    default: Value
    minimum: float
    maximum: float
    unit: str
    help: str
    config: str | None = None
    pattern: str | None = None


_INTEGER, _NUMBER = SettingKind.INTEGER, SettingKind.NUMBER
_YEARS = 3650

_SETTINGS = (
    Setting(
        "maxLoadPercent", _NUMBER, 90, 1, 100, "percent",
        "CPU load above which a machine gets no task.", "MAX_LOAD_PERCENT",
    ),
    Setting(
        "maxDiskPercent", _NUMBER, 90, 1, 100, "percent",
        "Disk use above which a machine is drained.", "MAX_DISK_PERCENT",
    ),
    Setting(
        "workspacesGigabytes", _NUMBER, 50, 0, 1_000_000, "GiB",
        "Maximum size of ended tasks' data on a machine; the oldest is deleted first.",
        "WORKSPACES_GIGABYTES",
    ),
    Setting(
        "workspaceSeconds", _NUMBER, 86_400, 60, 90 * 86_400, "seconds",
        ("How long machines keep the workspaces of ended attempts. Applies to attempts "
            "that end from now on."),
        "WORKSPACE_SECONDS",
    ),
    Setting(
        "maxSlots", _INTEGER, 64, 1, 1000, "slots",
        "Maximum slots that a machine can set for itself; admins can set more.",
    ),
    Setting(
        "machineUpgrades", SettingKind.STRING, "idle", 2, 4, "off, idle or now",
        "When machines upgrade to this server's release: off, when idle, or now.",
        pattern="off|idle|now",
    ),
    Setting(
        "maxLogMegabytes", _INTEGER, 1200, 1, 1_000_000, "MiB",
        "Maximum size of one attempt's log, transcript and changes; the rest is discarded.",
    ),
    Setting(
        "diffRetentionSeconds", _NUMBER, 90 * 86_400, 0, _YEARS * 86_400, "seconds",
        "How long to keep a task's changed files after it ends.",
    ),
    Setting(
        "loginFailures", _INTEGER, 5, 1, 1000, "logins",
        "Maximum failed sign-ins with one username in 15 minutes from one network (/24, or /48 "
        "for IPv6), or from a device that has signed in with it before.", "LOGIN_FAILURES",
    ),
    Setting(
        "loginFailuresPerName", _INTEGER, 50, 1, 100_000, "logins",
        "Maximum failed sign-ins with one username in 15 minutes from all networks. Beyond "
        "that, only devices that have signed in with it before can sign in.",
        "LOGIN_FAILURES_PER_NAME",
    ),
    Setting(
        "loginFailuresPerAddress", _INTEGER, 5, 1, 100_000, "logins",
        "Maximum failed sign-ins from one address in 15 minutes.", "LOGIN_FAILURES_PER_ADDRESS",
    ),
    Setting(
        "enrollmentTokenHours", _INTEGER, 24, 1, 8760, "hours",
        "Default lifetime of an enrollment token.",
    ),
    Setting(
        "invitationHours", _INTEGER, 72, 1, 8760, "hours",
        "Lifetime of an invitation.",
    ),
    Setting(
        "sessionRetentionDays", _INTEGER, 1, 0, _YEARS, "days",
        "How long to keep ended sessions, their refresh tokens, and channel tokens.",
    ),
    Setting(
        "tokenRetentionDays", _INTEGER, 90, 0, _YEARS, "days",
        "How long revoked and expired tokens stay visible.",
    ),
    Setting(
        "personalTokenDays", _INTEGER, 0, 0, _YEARS, "days",
        "Maximum lifetime of personal access tokens, including existing ones; 0 for no limit.",
    ),
    Setting(
        "idempotencyHours", _INTEGER, 24, 1, 168, "hours",
        "How long a repeated Idempotency-Key returns the first response.",
    ),
    Setting(
        "notificationRetentionDays", _INTEGER, 90, 1, _YEARS, "days",
        "How long to keep notifications.",
    ),
    Setting(
        "deliveryRetentionDays", _INTEGER, 30, 1, _YEARS, "days",
        "How long to keep chat deliveries, including dead letters.",
    ),
    Setting(
        "deliveryAttempts", _INTEGER, 8, 1, 100, "tries",
        "Maximum attempts to deliver a message to a chat.",
    ),
    Setting(
        "notifyAllowedHosts", SettingKind.STRING, "", 0, 2000, "hosts",
        "Private hosts and addresses that may receive messages, comma-separated.",
        pattern=r"[A-Za-z0-9._:\[\], -]*",
    ),
    Setting(
        "publicUrl", SettingKind.STRING, "", 0, 500, "URL",
        "The public URL of this server, for links in messages; without it, messages have no links.",
        pattern=r'(?:https?://[!"$-.0->@-~]+(?:/[!"$->@-~]*)?)?',
    ),
    Setting(
        "streamsPerDeveloper", _INTEGER, 20, 1, 10_000, "streams",
        "Maximum open event streams per developer.",
    ),
    Setting(
        "readsPerDeveloper", _INTEGER, 16, 1, 10_000, "answers",
        "Maximum concurrent long responses, such as logs, per developer and server process.",
    ),
    Setting(
        "requestsPerMinute", _INTEGER, 6000, 1, 10_000_000, "requests",
        "Maximum requests per minute for each credential.", "REQUESTS_PER_MINUTE",
    ),
    Setting(
        "terminalInputRetentionDays", _INTEGER, 90, 1, _YEARS, "days",
        "How long to keep the record of who typed into a terminal, and when.",
    ),
    Setting(
        # Lark repeats an undelivered event for hours: we must still recognize it then.
        "chatEventRetentionDays", _INTEGER, 7, 2, _YEARS, "days",
        "How long to keep events from chats; duplicates within this time are ignored.",
    ),
    Setting(
        "logRetentionDays", _INTEGER, _YEARS, 1, _YEARS, "days",
        "How long to keep logs of ended attempts. Their hash chains are kept.",
    ),
    Setting(
        "terminalsPerTask", _INTEGER, 50, 1, 10_000, "sockets",
        "Maximum viewers of one task's terminal.",
    ),
    Setting(
        "terminalsPerDeveloper", _INTEGER, 50, 1, 10_000, "sockets",
        "Maximum open terminals per developer.",
    ),
    Setting(
        "passwordLogin", SettingKind.STRING, "on", 2, 3, "on or off",
        "Whether people can sign in with passwords. If off, only the breakGlassAdmin can.",
        pattern="on|off",
    ),
    Setting(
        "breakGlassAdmin", SettingKind.STRING, "", 0, 100, "name",
        "The admin who can sign in with a password even if passwordLogin is off.",
    ),
    Setting(
        "prices", SettingKind.PRICES, [], 0, prices.MAX_PRICES, "prices",
        "Price per million tokens, used when an agent reports no cost. The first match applies.",
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
