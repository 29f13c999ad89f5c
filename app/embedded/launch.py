"""Replace this process by another program that can't outlive the process that started it.

Run as a script, `launch.py PARENT SIGNAL TIE UID:GID PROGRAM ARGUMENT…`: the parent may have
threads, and a process with threads must not run Python code between fork and exec. It imports none
of our modules, because UID:GID, to which it drops from root, may be unable to read this tree.
"""

import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.5


def drop_privileges(uid: int, gid: int) -> None:
    """Give up root permanently."""
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def set_parent_death_signal(parent: int, number: int) -> None:
    """Have Linux send us the signal `number` when the thread that spawned us ends.

    Call it after `drop_privileges`, because a change of user clears the setting. It survives exec.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # the parent died before the call
        sys.exit(1)


def fork_parent_watcher(parent: int, number: int) -> None:
    """If the kernel has no such setting: fork a process that checks every half second."""
    program = os.getpid()
    if os.fork():
        return
    os.setsid()
    # Inherited descriptors of logs and locks would stay open after the program exits.
    os.closerange(0, 1024)
    while os.getppid() == program:
        if not is_alive(parent):
            os.kill(program, number)  # still our own parent, so never an unrelated process
            break
        time.sleep(POLL_SECONDS)
    os._exit(0)


def is_alive(pid: int) -> bool:
    """Whether a process with that pid exists, of any owner."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main(arguments: list[str]) -> None:
    """Become the program; never returns. On failure, exit with the reason on stderr."""
    parent, number, tie, owner, *program = arguments
    if owner != "-":
        uid, gid = owner.split(":")
        drop_privileges(int(uid), int(gid))
    ties = {"kernel": set_parent_death_signal, "watcher": fork_parent_watcher}
    ties[tie](int(parent), signal.Signals(int(number)))
    try:
        os.execvp(program[0], program)
    except OSError as problem:
        sys.exit(f"cannot run {program[0]}: {problem.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
