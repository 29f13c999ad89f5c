"""The shim's exited children: it's the parent of everything orphaned below it.

Standard library only.
"""

import contextlib
import os


def reap_children() -> None:
    """Reap every exited child."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def peek_dead_child() -> os.waitid_result | None:
    """Return an exited child; it isn't reaped, so no other process can have its pid yet."""
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
