"""Which protocol versions understand each other.

Servers are upgraded before machines: a server speaks to a worker in the worker's version, its own
or the one before, and refuses one that it does not know yet. A version is of what is said, not of
who says it: modules and commands are renamed without a new one, and a worker of before goes on.
"""

QUESTIONS_VERSION = 3  # the first version with questions in the middle of a stage
CURRENT = 3
OLDEST_SUPPORTED = (
    2  # each side accepts its own version and the one before, so that an upgrade stops nothing
)


def is_supported(version: int) -> bool:
    """Whether this side can talk to a peer of that version."""
    return OLDEST_SUPPORTED <= version <= CURRENT


def rejection_message(version: int) -> str:
    """Why a machine of this version is refused and what to do, for its log. Fits a close frame."""
    if version > CURRENT:
        return f"protocol {version} is not known here (at most {CURRENT}): upgrade the server first"
    return (
        f"protocol {version} is not spoken any more (from {OLDEST_SUPPORTED}): "
        "install the server's release, then run: python -m muster worker run"
    )
