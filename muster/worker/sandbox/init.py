"""The first process of a stage's room, and how a process becomes a stage's command.

`main` is pid 1 of a pid namespace: what happens in there cannot kill it, and when it ends the
kernel ends all the rest. It is given its terminal as standard input and output, a pipe to tell on
as standard error, and on CONTENT a file with what to run. On the pipe it says a line when the
command runs (`ok`) or could not be started (`describe_failure`), and one when it
has ended (`exit <status>` or `signal <number>`). TERM to it is TERM for everything in the room.
A room without a network has a proxy, which is handed its listener over PROXY. What is on CHANNEL
the command inherits, and it alone.

It stays who bwrap is, and only the command becomes the attempt: a process of another user outlives
a bwrap that is killed, for that has no right any more to have it killed as well.

Standard library only, for the interpreter that runs it is bare; and little of it, for each stage
waits for the imports: `signal` and `ctypes` alone would be as much again as starting Python is.
"""

from __future__ import annotations

import errno
import marshal
import os

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    import signal
    from typing import Any, NoReturn
else:
    import _signal as signal  # what `signal` puts its enumerations around

CONTENT_FD = 3
"""The descriptor of a file with a marshalled dictionary: argv, env, cwd, uid, gid (None: stay),
has_proxy, has_channel (which a shim of before does not say)."""

PROXY_FD = 4
"""The descriptor for `egress.in_room.listen_in_room`, if there is a proxy."""

CHANNEL_FD = 5
"""The descriptor of `shim.channel`, if there is one, here and in the command."""

OK = b"ok\n"
ORPHAN_GRACE_SECONDS = 1.0
"""Seconds that what outlives the command has between TERM and the room's end."""

_REPORT_FD, _TERMINAL_FD = CHANNEL_FD + 1, CHANNEL_FD + 2
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def main() -> NoReturn:
    """Runs what CONTENT names, and ends with the room."""
    report_fd = os.dup2(2, _REPORT_FD, inheritable=False)
    terminal = os.dup2(0, _TERMINAL_FD, inheritable=False)
    with os.fdopen(CONTENT_FD, "rb") as file:
        content = marshal.load(file)
    try:
        if content["has_proxy"]:
            from muster.worker.egress.sandbox_listener import listen_in_sandbox  # few rooms need it

            listen_in_sandbox(PROXY_FD)
        if content["uid"] in (None, os.geteuid()):
            # The command is the same user, and must not come at our memory and descriptors.
            _prctl(_PR_SET_DUMPABLE, 0)
        leader, failure = _fork_command(content, terminal)
    except BaseException as error:
        _report(report_fd, describe_failure(error, "room"))
        os._exit(1)
    os.close(terminal)
    _report(report_fd, failure or OK)
    status = _wait_for_command(leader)
    if not failure:
        how = f"signal {-status}" if status < 0 else f"exit {status}"
        _report(report_fd, f"{how}\n".encode())
    os._exit(0)


def exec_command(
    argv: list[str],
    env: dict[str, str],
    cwd: str,
    terminal: int,
    report_fd: int,
    channel: int | None,
) -> NoReturn:
    """In a forked child: takes the terminal and turns into the command, or tells why not.

    `report_fd` is closed, with nothing said on it, when the command runs, which inherits `channel`.
    """
    step = "prepare"
    try:
        programs = find_programs(argv[0] if argv else "", env)
        if channel is None:
            set_controlling_terminal(terminal, report_fd)
        else:
            os.set_inheritable(channel, True)
            set_controlling_terminal(terminal, report_fd, channel)
        step = f"chdir {cwd}"
        os.chdir(cwd)
        step = f"exec {argv[0] if argv else ''}"
        exec_first(programs, argv, env)
    except BaseException as error:
        os.write(report_fd, describe_failure(error, step))
    finally:
        os._exit(127)


def find_programs(name: str, env: dict[str, str]) -> list[str]:
    """The paths to try for a program, in order: those on the PATH, or `name` if it is a path."""
    if "/" in name:
        return [name]
    return [f"{directory or '.'}/{name}" for directory in env.get("PATH", os.defpath).split(":")]


