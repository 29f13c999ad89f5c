"""How a process joins the sandbox of a running stage, with no more rights than the others in it.

Standard library only, because the shim imports this.
"""

import ctypes
import errno
import os
import signal

from muster.worker import processes
from muster.worker.sandbox import init
from muster.worker.sandbox.landlock import scope_abstract_sockets

_NAMESPACES = {
    "user": 0x10000000,
    "cgroup": 0x02000000,
    "ipc": 0x08000000,
    "net": 0x40000000,
    "pid": 0x20000000,
    "mnt": 0x00020000,
}
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38

_libc = ctypes.CDLL(None, use_errno=True)


def join_sandbox(creator: int, *, has_own_network: bool) -> None:
    """In a forked child: return as a process in the sandbox that `creator`, a child of our parent,
    has created. This process itself waits outside, and exits as that one does. Raises OSError.
    """
    # Processes in the sandbox may have our user, and must not access our memory and descriptors.
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    init.die_with_parent()
    first = _open_first_process(creator)
    pid = _pid_of(first)
    no_new_privileges, capabilities = _read_restrictions(pid)
    # One call, for the process that the descriptor names, whatever its pid names by now.
    if _libc.setns(first, _differing_namespaces(pid)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    os.close(first)
    if not has_own_network:
        # As for the sandbox itself; not before, because it may not look at others from then on.
        scope_abstract_sockets()
    _restrict(no_new_privileges, capabilities)
    _fork_into_namespace()


def _open_first_process(creator: int) -> int:
    """Return a pidfd of the sandbox's first process."""
    for each in processes.children(creator):
        handle = os.pidfd_open(each.pid)
        # The creator isn't reaped, so its pid is its own: if this still is its child, then the
        # descriptor is the child's too.
        if processes.find(each.pid) == each:
            return handle
        os.close(handle)
    raise ProcessLookupError(errno.ESRCH, "the sandbox has ended")


def _pid_of(handle: int) -> int:
    with open(f"/proc/self/fdinfo/{handle}") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pid:"))


def _differing_namespaces(pid: int) -> int:
    """Return the flags of the namespaces that aren't ours: joining our own fails."""
    flags = 0
    for name, flag in _NAMESPACES.items():
        if os.stat(f"/proc/{pid}/ns/{name}").st_ino != os.stat(f"/proc/self/ns/{name}").st_ino:
            flags |= flag
    return flags


def _read_restrictions(pid: int) -> tuple[bool, int]:
    """Return whether the process can't gain rights, and which capabilities it may ever have."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    return fields["NoNewPrivs"].strip() == "1", int(fields["CapBnd"], 16)


def _restrict(no_new_privileges: bool, capabilities: int) -> None:
    if no_new_privileges:
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for number in range(64):
        if not capabilities >> number & 1:
            _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)


def _fork_into_namespace() -> None:
    """Return in a child: a pid namespace applies only to processes that are forked later."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    child = os.fork()
    if not child:
        return
    try:
        init.close_all_but()
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
    finally:
        os._exit(127)
