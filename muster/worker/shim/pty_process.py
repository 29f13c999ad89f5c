"""A stage's process on its own pseudoterminal, in its sandbox if it has one.

Forked by hand, because `subprocess` can't give a child its controlling terminal. Standard library
only.
"""

import ctypes
import errno
import fcntl
import marshal
import os
import signal
import termios
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NoReturn

from muster.worker import processes
from muster.worker.sandbox import init
from muster.worker.sandbox.landlock import scope_abstract_sockets
from muster.worker.shim.channel import DESCRIPTOR_VARIABLE
from muster.worker.shim.wire import StageCommand

_BATCH_BYTES = 64 << 10
_READ_BYTES = 4 << 10
_MAX_INPUT_BYTES = 1 << 20
_MIN_MOVED_FD = 16  # descriptors from here on don't collide with those for a sandbox
_PR_SET_CHILD_SUBREAPER = 36

SHIM_VARIABLE = "MUSTER_SHIM"
"""Set in each stage to the attempt's directory, which identifies its processes."""

_libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> None:
    """Make all orphans of its descendants children of this process."""
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class PtyProcess:
    """The stage's process, and the master's end of its terminal.

    Without a sandbox it is the command itself, the leader of its own session. With one it is the
    sandbox's creator: it exits when the sandbox is empty, and the sandbox's init reports on the
    command, which has its own session too.
    """

    def __init__(
        self,
        command: StageCommand,
        env: dict[str, str],
        enter: Callable[[], None],
        handed: Mapping[int, int],
    ) -> None:
        """Fork. `failures` reports whether it could start. Raises OSError.

        `enter` is called in the child, with the shim's rights, before it runs anything. `handed`
        has descriptors for the sandbox's init, by their numbers there; without a sandbox, the
        stage's command gets the one of CHANNEL_FD.
        """
        self._has_sandbox = bool(command.room)
        # Our own descriptor of the slave's end keeps the terminal up while the stage closes its
        # own.
        self.master, self._slave = os.openpty()
        self._input = b""
        self._status_output = b""
        self.status_fd, report_fd = os.pipe()
        content = -1
        try:
            self._prepare(command)
            env = _with_channel(env, handed, has_room=self._has_sandbox)
            content = _stage_memfd(command, env, handed)
            self.pid = os.fork()
            if not self.pid:
                _exec_command(command, env, enter, self._slave, report_fd, content, handed)
            os.close(report_fd)
        except OSError:
            for handle in (self.master, self._slave, self.status_fd, report_fd):
                os.close(handle)
            raise
        finally:
            if content >= 0:
                os.close(content)
        self.started = started.started if (started := processes.find(self.pid)) else 0

    def read_status(self) -> bool:
        """Once `failures` is readable: read it; return whether more may come."""
        try:
            data = os.read(self.status_fd, _READ_BYTES)
        except BlockingIOError:
            return True
        self._status_output += data
        return bool(data)

    @property
    def failure(self) -> str | None:
        """Why the command couldn't start (an errno first); empty if it runs or has run, None while
        unknown."""
        lines = self._status_output.split(b"\n")[:-1]  # the last one is incomplete
        # The sandbox's creator writes here as well, and may have written a warning before.
        if any(line == b"ok" or _parse_status(line) is not None for line in lines):
            return ""
        failed = next(filter(_is_failure, lines), None)
        return None if failed is None else failed.decode(errors="replace")

    def final_status(self, status: int | None, *, stopped: bool) -> tuple[str, int | None]:
        """After the process has exited with that status: return why the command didn't run (empty
        if it did), and its status, a signal as a negative number. One that was `stopped` may not
        have reported anything yet."""
        heard = -1
        while len(self._status_output) > heard:
            heard = len(self._status_output)
            self.read_status()
        failure = self.failure
        if not self._has_sandbox:
            return failure or "", status
        if failure is None and not stopped:
            words = (
                self._status_output.decode(errors="replace").strip() or "it exited without a report"
            )
            return f"{errno.EPERM} EPERM room: {words[-300:]}", status
        return failure or "", _reported_status(self._status_output, status)

    def read_output(self) -> tuple[bytes, bool]:
        """Return the output, up to a batch; True when there will be no more."""
        pieces: list[bytes] = []
        size = 0
        try:
            while size < _BATCH_BYTES:
                piece = os.read(self.master, _READ_BYTES)
                if not piece:
                    return b"".join(pieces), True
                pieces.append(piece)
                size += len(piece)
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return b"".join(pieces), True
        return b"".join(pieces), False

    def write_input(self, data: bytes) -> bool:
        """Queue input; False if too much of it is unread already."""
        if len(self._input) + len(data) > _MAX_INPUT_BYTES:
            return False
        self._input += data
        self.flush_input()
        return True

    @property
    def has_pending_input(self) -> bool:
        return bool(self._input)

    def flush_input(self) -> None:
        try:
            self._input = self._input[os.write(self.master, self._input) :]
        except BlockingIOError:
            pass
        except OSError:
            self._input = b""  # no process is there to read it

    def resize(self, cols: int, rows: int) -> None:
        # The kernel notifies the foreground processes (SIGWINCH).
        termios.tcsetwinsize(self.master, (rows, cols))

    def terminate(self) -> None:
        """Send TERM to everything that runs, and CONT so that stopped processes handle it."""
        if self._has_sandbox:
            # Not to the sandbox's creator, whose exit kills everything at once. Its init passes it
            # on.
            processes.signal_all(processes.children(self.pid), signal.SIGTERM)
            return
        self._signal_group(signal.SIGTERM)
        self._signal_group(signal.SIGCONT)
        processes.terminate(processes.descendants(os.getpid()))

    def terminate_group(self) -> None:
        """Send TERM to the exited command's group; a sandbox's init has done so."""
        if not self._has_sandbox:
            self._signal_group(signal.SIGTERM)
            self._signal_group(signal.SIGCONT)

    def kill_group(self) -> None:
        self._signal_group(signal.SIGKILL)

    def close_slave(self) -> None:
        """Close our descriptor of the slave's end, so that `read_output` can find the end."""
        os.close(self._slave)

    def close(self) -> None:
        os.close(self.master)
        os.close(self.status_fd)

    def _signal_group(self, number: int) -> None:
        """Safe until the process is reaped: until then no other process can have its pid."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _prepare(self, command: StageCommand) -> None:
        os.set_blocking(self.master, False)
        os.set_blocking(self.status_fd, False)
        termios.tcsetwinsize(self._slave, (command.rows, command.cols))
        if command.uid is not None and os.geteuid() == 0:
            os.fchown(self._slave, command.uid, -1)


def _with_channel(
    env: dict[str, str], handed: Mapping[int, int], *, has_room: bool
) -> dict[str, str]:
    if init.CHANNEL_FD not in handed:
        return env
    number = init.CHANNEL_FD if has_room else handed[init.CHANNEL_FD]
    return {**env, DESCRIPTOR_VARIABLE: str(number)}


def _stage_memfd(command: StageCommand, env: dict[str, str], handed: Mapping[int, int]) -> int:
    """Return a descriptor of the command for the sandbox's init; -1 without a sandbox.

    Not in its arguments, which others can read, nor its environment: the sandbox's creator has the
    daemon's rights, and a project's LD_PRELOAD must not be there.
    """
    if not command.room:
        return -1
    who = {"uid": command.uid, "gid": command.gid}
    has = {"has_proxy": init.PROXY_FD in handed, "has_channel": init.CHANNEL_FD in handed}
    content = {"argv": command.argv, "env": env, "cwd": command.cwd, **who, **has}
    handle = os.memfd_create("stage")
    os.write(handle, marshal.dumps(content, 4))
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def _exec_command(
    command: StageCommand,
    env: dict[str, str],
    enter: Callable[[], None],
    terminal: int,
    report_fd: int,
    content: int,
    handed: Mapping[int, int],
) -> NoReturn:
    """In the child: become the command, or its sandbox's creator."""
    try:
        enter()
        if command.room:
            _exec_sandbox(
                command.room, env, terminal, report_fd, {init.CONTENT_FD: content, **handed}
            )
        init.drop_privileges(command.uid, command.gid)
        init.die_with_parent()
        channel = handed.get(init.CHANNEL_FD)
        init.exec_command(command.argv, env, command.cwd, terminal, report_fd, channel)
    except BaseException as error:
        os.write(report_fd, init.describe_failure(error, "prepare"))
    finally:
        os._exit(127)  # in any case, because this must not become a second shim


