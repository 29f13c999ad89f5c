"""The settings that admins can change while the server runs, and their valid values.

What a deployment fixes (addresses, secrets, pools, and what machines have been told already) is in
`config.py` instead; docs/decisions/0008-live-settings.md has the reasons.
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
    """A setting. `minimum` and `maximum` are inclusive; for a text they are its length in
    characters, and the whole text has to match `pattern` (valid in Python and in ECMA 262); for
    prices (`domain.prices`) they are how many there may be.
    `config` is the key in `app.config` of the deployment's default, where a deployment can have
    one.
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
        "A machine with a busier CPU gets no task.", "MAX_LOAD_PERCENT",
    ),
    Setting(
        "maxDiskPercent", _NUMBER, 90, 1, 100, "percent",
        "A machine whose disk becomes fuller is drained.", "MAX_DISK_PERCENT",
    ),
    Setting(
        "workspacesGigabytes", _NUMBER, 50, 0, 1_000_000, "GiB",
        "How much a machine keeps of ended tasks, at most; the oldest go first.",
        "WORKSPACES_GIGABYTES",
    ),
    Setting(
        "workspaceSeconds", _NUMBER, 86_400, 60, 90 * 86_400, "seconds",
        "How long the workspaces of attempts that end from now on stay on their machines.",
        "WORKSPACE_SECONDS",
    ),
    Setting(
        "maxSlots", _INTEGER, 64, 1, 1000, "slots",
        "How many slots a machine may give itself; admins may give it more.",
    ),
    Setting(
        "machineUpgrades", SettingKind.STRING, "idle", 2, 4, "off, idle or now",
        "When machines take this server's release: never, once nothing runs there, or at once.",
        pattern="off|idle|now",
    ),
    Setting(
        "maxLogMegabytes", _INTEGER, 1200, 1, 1_000_000, "MiB",
        "How much is kept of one attempt's log, transcript and changes, at most; more is lost.",
    ),
    Setting(
        "diffRetentionSeconds", _NUMBER, 90 * 86_400, 0, _YEARS * 86_400, "seconds",
        "How long it is kept what a task has changed, file by file, after its end.",
    ),
    Setting(
        "loginFailures", _INTEGER, 5, 1, 1000, "logins",
        "How many logins with one name may fail in 15 minutes from one network (/24, of IPv6 /48), "
        "or on a device that has signed in to it before.", "LOGIN_FAILURES",
    ),
    Setting(
        "loginFailuresPerName", _INTEGER, 50, 1, 100_000, "logins",
        "How many logins with one name may fail in 15 minutes over all networks. Beyond that only "
        "devices that have signed in to it before can.", "LOGIN_FAILURES_PER_NAME",
    ),
    Setting(
        "loginFailuresPerAddress", _INTEGER, 5, 1, 100_000, "logins",
        "How many logins from one address may fail in 15 minutes.", "LOGIN_FAILURES_PER_ADDRESS",
    ),
    Setting(
        "enrollmentTokenHours", _INTEGER, 24, 1, 8760, "hours",
        "How long an enrollment token is good for, where its maker does not say.",
    ),
    Setting(
        "sessionRetentionDays", _INTEGER, 1, 0, _YEARS, "days",
        "How long logins that have ended, with their refresh tokens, and channel tokens are kept.",
    ),
    Setting(
        "tokenRetentionDays", _INTEGER, 90, 0, _YEARS, "days",
        "How long revoked and expired tokens stay readable.",
    ),
    Setting(
        "personalTokenDays", _INTEGER, 0, 0, _YEARS, "days",
        "How long a personal access token may live, those that there are too, from now; 0: until "
        "it is revoked.",
    ),
    Setting(
        "idempotencyHours", _INTEGER, 24, 1, 168, "hours",
        "How long the answer to an Idempotency-Key is given again.",
    ),
    Setting(
        "notificationRetentionDays", _INTEGER, 90, 1, _YEARS, "days",
        "How long notifications are kept.",
    ),
    Setting(
        "deliveryRetentionDays", _INTEGER, 30, 1, _YEARS, "days",
        "How long it is kept what was sent to chats, dead letters included.",
    ),
    Setting(
        "deliveryAttempts", _INTEGER, 8, 1, 100, "tries",
        "How often a message to a chat is tried before it is given up.",
    ),
    Setting(
        "notifyAllowedHosts", SettingKind.STRING, "", 0, 2000, "hosts",
        "Hosts and addresses, separated by commas, that messages may be sent to although they are "
        "private.", pattern=r"[A-Za-z0-9._:\[\], -]*",
    ),
    Setting(
        "publicUrl", SettingKind.STRING, "", 0, 500, "URL",
        "Where people find this server, for links in messages; without it there are none.",
        pattern=r'(?:https?://[!"$-.0->@-~]+(?:/[!"$->@-~]*)?)?',
    ),
    Setting(
        "streamsPerDeveloper", _INTEGER, 20, 1, 10_000, "streams",
        "How many streams of news one developer may have open at once.",
    ),
    Setting(
        "readsPerDeveloper", _INTEGER, 16, 1, 10_000, "answers",
        "How many long answers, such as logs, one developer may be taking at once from each server "
        "process.",
    ),
    Setting(
        "requestsPerMinute", _INTEGER, 6000, 1, 10_000_000, "requests",
        "How many requests one credential is good for in a minute.", "REQUESTS_PER_MINUTE",
    ),
    Setting(
        "terminalInputRetentionDays", _INTEGER, 90, 1, _YEARS, "days",
        "How long it is kept who typed into a terminal, and when.",
    ),
    Setting(
        # Lark repeats for hours an event that it could not deliver: we must still know it then.
        "chatEventRetentionDays", _INTEGER, 7, 2, _YEARS, "days",
        "How long it is kept what came from chats; what comes again meanwhile has no effect.",
    ),
    Setting(
        "logRetentionDays", _INTEGER, _YEARS, 1, _YEARS, "days",
        "How long logs of attempts that have ended are kept; the chains of hashes over them stay.",
    ),
    Setting(
        "terminalsPerTask", _INTEGER, 50, 1, 10_000, "sockets",
        "How many may look into the terminal of one task at once.",
    ),
    Setting(
        "terminalsPerDeveloper", _INTEGER, 50, 1, 10_000, "sockets",
        "How many terminals one developer may have open at once.",
    ),
    Setting(
        "passwordLogin", SettingKind.STRING, "on", 2, 3, "on or off",
        "Whether passwords sign in; where they do not, the breakGlassAdmin's still does.",
        pattern="on|off",
    ),
    Setting(
        "breakGlassAdmin", SettingKind.STRING, "", 0, 100, "name",
        "The admin whose password signs in although passwordLogin is off.",
    ),
    Setting(
        "prices", SettingKind.PRICES, [], 0, prices.MAX_PRICES, "prices",
        "What a million tokens cost, where the agent does not say it: the first that fits.",
    ),
)  # fmt: skip
REGISTRY: Mapping[str, Setting] = {setting.key: setting for setting in _SETTINGS}


def check_value(key: str, value: Any) -> Value:
    """The value, if it is valid for the setting; for an integer setting as an int.

    Raises InvalidFields.
    """
    setting = REGISTRY.get(key)
    if setting is None:
        raise InvalidFields({key: [field_errors.NO_SETTING]})
    # JSON knows one kind of number, and JSON Schema takes 1.0 for an integer.
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
    if not setting.minimum <= value <= setting.maximum:  # nor is NaN
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
