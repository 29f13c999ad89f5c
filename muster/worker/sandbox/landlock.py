"""Keep a sandbox that shares the host's network from the host's abstract sockets.

They are names, not files, so no mount hides them; and their services may serve any client. A
separate network hides them anyway. Standard library only, because a sandbox's first process imports
this.
"""

import os
import sys

_CREATE_RULESET = 444  # the numbers are the same on every architecture
_RESTRICT_SELF = 446
_ASK_FOR_VERSION = 1
_SCOPES_SINCE = 6  # Linux 6.12
_SCOPE_ABSTRACT_UNIX_SOCKET = 1
_PR_SET_NO_NEW_PRIVS = 38


def scope_abstract_sockets() -> bool:
    """Let this process, and all that it will start, connect only to their own abstract sockets.

    Returns whether it worked: not on kernels without Landlock's scopes (ABI 6). It applies to the
    calling thread and its descendants, permanently; from then on no program gains rights by its
    mode (no_new_privs), which the kernel requires. Takes 2 ms, mostly for importing ctypes.
    """
    if sys.platform != "linux":
        return False
    import ctypes  # not at the top: sandboxes with their own network do without

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_FOR_VERSION) < _SCOPES_SINCE:
        return False
    # No rules for files and the network: these stay unrestricted.
    attributes = (ctypes.c_uint64 * 3)(0, 0, _SCOPE_ABSTRACT_UNIX_SOCKET)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    ruleset: int = libc.syscall(_CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return False
    try:
        return not libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) and not libc.syscall(
            _RESTRICT_SELF, ruleset, 0
        )
    finally:
        os.close(ruleset)
