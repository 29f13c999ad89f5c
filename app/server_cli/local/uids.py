"""The user IDs of local machines' attempts under root, as `muster worker` assigns them to the
daemons of one host (muster/worker/sandbox/uids.py, which the server doesn't import).
"""

UIDS_PER_MACHINE = 1_000
_FIRST_UID = 66_000
_END_UID = 100_000
MAX_MACHINES = (_END_UID - _FIRST_UID) // UIDS_PER_MACHINE


def machine_uids(number: int) -> range:
    """Return the user IDs of a machine, by its number from 0."""
    first = _FIRST_UID + number * UIDS_PER_MACHINE
    return range(first, first + UIDS_PER_MACHINE)


UIDS = machine_uids(0)
