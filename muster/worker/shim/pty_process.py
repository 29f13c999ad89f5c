"""A stage's process on a pseudoterminal of its own, in its room if it has one.

Forked by hand: `subprocess` cannot give a child its controlling terminal. Standard library only.
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
_MIN_MOVED_FD = 16  # descriptors from here on are out of the way of those that a room is given
_PR_SET_CHILD_SUBREAPER = 36

SHIM_VARIABLE = "MUSTER_SHIM"
"""Set in each stage to the attempt's directory, so that its processes can be told by it."""

_libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> None:
    """Makes whatever its descendants leave behind a child of this process."""
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class PtyProcess:
    """The stage's process, and the master's end of its terminal.

    Without a room it is the command itself, the leader of a session of its own. With one it is
    what made the room: it ends when the room is empty, and the command, in a session of its own
    again, is what the room's leader tells of.
    """

    def __init__(
        self,
        command: StageCommand,
        env: dict[str, str],
        enter: Callable[[], None],
        handed: Mapping[int, int],
    ) -> None:
        """Forks. Whether it could be started is told by `failures`. Raises OSError.

        `enter` is called in the child, with the shim's rights, before it runs anything. `handed`
        are handles for the room's leader, by their numbers there; of a stage without a room its
        command is given that of CHANNEL.
        """
        self._has_sandbox = bool(command.room)
        # Our own hold on the slave's end keeps the terminal up while the stage lets go of it.
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
        """Once `failures` is readable: takes what is said there; whether more may come."""
        try:
            data = os.read(self.status_fd, _READ_BYTES)
        except BlockingIOError:
            return True
        self._status_output += data
        return bool(data)

    @property
    def failure(self) -> str | None:
        """Why the command could not be started (an errno first); empty if it runs or has run, None
        while that is not known."""
        lines = self._status_output.split(b"\n")[:-1]  # the last one is not whole
        # What makes the room writes here as well, and may have warned of something before.
        if any(line == b"ok" or _parse_status(line) is not None for line in lines):
            return ""
        failed = next(filter(_is_failure, lines), None)
        return None if failed is None else failed.decode(errors="replace")

    def final_status(self, status: int | None, *, stopped: bool) -> tuple[str, int | None]:
        """When the process has ended with that status: why the command did not run (empty if it
        did), and its status, a signal as a negative number. One that was `stopped` may not have
        come so far as to say a word."""
        heard = -1
        while len(self._status_output) > heard:
            heard = len(self._status_output)
            self.read_status()
        failure = self.failure
        if not self._has_sandbox:
            return failure or "", status
        if failure is None and not stopped:
            words = (
                self._status_output.decode(errors="replace").strip() or "it ended without a word"
            )
            return f"{errno.EPERM} EPERM room: {words[-300:]}", status
        return failure or "", _reported_status(self._status_output, status)

    def read_output(self) -> tuple[bytes, bool]:
        """What has been written, up to a batch; True when nothing more can ever come."""
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
        """Queues input; False when too much of it waits to be read already."""
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
            self._input = b""  # nobody is there to read it

    def resize(self, cols: int, rows: int) -> None:
        # The kernel tells the foreground processes (SIGWINCH).
        termios.tcsetwinsize(self.master, (rows, cols))

    def terminate(self) -> None:
        """TERM for all that runs, and CONT so that the stopped ones hear it."""
        if self._has_sandbox:
            # Not to what makes the room: its end is everybody's at once. Its leader passes it on.
            processes.signal_all(processes.children(self.pid), signal.SIGTERM)
            return
        self._signal_group(signal.SIGTERM)
        self._signal_group(signal.SIGCONT)
        processes.terminate(processes.descendants(os.getpid()))

    def terminate_group(self) -> None:
        """TERM for what the command, which has ended, left in its group; a room's leader has done
        so."""
        if not self._has_sandbox:
            self._signal_group(signal.SIGTERM)
            self._signal_group(signal.SIGCONT)

    def kill_group(self) -> None:
        self._signal_group(signal.SIGKILL)

    def close_slave(self) -> None:
        """Closes our hold on the slave's end, so that `read` can find the end."""
        os.close(self._slave)

    def close(self) -> None:
        os.close(self.master)
        os.close(self.status_fd)

    def _signal_group(self, number: int) -> None:
        """Safe until the process is reaped: so long nobody else can have its number."""
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
    """A descriptor of what the room's leader is to run; -1 without a room.

    Not in its arguments, which others may read, nor its environment: what makes the room has the
    rights of the daemon, and a project's LD_PRELOAD must not be there.
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
    """In the child: turns into the command, or into what makes its room."""
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
        os._exit(127)  # whatever comes: this is no second shim


def _exec_sandbox(
    room: list[str],
    env: dict[str, str],
    terminal: int,
    report_fd: int,
    handed: Mapping[int, int],
) -> NoReturn:
    """What bwrap or unshare has to say goes where the leader tells."""
    try:
        os.setsid()
        # High first: what is to be moved down must not be closed by what comes there.
        handles = {0: terminal, 1: terminal, 2: report_fd, **handed}
        moved = {
            n: fcntl.fcntl(handle, fcntl.F_DUPFD, _MIN_MOVED_FD) for n, handle in handles.items()
        }
        for number, handle in moved.items():
            os.dup2(handle, number)
        init.close_all_but(*handed)
        init.die_with_parent()
        if init.PROXY_FD not in handed:
            scope_abstract_sockets()  # what shares the host's network; here it costs no import
        os.chdir("/")
        os.execve(room[0], room, {"PATH": os.defpath} | _shim_variable(env))
    except OSError as error:
        # Not with its own number: that a program is missing is said of the command alone.
        step = f"room {room[0]} ({error.strerror})"
        os.write(2, init.describe_failure(OSError(errno.EPERM, ""), step))
    finally:
        os._exit(127)


def _shim_variable(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name == SHIM_VARIABLE}


def _reported_status(output: bytes, otherwise: int | None) -> int | None:
    """How the leader said that the command ended; if it was killed before, `otherwise`, which what
    made the room ended with: a signal of the leader's as 128 and more."""
    for line in output.splitlines():
        if (status := _parse_status(line)) is not None:
            return status
    return 128 - otherwise if otherwise is not None and otherwise > 128 else otherwise


def _parse_status(line: bytes) -> int | None:
    """The status of the command that the leader tells of there, if it does."""
    how, _, number = line.partition(b" ")
    if how in (b"exit", b"signal") and number.isdigit():
        return int(number) if how == b"exit" else -int(number)
    return None


def _is_failure(line: bytes) -> bool:
    """Whether it is one of `leader.describe_failure`."""
    number, _, name = line.partition(b" ")
    return number.isdigit() and name.startswith(b"E")
