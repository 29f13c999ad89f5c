"""Which release may follow which on one server.

Each runs on the next one's database, so you can upgrade and roll back while it serves. Upgrade one
minor version at a time.
"""

import re

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def find_refusal(now: str, given: str) -> str | None:
    """Return why `given` can't follow `now`; None if it can."""
    before, after = parse_version(now), parse_version(given)
    if before is None or after is None:
        return f"{now if before is None else given} isn't a release version such as 0.2.1"
    if after == before:
        return f"{given} is already running here"
    if after < before:
        return (
            f"{given} is older than {now}: use --rollback to undo a failed upgrade, or "
            "`muster-server restore` to create a server from an older backup"
        )
    if not _is_next_release(before, after):
        return (
            f"{given} is more than one minor version after {now}: upgrade to the versions in "
            "between first"
        )
    return None


def parse_version(version: str) -> tuple[int, int, int] | None:
    found = _VERSION.fullmatch(version)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


def _is_next_release(before: tuple[int, int, int], after: tuple[int, int, int]) -> bool:
    if after[0] == before[0]:
        return after[1] <= before[1] + 1
    return after[0] == before[0] + 1 and after[1] == 0
