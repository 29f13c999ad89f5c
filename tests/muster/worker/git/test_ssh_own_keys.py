"""When the machine's own keys, settings and agent are used, and when they are not."""

import dataclasses
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muster.worker.git.remote import NO_LOGIN, Remote
from muster.worker.git.ssh import SshRefused
from tests.muster.worker.repositories import Machine, Repository, machine, repository, root
from tests.muster.worker.ssh_server import HOST, SshServer, mirror_of, refusal, server
from tests.muster.worker.worker_home import SOURCES

__all__ = ["machine", "repository", "root", "server"]


@contextmanager
def agent(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A stand-in for the daemon's own agent."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.setblocking(False)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        yield listener


def test_with_a_key_nobody_asks_the_machines_agent(
    machine: Machine,
    repository: Repository,
    server: SshServer,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with agent(root / "agent", monkeypatch) as listener:
        mirror_of(machine, server.url(repository), server.login).fetch("main")
        with pytest.raises(BlockingIOError):
            listener.accept()
        with Remote.parse("https://host/x").git_environment() as environment:
            assert "SSH_AUTH_SOCK" not in environment


FETCH = """
import sys
from pathlib import Path
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import Login, Remote
from muster.worker.layout import Layout
home, host, url, *files = sys.argv[1:]
key, known_hosts = [Path(file).read_text() for file in files] or [None, None]
layout = Layout(Path(home), own_ssh_hosts=(host,))
Mirror(layout, Remote.parse(url, Login(None, key, known_hosts))).fetch("main")
"""


@dataclasses.dataclass(frozen=True)
class Planted:
    """A home of the daemon's user with ssh settings in it; `used` appears when they are read."""

    root: Path

    @property
    def used(self) -> Path:
        return self.root / "used"

    def fetch(self, *arguments: object) -> None:
        """Run FETCH, with this directory as the user's home in the system's accounts."""
        user = pwd.getpwuid(os.geteuid())
        fields = (user.pw_name, "x", 0, 0, "", self.root / "user", "/bin/sh")
        accounts = self.root / "accounts"
        accounts.write_text(":".join(map(str, fields)) + "\n")
        as_other = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        # In a user namespace the system's ssh settings belong to nobody, which ssh rejects.
        script = 'mount --bind "$0" /etc/passwd && mount -t tmpfs none /etc/ssh && exec "$@"'
        command = ["unshare", "--mount", *as_other, "sh", "-c", script, accounts]
        command += [sys.executable, "-c", FETCH, *arguments]
        done = subprocess.run(
            list(map(str, command)), cwd=SOURCES, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def planted(root: Path, server: SshServer) -> Planted:
    settings = root / "user" / ".ssh"
    settings.mkdir(parents=True)
    made = Planted(root)
    (settings / "config").write_text(
        f'Match exec "touch {made.used}"\nHost *\n  IdentityFile {server.directory}/user\n'
    )
    (settings / "known_hosts").write_text(server.known_hosts)
    for path in (settings / "config", settings / "known_hosts"):
        path.chmod(0o600)
    return made


def test_with_a_key_the_machines_own_settings_are_not_read(
    machine: Machine, repository: Repository, server: SshServer, planted: Planted
) -> None:
    (planted.root / "known").write_text(server.known_hosts)
    files = (server.directory / "user", planted.root / "known")
    planted.fetch(machine.layout.home, HOST, server.url(repository), *files)
    assert not planted.used.exists()


def test_where_it_is_allowed_the_machines_own_settings_and_keys_are_used(
    machine: Machine, repository: Repository, server: SshServer, planted: Planted
) -> None:
    planted.fetch(machine.layout.home, HOST, server.url(repository))
    assert planted.used.exists()
    assert server.logins == 1


def test_a_machine_uses_no_keys_of_its_own_unless_it_was_told_to(
    machine: Machine, repository: Repository, server: SshServer
) -> None:
    for hosts in ((), ("git.example",), (f"{HOST}.example",)):
        machine.layout = dataclasses.replace(machine.layout, own_ssh_hosts=hosts)
        error = refusal(machine, server.url(repository), NO_LOGIN)
        assert error.code == "repository_refused"
        assert "set the project's sshKey" in error.message
        assert f"`worker run --own-ssh-hosts {HOST}`" in error.message
    assert server.guests == []


def test_each_use_of_a_mirror_needs_the_right(machine: Machine, server: SshServer) -> None:
    mirror = mirror_of(machine, f"ssh://{HOST}:{server.port}/x")
    for use in (
        lambda: mirror.fetch("main"),
        lambda: mirror.push(["HEAD:refs/heads/x"]),
        mirror.remote_refs,
    ):
        with pytest.raises(SshRefused):
            use()
    assert server.guests == []
