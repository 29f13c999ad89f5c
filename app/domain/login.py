"""Logins: how a person signed in, from which client, and how long they count as reauthenticated."""

import re
from datetime import datetime, timedelta
from enum import StrEnum

MAX_CLIENT_NAME = 200  # characters
REAUTHENTICATION_LIFETIME = timedelta(minutes=10)

# These are a program's own claims, so order matters: Edge also contains Chrome, and Chrome Safari.
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
# Control, direction and invisible characters, and unpaired surrogates: they could make one line
# look like another.
_INVISIBLE = re.compile(
    "[\0-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]+"
)


class LoginVia(StrEnum):
    """How a person proved their identity when the login started."""

    PASSWORD = "password"
    OIDC = "oidc"
    DEVICE = "device"


def client_name(given: str | None, user_agent: str) -> str:
    """Return the display name of a login's client: its own name, else one from its User-Agent.

    The name is cleaned and limited in length. It proves nothing.
    """
    return _clean(given or "") or _clean(_browser(user_agent) or user_agent)


def is_reauthenticated(reauthenticated_at: datetime | None, now: datetime) -> bool:
    """Whether that time is recent enough for actions that require the person to be present."""
    return reauthenticated_until(reauthenticated_at, now) is not None


def reauthenticated_until(reauthenticated_at: datetime | None, now: datetime) -> datetime | None:
    """Return when the reauthentication expires; None if it has expired."""
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
