"""A process on a pseudoterminal of its own.

Forked by hand: `subprocess` cannot give a child its controlling terminal. Standard library only.
"""

import contextlib
import ctypes
import errno
import os
import signal
import termios
from typing import NoReturn

from muster.worker import processes
from muster.worker.shim.wire import StageCommand

_BATCH = 64 << 10
_READ = 4 << 10
_INPUT = 1 << 20
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Makes whatever its descendants leave behind a child of this process."""
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class PtyProcess:
    """The leader of a session of its own, and the master's end of its terminal."""

    def __init__(self, command: StageCommand, env: dict[str, str]) -> None:
        """Forks. Whether it could be started is told by `failures`. Raises OSError."""
        # Our own hold on the slave's end keeps the terminal up while the stage lets go of it.
        self.master, self._slave = os.openpty()
        self._input = b""
        self.failures, told = os.pipe()
        try:
            self._prepare(command)
            self.pid = os.fork()
            if not self.pid:
                _become(command, env, self._slave, told)
            os.close(told)
        except OSError:
            for handle in (self.master, self._slave, self.failures, told):
                os.close(handle)
            raise
        self.started = started.started if (started := processes.find(self.pid)) else 0

    def failure(self) -> str:
        """Once `failures` is readable: empty if the program runs, else errno and what failed."""
        with contextlib.closing(os.fdopen(self.failures, "rb")) as file:
            return file.read().decode(errors="replace")

    def read(self) -> tuple[bytes, bool]:
        """What has been written, up to a batch; True when nothing more can ever come."""
        pieces: list[bytes] = []
        size = 0
        try:
            while size < _BATCH:
                piece = os.read(self.master, _READ)
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

    def type(self, data: bytes) -> bool:
        """Queues input; False when too much of it waits to be read already."""
        if len(self._input) + len(data) > _INPUT:
            return False
        self._input += data
        self.pass_input()
        return True

    @property
    def input_waits(self) -> bool:
        return bool(self._input)

    def pass_input(self) -> None:
        try:
            self._input = self._input[os.write(self.master, self._input) :]
        except BlockingIOError:
            pass
        except OSError:
            self._input = b""  # nobody is there to read it

    def resize(self, cols: int, rows: int) -> None:
        # The kernel tells the foreground processes (SIGWINCH).
        termios.tcsetwinsize(self.master, (rows, cols))

    def signal_group(self, number: int) -> None:
        """Safe until the leader is reaped: so long nobody else can have its number."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def let_go(self) -> None:
        """Closes our hold on the slave's end, so that `read` can find the end."""
        os.close(self._slave)

    def close(self) -> None:
        os.close(self.master)

    def _prepare(self, command: StageCommand) -> None:
        os.set_blocking(self.master, False)
        termios.tcsetwinsize(self._slave, (command.rows, command.cols))
        if command.uid is not None and os.geteuid() == 0:
            os.fchown(self._slave, command.uid, -1)


def _become(command: StageCommand, env: dict[str, str], terminal: int, told: int) -> NoReturn:
    """In the child: turns into the command, or tells why not."""
    step = "prepare"
    try:
        _take_terminal(terminal, told)
        step = f"become uid {command.uid}"
        _drop_rights(command)
        step = f"chdir {command.cwd}"
        os.chdir(command.cwd)
        step = f"exec {command.argv[0] if command.argv else ''}"
        os.execvpe(command.argv[0], command.argv, env)
    except OSError as error:
        _tell(told, error.errno or errno.EINVAL, step)
    except BaseException as error:
        _tell(told, errno.EINVAL, f"{step} ({error})")
    finally:
        os._exit(127)


def _take_terminal(terminal: int, told: int) -> None:
    os.login_tty(terminal)
    os.closerange(3, told)
    os.closerange(told + 1, 1 << 20)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(0o022)


def _drop_rights(command: StageCommand) -> None:
    if command.uid is not None and command.uid != os.geteuid():
        gid = command.uid if command.gid is None else command.gid
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(command.uid, command.uid, command.uid)
    # After the change of user, which clears it: a stage dies with its shim, rather than go on
    # with nobody to watch its lease.
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _tell(told: int, number: int, step: str) -> None:
    name = errno.errorcode.get(number, "EINVAL")
    os.write(told, f"{number} {name} {step}: {os.strerror(number)}".encode(errors="replace"))
