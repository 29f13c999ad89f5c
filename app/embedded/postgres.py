"""PostgreSQL on a unix socket that only its own user can enter.

Everything lies in `<home>/postgres/`: `data/` and, if its path is short enough, `socket/`.
"""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.embedded import accounts, binaries, directories, processes
from app.embedded.accounts import Account
from app.embedded.cluster import NAME, Cluster, pid_lines
from app.embedded.processes import Process

SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path, less its closing zero
READY_SECONDS = 120.0  # after a crash PostgreSQL replays its log first
STILL_ENDING = "is still in use"

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "512MB",
    "max_wal_size": "1GB",
    "huge_pages": "off",
    "jit": "off",  # our statements are short: compiling costs more than it saves
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # psycopg2 writes values into its statements, sealed secrets and hashes of passwords among them:
    # no statement is logged, and no row that an error is about.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# With these, commits survive a killed server (they are written before they are answered), but not a
# machine that loses its power.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """A started server. A restart replaces `process`."""

    process: Process
    data: Path
    socket: Path
    descriptors: tuple[int, ...]

    @property
    def url(self) -> str:
        """The URL of the database, for SQLAlchemy with psycopg2."""
        return f"postgresql+psycopg2://{NAME}@/{NAME}?host={quote(str(self.socket))}"

    def await_ready(self) -> None:
        """Wait until the server takes connections. Raises EmbeddedError when it does not."""
        processes.until(self._has_settled, READY_SECONDS)
        if self._is_ready():
            return
        ended = self.process.poll() is not None
        self.process.stop()
        what = "did not start" if ended else f"was not ready after {READY_SECONDS:.0f} s"
        raise processes.failure(self.process, what)

    def restart(self) -> None:
        """Stop the server if it runs, and start it again at the same address."""
        self.process.stop()
        self._spawn()
        self.await_ready()

    def clean(self) -> None:
        """Close and remove what the server, which has ended, held outside of its data directory."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = ()
        with contextlib.suppress(OSError):  # not empty: the file in it is somebody else's
            self.socket.rmdir()

    def _spawn(self) -> None:
        self.process = processes.spawn(self.process.program)

    def _has_settled(self) -> bool:
        if self._is_ready():
            return True
        if self.process.poll() is None:
            return False
        if STILL_ENDING not in self.process.output():
            return True
        self._spawn()  # the sessions of a killed server need a moment to notice
        return False

    def _is_ready(self) -> bool:
        # A stale file has "ready" too, hence the check of the pid in the first line.
        lines = pid_lines(self.data)
        return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7] == "ready"


def launch(
    home: Path,
    log: Path,
    *,
    durable: bool,
    keep_open: tuple[int, ...],
    guest: Account | None = None,
) -> Postgres:
    """Start the server on its data, made first if there is none. Does not wait until it is ready.

    Beside ourselves and root it lets `guest` in.

    The caller holds the home's lock. Raises EmbeddedError.
    """
    account = accounts.choose(home / "postgres")
    postgres = binaries.find(binaries.POSTGRES, account, home)
    top = directories.private_directory(home / "postgres", account, guest)
    cluster = Cluster(top / "data", postgres, account, log, durable, keep_open, guest)
    cluster.prepare()
    socket = socket_directory(home, account, guest)
    path, descriptors = directories.open_for(cluster.data, account)
    argv = [str(postgres), "-D", str(path), *settings(socket, durable=durable)]
    if guest is not None:  # the socket's directory and `admit` say who may
        argv += ["-c", "unix_socket_permissions=0777"]
    process = processes.spawn(cluster.program("postgres", argv, descriptors))
    return Postgres(process, cluster.data, socket, descriptors)


def settings(socket: Path, *, durable: bool) -> list[str]:
    """The settings as arguments: given at each start, so that an upgrade of Muster can change
    them.
    """
    chosen = SETTINGS | {"unix_socket_directories": str(socket)}
    if not durable:
        chosen |= NOT_DURABLE
    return [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]


def socket_directory(home: Path, account: Account | None, guest: Account | None = None) -> Path:
    """A private directory for the socket, without the socket of an earlier server.

    It is in the home, if the path is short enough for a socket's address and `account` can enter
    it; else in a temporary directory, under a name made from the home's path.
    """
    within = home / "postgres" / "socket"
    length = len(os.fsencode(within / SOCKET))
    # A comma separates directories in this setting.
    if length > SOCKET_PATH_BYTES or "," in str(within) or not directories.can_enter(home, account):
        name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        within = directories.shared_temporary(account) / f"muster-{os.geteuid()}-{name}"
    directory = directories.private_directory(within, account, guest)
    for stale in directory.glob(f"{SOCKET}*"):
        stale.unlink()
    return directory
