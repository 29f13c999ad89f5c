"""Whose uids the daemons of tests give to attempts, as root.

A daemon's end kills whatever runs under a uid that it has claimed, so each worker of pytest has a
range of its own, far from those that daemons take by default, or by their numbers.
"""

import os

from muster.worker.sandbox.uids import MAX_DAEMONS, uids_for_daemon

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
OWN = uids_for_daemon(MAX_DAEMONS - 1 - _WORKER)


def option(uids: range) -> list[str]:
    """What `worker run` is told so by."""
    return ["--uids", f"{uids[0]}-{uids[-1]}"]
