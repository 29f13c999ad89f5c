"""The user ids that attempts of local machines have under root, as `muster worker` shares them out
among the daemons of one host (muster/worker/sandbox/uids.py, which the server does not import).
"""

UIDS_EACH = 1_000
_FIRST = 66_000
_END = 100_000
MOST_MACHINES = (_END - _FIRST) // UIDS_EACH


def uids_of(number: int) -> range:
    """Those of a machine, by its number from 0."""
    first = _FIRST + number * UIDS_EACH
    return range(first, first + UIDS_EACH)


UIDS = uids_of(0)
