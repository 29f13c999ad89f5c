"""PostgreSQL on a unix socket that only its own user can reach.

All files are in `<home>/postgres/`: `data/` and, if its path is short enough, `socket/`.
"""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.embedded import accounts, binaries, directories, handles, processes, roles
from app.embedded.accounts import Account
from app.embedded.cluster import Cluster, pid_lines
from app.embedded.handles import DirectoryHandle
from app.embedded.processes import Process

SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path, less its closing zero
READY_TIMEOUT_SECONDS = 120.0  # after a crash PostgreSQL replays its log first
STILL_IN_USE = "is still in use"

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
    "jit": "off",  # our statements are short, so compiling costs more than it saves
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # psycopg2 writes values into its statements, including encrypted secrets and password hashes:
    # log no statements and no rows from errors.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# With these, commits survive a killed server (they are written before the response), but not a
# power failure of the machine.
NON_DURABLE_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """A started server. A restart replaces `process`."""

    process: Process
    data: DirectoryHandle
    socket: Path

    @property
    def url(self) -> str:
        """The URL of the database, for SQLAlchemy with psycopg2."""
        return f"postgresql+psycopg2://{roles.APP}@/{roles.APP}?host={quote(str(self.socket))}"

    def await_ready(self) -> None:
        """Wait until the server accepts connections. Raises EmbeddedError on timeout."""
        processes.wait_until(self._has_settled, READY_TIMEOUT_SECONDS)
        if self._is_ready():
            return
        ended = self.process.poll() is not None
        self.process.stop()
        what = "didn't start" if ended else f"wasn't ready after {READY_TIMEOUT_SECONDS:.0f} s"
        raise processes.process_error(self.process, what)

    def restart(self) -> None:
        """Stop the server if it runs, and start it again at the same address."""
        self.process.stop()
        self._spawn()
        self.await_ready()

    def clean_up(self) -> None:
        """After the server has exited: close and remove what it had outside of its data
        directory.
        """
        self.data.close()
        # Not empty: the file in it belongs to another user.
        with contextlib.suppress(OSError), handles.open_directory(self.socket.parent) as above:
            above.remove_directory(self.socket.name)

    def _spawn(self) -> None:
        self.process = processes.spawn(self.process.program)

    def _has_settled(self) -> bool:
        if self._is_ready():
            return True
        if self.process.poll() is None:
            return False
        if STILL_IN_USE not in self.process.output():
            return True
        self._spawn()  # the sessions of a killed server need a moment to notice
        return False

    def _is_ready(self) -> bool:
        # A stale file has "ready" too, so check the pid in the first line.
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
    """Start the server on its data, created if needed. Doesn't wait until it is ready.

    It lets us, root and `guest` log in.

    The caller holds the home's lock. Raises EmbeddedError.
    """
    account = accounts.choose_account(home / "postgres")
    postgres = binaries.find(binaries.POSTGRES, account, home)
    with (
        handles.open_directory(home) as within,
        within.private_directory("postgres", account, guest) as top,
    ):
        cluster = Cluster(top, postgres, account, log, durable, keep_open, guest)
        data = cluster.prepare()
        try:
            socket = socket_directory(home, top, account, guest)
            path, descriptors = directories.path_for(data, account)
            argv = [str(postgres), "-D", str(path), *settings(socket, durable=durable)]
            if guest is not None:  # the socket's directory and the roles' map control access
                argv += ["-c", "unix_socket_permissions=0777"]
            process = processes.spawn(cluster.program("postgres", argv, descriptors))
        except BaseException:
            data.close()
            raise
    return Postgres(process, data, socket)


def settings(socket: Path, *, durable: bool) -> list[str]:
    """Return the settings as arguments: passed at each start, so that a Muster upgrade can change
    them.
    """
    chosen = SETTINGS | {"unix_socket_directories": str(socket)}
    if not durable:
        chosen |= NON_DURABLE_SETTINGS
    return [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]


def socket_directory(
    home: Path, top: DirectoryHandle, account: Account | None, guest: Account | None = None
) -> Path:
    """Return a private directory for the socket, without the socket of an earlier server.

    It is in `top`, if the path is short enough for a socket's address and `account` can enter the
    home; else in a temporary directory, under a name derived from the home's path.
    """
    within = top.path / "socket"
    length = len(os.fsencode(within / SOCKET))
    # A comma separates directories in this setting.
    if length > SOCKET_PATH_BYTES or "," in str(within) or not directories.can_enter(home, account):
        name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        with handles.open_directory(directories.shared_temporary(account).resolve()) as temporary:
            return _prepare_socket_directory(
                temporary, f"muster-{os.geteuid()}-{name}", account, guest
            )
    return _prepare_socket_directory(top, within.name, account, guest)


def _prepare_socket_directory(
    above: DirectoryHandle, name: str, account: Account | None, guest: Account | None
) -> Path:
    with above.private_directory(name, account, guest) as directory:
        for stale in directory.names():
            if stale.startswith(SOCKET):
                directory.remove(stale)
    return directory.path
