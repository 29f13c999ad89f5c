"""A real sshd on loopback that accepts the key made for it."""

import getpass
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from muster.worker.git.mirrors import Mirror
from muster.worker.git.preparation import prepare_workspace
from muster.worker.git.remote import NO_LOGIN, Login, Remote
from muster.worker.git.workspace import WorkspaceError
from tests.muster.worker.repositories import Machine, Repository
from tests.needs import declare_needs
from tests.programs import find

HOST = "127.0.0.1"
SETTINGS = """
HostKey {directory}/host
AuthorizedKeysFile {directory}/user.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
LogLevel VERBOSE
"""


@dataclass
class SshServer:
    """`directory` has its key and the user's; `port` is its port."""

    directory: Path
    port: int
    guests: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The private key that it lets in."""
        return (self.directory / "user").read_text()

    @property
    def known_hosts(self) -> str:
        """The line that names its own key."""
        return f"[{HOST}]:{self.port} {(self.directory / 'host.pub').read_text()}"

    @property
    def login(self) -> Login:
        return Login(ssh_key=self.key, known_hosts=self.known_hosts)

    def url(self, repository: Repository) -> str:
        return f"ssh://{getpass.getuser()}@{HOST}:{self.port}{repository.path}"

    @property
    def logins(self) -> int:
        """Return the number of log-ins."""
        return (self.directory / "log").read_text().count("Accepted publickey")


def make_key(path: Path) -> str:
    """Create a private key at that path and return it; the public one is next to it."""
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(make, check=True)
    return path.read_text()


@contextmanager
def ssh_server(directory: Path) -> Iterator[SshServer]:
    """Serve all clients, each with its own sshd, until this is closed."""
    sshd = find("sshd")
    if os.geteuid() == 0:  # where Debian's own service would have made it
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    directory.mkdir()
    for name in ("host", "user"):
        make_key(directory / name)
    (directory / "settings").write_text(SETTINGS.format(directory=directory))
    (directory / "log").touch()
    with socket.create_server((HOST, 0)) as listener:
        server = SshServer(directory, listener.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(server, listener, sshd))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for guest in server.guests:
                guest.kill()
                guest.wait()


def _serve(server: SshServer, listener: socket.socket, sshd: str) -> None:
    command = [sshd, "-i", "-f", server.directory / "settings", "-E", server.directory / "log"]
    while True:
        try:
            guest, _ = listener.accept()
        except OSError:  # closed
            return
        with guest:
            server.guests.append(subprocess.Popen(command, stdin=guest, stdout=guest))


@pytest.fixture
@declare_needs("ssh", "sshd")
def server(root: Path) -> Iterator[SshServer]:
    with ssh_server(root / "sshd") as served:
        yield served


def mirror_of(machine: Machine, url: str, login: Login = NO_LOGIN) -> Mirror:
    return Mirror(machine.layout, Remote.parse(url, login))


def refusal(machine: Machine, url: str, login: Login) -> WorkspaceError:
    """Why the machine prepares nothing from there."""
    with pytest.raises(WorkspaceError) as refused:
        prepare_workspace(machine.request(url, login=login), machine.note, threading.Event())
    return refused.value
