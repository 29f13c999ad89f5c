"""Becomes another program that cannot outlive the process which asked for it.

Run as a script, `launch.py PARENT SIGNAL TIE UID:GID PROGRAM ARGUMENT…`, because the parent may
have threads, and what runs between fork and exec in a threaded process must not be Python.
Imports nothing of ours: under root it drops to UID:GID, which may be unable to read this tree.
"""

import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
WATCH_SECONDS = 0.5


def become(uid: int, gid: int) -> None:
    """Give up root for good."""
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def tie_by_kernel(parent: int, number: int) -> None:
    """Linux signals us when the thread that spawned us ends. Only valid after `become`:
    a change of user clears it. Survives exec."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)


def tie_by_watcher(parent: int, number: int) -> None:
    """Where the kernel offers nothing: a small process of ours looks every half second."""
    program = os.getpid()
    if os.fork():
        return
    os.setsid()
    # Its hold on the log and on locks would outlast the program's.
    os.closerange(0, 1024)
    while os.getppid() == program:
        if not is_alive(parent):
            os.kill(program, number)  # still our own parent, so never a stranger
            break
        time.sleep(WATCH_SECONDS)
    os._exit(0)


def is_alive(pid: int) -> bool:
    """Whether a process of that number exists, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main(arguments: list[str]) -> None:
    """Never returns: becomes the program, or says on stderr why it cannot and exits with 127."""
    parent, number, tie, owner, *program = arguments
    if owner != "-":
        uid, gid = owner.split(":")
        become(int(uid), int(gid))
    ties = {"kernel": tie_by_kernel, "watcher": tie_by_watcher}
    ties[tie](int(parent), signal.Signals(int(number)))
    try:
        os.execvp(program[0], program)
    except OSError as problem:
        sys.exit(f"cannot run {program[0]}: {problem.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
