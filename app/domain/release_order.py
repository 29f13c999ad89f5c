"""Which release may follow which on one server.

Each runs on the database of the one after it, so that one may be upgraded while it serves, and gone
back to: releases are taken one minor version after the other.
"""

import re

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def find_refusal(now: str, given: str) -> str | None:
    """Why `given` may not follow `now`; None if it may."""
    before, after = parse_version(now), parse_version(given)
    if before is None or after is None:
        return f"{now if before is None else given} is no version of a release, like 0.2.1"
    if after == before:
        return f"{given} is what runs here already"
    if after < before:
        return (
            f"{given} is older than {now}: an upgrade that is not well is taken back by "
            "--rollback; of a backup of then `muster-server restore` makes a server of then"
        )
    if not _is_next_release(before, after):
        return f"{given} is more than one minor version after {now}: upgrade to those between first"
    return None


def parse_version(version: str) -> tuple[int, int, int] | None:
    found = _VERSION.fullmatch(version)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


def _is_next_release(before: tuple[int, int, int], after: tuple[int, int, int]) -> bool:
    if after[0] == before[0]:
        return after[1] <= before[1] + 1
    return after[0] == before[0] + 1 and after[1] == 0
