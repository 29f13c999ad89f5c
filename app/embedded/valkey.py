"""Valkey on a loopback port, with its own password.

All files are in `<home>/valkey/`: the append-only file and `password`. TCP and not a unix socket,
because redis-py, Celery and the rate limiter parse one URL for it alike.
"""

import re
import secrets
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from app.embedded import accounts, binaries, handles, ports, processes
from app.embedded.errors import EmbeddedError
from app.embedded.handles import DirectoryHandle
from app.embedded.processes import Process, Program

READY_TIMEOUT_SECONDS = 120.0  # Valkey loads its data first
STOP_TIMEOUT_SECONDS = 30.0  # Valkey may have to write its data first
PORT_IN_USE = "Address already in use"
PASSWORD_FILE = "password"
PASSWORD_PATTERN = re.compile(
    r"[\w.~-]+", re.ASCII
)  # safe in a URL and in a line of the configuration
CONFIG = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
dir .
appendonly yes
appendfsync {fsync}
save ""
maxmemory-policy noeviction
daemonize no
always-show-logo no
"""


@dataclass
class Valkey:
    """A started server. A restart replaces `process` and keeps the address."""

    process: Process
    port: int
    password: str
    fsync: str
    can_change_port: bool

    @property
    def url(self) -> str:
        """The server's URL, in the form that redis-py, kombu and the rate limiter all accept."""
        return f"redis://:{self.password}@{ports.LOOPBACK}:{self.port}/0"

    def await_ready(self) -> None:
        """Wait until the server responds. Raises EmbeddedError on timeout."""
        processes.wait_until(self._has_settled, READY_TIMEOUT_SECONDS)
        self.can_change_port = False  # from now on other processes know the port
        if self._is_answering():
            return
        ended = self.process.poll() is not None
        self.process.stop()
        if PORT_IN_USE in self.process.output():
            raise EmbeddedError(
                f"port {self.port} is in use: stop the program that uses it, set "
                "MUSTER_VALKEY_PORT to another port, or unset it to let Muster choose"
            )
        what = "didn't start" if ended else f"wasn't ready after {READY_TIMEOUT_SECONDS:.0f} s"
        raise processes.process_error(self.process, what)

    def restart(self) -> None:
        """Stop the server if it runs, and start it again at the same address."""
        self.process.stop()
        self.process = processes.spawn(self.process.program)
        self.await_ready()

    def clean_up(self) -> None:
        """Do nothing: Valkey has nothing outside of its directory."""

    def _has_settled(self) -> bool:
        if self._is_answering():
            return True
        if self.process.poll() is None:
            return False
        if not self.can_change_port or PORT_IN_USE not in self.process.output():
            return True
        self._change_port()  # another process has taken the port since it was chosen
        return False

    def _change_port(self) -> None:
        self.port = ports.find_free_port()
        config = configuration(self.port, self.password, self.fsync)
        self.process = processes.spawn(replace(self.process.program, stdin=config))

    def _is_answering(self) -> bool:
        # Only our server knows the password, so another server on that port isn't mistaken for it.
        try:
            with socket.create_connection((ports.LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return _receive(connection, len(b"+OK\r\n+PONG\r\n")) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False


def launch(
    home: Path, log: Path, *, port: int | None, durable: bool, keep_open: tuple[int, ...]
) -> Valkey:
    """Start the server, on `port` or else on a free one. Doesn't wait until it is ready.

    The caller holds the home's lock. Raises EmbeddedError.
    """
    account = accounts.choose_account(home / "valkey")
    program = binaries.find(binaries.VALKEY, account, home)
    with (
        handles.open_directory(home) as top,
        top.private_directory("valkey", account) as directory,
    ):
        password = _load_password(directory)
    fsync = "everysec" if durable else "no"
    chosen = port or ports.find_free_port()
    # Started inside its directory, because its account may be unable to enter the parents.
    process = processes.spawn(
        Program(
            name="valkey",
            argv=[str(program), "-"],
            log=log,
            cwd=directory.path,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            account=account,
            stop_seconds=STOP_TIMEOUT_SECONDS,
            inherited_descriptors=keep_open,
            stdin=configuration(chosen, password, fsync),
        )
    )
    return Valkey(process, chosen, password, fsync, can_change_port=port is None)


def configuration(port: int, password: str, fsync: str) -> bytes:
    """Return the configuration for the server's stdin. As an argument `ps` would show the
    password.
    """
    text = CONFIG.format(host=ports.LOOPBACK, port=port, password=password, fsync=fsync)
    return text.encode()


def _load_password(directory: DirectoryHandle) -> str:
    """Return the stored password, created at the first start, so URLs stay the same except for the
    port.
    """
    kept = (directory.read(PASSWORD_FILE) or "").strip()
    if PASSWORD_PATTERN.fullmatch(kept):
        return kept
    password = secrets.token_urlsafe(32)
    directory.write(PASSWORD_FILE, password)
    return password


def _receive(connection: socket.socket, count: int) -> bytes:
    answer = b""
    while len(answer) < count:
        part = connection.recv(count - len(answer))
        if not part:
            break
        answer += part
    return answer
