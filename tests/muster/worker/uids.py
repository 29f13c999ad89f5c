"""The uids that tests' daemons give to attempts, as root.

A daemon's exit kills everything that runs under its claimed uids, so each pytest worker has its own
range, far from the defaults of daemons.
"""

import os

from muster.worker.sandbox.uids import MAX_DAEMONS, uids_for_daemon

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
OWN = uids_for_daemon(MAX_DAEMONS - 1 - _WORKER)


def option(uids: range) -> list[str]:
    """The option of `worker run` for them."""
    return ["--uids", f"{uids[0]}-{uids[-1]}"]
