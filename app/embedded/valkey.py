"""Valkey on a loopback port, behind a password of its own.

Everything lies in `<home>/valkey/`: the append-only file and `password`.
TCP and not a unix socket, because redis-py, Celery and the rate limiter read one URL for it alike.
"""

import os
import secrets
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from app.embedded import accounts, binaries, directories, ports, processes
from app.embedded.accounts import Account
from app.embedded.errors import EmbeddedError
from app.embedded.processes import Process, Program

READY_SECONDS = 120.0  # it loads its data first
STOP_SECONDS = 30.0  # it may have to write out what it holds
TAKEN = "Address already in use"
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
    """A started server. `process` is another one after a restart; the address then stays."""

    process: Process
    port: int
    password: str
    fsync: str
    may_move: bool

    @property
    def url(self) -> str:
        """One form that redis-py, kombu and the rate limiter understand."""
        return f"redis://:{self.password}@{ports.LOOPBACK}:{self.port}/0"

    def await_ready(self) -> None:
        """Return when it answers; raises EmbeddedError when it does not get there."""
        processes.until(self._has_settled, READY_SECONDS)
        self.may_move = False  # from now on others know the address
        if self._answers():
            return
        ended = self.process.poll() is not None
        self.process.stop()
        if TAKEN in self.process.output():
            raise EmbeddedError(
                f"port {self.port} is taken: stop what uses it, set MUSTER_VALKEY_PORT to another "
                "port, or unset it to let Muster choose"
            )
        what = "did not start" if ended else f"was not ready after {READY_SECONDS:.0f} s"
        raise processes.failure(self.process, what)

    def restart(self) -> None:
        """Stop it if it runs, and start it again at the same address."""
        self.process.stop()
        self.process = processes.spawn(self.process.program)
        self.await_ready()

    def clean(self) -> None:
        """It holds nothing outside of its directory."""

    def _has_settled(self) -> bool:
        if self._answers():
            return True
        if self.process.poll() is None:
            return False
        if not self.may_move or TAKEN not in self.process.output():
            return True
        self._move()  # somebody took the port between our look and its start
        return False

    def _move(self) -> None:
        self.port = ports.free()
        config = configuration(self.port, self.password, self.fsync)
        self.process = processes.spawn(replace(self.process.program, stdin=config))

    def _answers(self) -> bool:
        # Only ours knows the password, so a stranger on that port does not pass for it.
        try:
            with socket.create_connection((ports.LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return _received(connection, len(b"+OK\r\n+PONG\r\n")) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False


def launch(
    home: Path, log: Path, *, port: int | None, durable: bool, keep_open: tuple[int, ...]
) -> Valkey:
    """Start the server, on `port` or else on a free one. Does not wait until it is ready.

    The caller holds the home's lock. Raises EmbeddedError.
    """
    account = accounts.choose(home / "valkey")
    program = binaries.find(binaries.VALKEY, account, home)
    directory = directories.private_directory(home / "valkey", account)
    password = _password(directory / "password", account)
    fsync = "everysec" if durable else "no"
    chosen = port or ports.free()
    # Started inside its directory, whose parents it may not be able to pass.
    process = processes.spawn(
        Program(
            name="valkey",
            argv=[str(program), "-"],
            log=log,
            cwd=directory,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            account=account,
            stop_seconds=STOP_SECONDS,
            keep_open=keep_open,
            stdin=configuration(chosen, password, fsync),
        )
    )
    return Valkey(process, chosen, password, fsync, may_move=port is None)


def configuration(port: int, password: str, fsync: str) -> bytes:
    """Fed through a pipe: in an argument `ps` would show the password to everyone."""
    text = CONFIG.format(host=ports.LOOPBACK, port=port, password=password, fsync=fsync)
    return text.encode()


def _password(path: Path, account: Account | None) -> str:
    """Kept, so that a URL with it only changes its port from one start to the next."""
    kept = path.read_text().strip() if path.exists() else ""
    if kept:
        return kept
    password = secrets.token_urlsafe(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(password)
    directories.own(path, account)
    return password


def _received(connection: socket.socket, count: int) -> bytes:
    answer = b""
    while len(answer) < count:
        part = connection.recv(count - len(answer))
        if not part:
            break
        answer += part
    return answer