def _exec_sandbox(
    room: list[str],
    env: dict[str, str],
    terminal: int,
    report_fd: int,
    handed: Mapping[int, int],
) -> NoReturn:
    """Messages of bwrap or unshare go where init reports."""
    try:
        os.setsid()
        # High numbers first: a moved descriptor must not be closed by the next.
        handles = {0: terminal, 1: terminal, 2: report_fd, **handed}
        moved = {
            n: fcntl.fcntl(handle, fcntl.F_DUPFD, _MIN_MOVED_FD) for n, handle in handles.items()
        }
        for number, handle in moved.items():
            os.dup2(handle, number)
        init.close_all_but(*handed)
        init.die_with_parent()
        if init.PROXY_FD not in handed:
            scope_abstract_sockets()  # if it shares the host's network; here it costs no import
        os.chdir("/")
        os.execve(room[0], room, {"PATH": os.defpath} | _shim_variable(env))
    except OSError as error:
        # Not with its own errno: a missing program is reported only for the command.
        step = f"room {room[0]} ({error.strerror})"
        os.write(2, init.describe_failure(OSError(errno.EPERM, ""), step))
    finally:
        os._exit(127)


def _shim_variable(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name == SHIM_VARIABLE}


def _reported_status(output: bytes, otherwise: int | None) -> int | None:
    """Return the command's exit in init's report; if init was killed before, `otherwise`, the exit
    of the sandbox's creator: init's signal as 128 and more."""
    for line in output.splitlines():
        if (status := _parse_status(line)) is not None:
            return status
    return 128 - otherwise if otherwise is not None and otherwise > 128 else otherwise


def _parse_status(line: bytes) -> int | None:
    """Return the command's status in init's report, if there is one."""
    how, _, number = line.partition(b" ")
    if how in (b"exit", b"signal") and number.isdigit():
        return int(number) if how == b"exit" else -int(number)
    return None


def _is_failure(line: bytes) -> bool:
    """Whether it is an output of `init.describe_failure`."""
    number, _, name = line.partition(b" ")
    return number.isdigit() and name.startswith(b"E")
