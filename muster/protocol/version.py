"""Compatibility of protocol versions.

Servers are upgraded before machines: a server uses the worker's version, if that is its own or the
previous one, and refuses newer ones. A version covers the messages only: renamed modules and
commands need no new one, and workers of the previous release keep working.
"""

CURRENT = 3
# Each side accepts its own version and the previous one, so that upgrades interrupt nothing. There
# was no release before this version.
OLDEST_SUPPORTED = CURRENT


def is_supported(version: int) -> bool:
    """Whether this side can talk to a peer of that version."""
    return OLDEST_SUPPORTED <= version <= CURRENT


def rejection_message(version: int) -> str:
    """Return why a machine of this version is refused, and what to do. Fits a close frame."""
    if version > CURRENT:
        return f"protocol {version} is too new (at most {CURRENT}): upgrade the server first"
    return (
        f"protocol {version} is too old (at least {OLDEST_SUPPORTED}): "
        "install the server's release, then run: python -m muster worker run"
    )