def exec_first(programs: list[str], argv: list[str], env: dict[str, str]) -> NoReturn:
    """Becomes the first of `programs` that the system can start, as `os.execvpe` does. Raises
    OSError: a file that is there and cannot be started is reported before one that is missing.

    Not `os.execvpe` itself, which imports a module. We may have become a user by now who cannot
    read the standard library.
    """
    missing: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    unusable: OSError | None = None
    for program in programs:
        try:
            os.execve(program, argv, env)
        except (FileNotFoundError, NotADirectoryError) as error:
            missing = error
        except OSError as error:
            unusable = unusable or error
    raise unusable or missing


def set_controlling_terminal(terminal: int, *kept: int) -> None:
    """Makes it the controlling terminal and all three standard streams; only `kept` stay open."""
    os.login_tty(terminal)
    close_all_but(*kept)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(0o022)


def close_all_but(*kept: int) -> None:
    """Closes every descriptor from 3 on but these."""
    first = 3
    for handle in sorted(kept):
        os.closerange(first, handle)
        first = handle + 1
    os.closerange(first, 1 << 20)


def drop_privileges(uid: int | None, gid: int | None) -> None:
    """Becomes that user for good, if it is another."""
    if uid is not None and uid != os.geteuid():
        gid = uid if gid is None else gid
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)


def die_with_parent() -> None:
    """Is killed from now on when its parent dies. The kernel forgets that with a change of user."""
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _prctl(option: int, value: int) -> None:
    import ctypes  # not at the top: a room of root's does without

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def describe_failure(error: BaseException, step: str) -> bytes:
    """A failure in one line: the errno, its name, the step that failed and why.

    An exception that is no OSError is a bug of ours or a damaged installation. It has the errno 0,
    the name ERROR, and as the reason its own type and message, and the user it happened to.
    """
    if isinstance(error, OSError):
        number = error.errno or errno.EIO
        name, reason = errno.errorcode.get(number, "EIO"), os.strerror(number)
    else:
        number, name, reason = (
            0,
            "ERROR",
            f"{type(error).__name__}: {error} (as user {os.geteuid()})",
        )
    line = f"{number} {name} {step}: {reason}".replace("\n", " ")
    return f"{line}\n".encode(errors="replace")


def _fork_command(content: dict[str, Any], terminal: int) -> tuple[int, bytes]:
    """Forks the command; its pid, and why it does not run, if so. Raises OSError."""
    read_fd, report_fd = os.pipe()
    signal.signal(signal.SIGTERM, _forward_sigterm)
    channel = CHANNEL_FD if content.get("has_channel") else None
    leader = os.fork()
    if not leader:
        try:
            drop_privileges(content["uid"], content["gid"])
        except BaseException as error:
            os.write(report_fd, describe_failure(error, "room"))
            os._exit(127)
        exec_command(content["argv"], content["env"], content["cwd"], terminal, report_fd, channel)
    os.close(report_fd)
    if channel is not None:
        os.close(channel)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # the terminal is the command's alone
        os.dup2(quiet, stream)
    os.close(quiet)
    with os.fdopen(read_fd, "rb") as file:
        return leader, file.read()


def _forward_sigterm(*_: object) -> None:
    """TERM for all but ourselves, and CONT so that the stopped ones hear it."""
    try:
        os.kill(-1, signal.SIGTERM)
        os.kill(-1, signal.SIGCONT)
    except ProcessLookupError:
        return  # there is nobody else


def _wait_for_command(leader: int) -> int:
    """Waits for the command, then up to LEFTOVERS seconds for what it left; the command's status,
    a signal as a negative number."""
    status = 0
    try:
        while True:
            pid, ended = os.wait()
            if pid == leader:
                status = os.waitstatus_to_exitcode(ended)
                signal.signal(signal.SIGALRM, _raise_timeout)
                signal.setitimer(signal.ITIMER_REAL, ORPHAN_GRACE_SECONDS)
                _forward_sigterm()
    except (ChildProcessError, TimeoutError):
        return status


def _raise_timeout(*_: object) -> NoReturn:
    raise TimeoutError


def _report(report_fd: int, line: bytes) -> None:
    try:
        os.write(report_fd, line)
    except OSError:
        return  # the shim is gone, and we soon
