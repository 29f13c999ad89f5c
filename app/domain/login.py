"""Logins: how somebody came in, from what, and for how long they count as confirmed."""

import re
from datetime import datetime, timedelta
from enum import StrEnum

MAX_CLIENT_NAME = 200  # characters
REAUTHENTICATION_LIFETIME = timedelta(minutes=10)

# A program's claim about itself, so that the order decides: Edge also says Chrome, Chrome Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
# Controls, marks of direction, invisible characters and halves of pairs: what could make a line
# look like another.
_INVISIBLE = re.compile(
    "[\0-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]+"
)


class LoginVia(StrEnum):
    """How somebody proved who they are when the login began."""

    PASSWORD = "password"
    OIDC = "oidc"
    DEVICE = "device"


def client_name(given: str | None, user_agent: str) -> str:
    """What a login's client is shown as: the name that it gives itself, else what its User-Agent
    seems to say; cleaned and bounded. It proves nothing.
    """
    return _clean(given or "") or _clean(_browser(user_agent) or user_agent)


def is_reauthenticated(reauthenticated_at: datetime | None, now: datetime) -> bool:
    """Whether that moment is recent enough for what wants somebody who is really there."""
    return reauthenticated_until(reauthenticated_at, now) is not None


def reauthenticated_until(reauthenticated_at: datetime | None, now: datetime) -> datetime | None:
    """Until when that counts; None if it does not any more."""
    if reauthenticated_at is None or now >= reauthenticated_at + REAUTHENTICATION_LIFETIME:
        return None
    return reauthenticated_at + REAUTHENTICATION_LIFETIME


def _browser(user_agent: str) -> str:
    if not user_agent.startswith("Mozilla/"):
        return ""
    browser = next((name for mark, name in _BROWSERS if f"{mark}/" in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if browser and system else browser


def _clean(text: str) -> str:
    shown = " ".join(_INVISIBLE.sub(" ", text).split())
    return shown if len(shown) <= MAX_CLIENT_NAME else shown[: MAX_CLIENT_NAME - 1] + "…"
