"""The hosts that git reaches by ssh, and with a project's key."""

import getpass
import os
import threading
from pathlib import Path

import pytest

from muster.worker.git import checkpoints, git, ssh
from muster.worker.git.remote import Login, Remote
from tests.muster.worker.git.pushes import publish
from tests.muster.worker.repositories import (
    AUTHOR,
    Machine,
    Repository,
    act,
    any_machine,
    machine,
    repository,
    root,
)
from tests.muster.worker.ssh_server import (
    HOST,
    SshServer,
    make_key,
    mirror_of,
    refusal,
    server,
)

__all__ = ["any_machine", "machine", "repository", "root", "server"]

ADDRESSES = [
    ("ssh://git@git.example/a.git", "git.example"),
    ("ssh://git.example:2222/a.git", "git.example"),
    ("SSH://git.example/a.git", "git.example"),
    ("ssh://git@[::1]/a", "::1"),
    ("ssh://[::1]:22/a", "::1"),
    ("ssh://git@git.example/%41@x:y", "git.example"),
    ("git@git.example:a/b.git", "git.example"),
    ("Git.Example:a", "git.example"),
    ("git@git.example:a@b:c", "git.example"),
]


def git_goes_to(tmp_path: Path, url: str) -> str:
    """Return the host, or `user@host`, that the real git passes to ssh."""
    arguments_file = tmp_path / "told"
    program = tmp_path / "ssh"
    program.write_text(f'#!/bin/sh\nfor word; do echo "$word"; done >{arguments_file}\nexit 1\n')
    program.chmod(0o755)
    env = {"GIT_ALLOW_PROTOCOL": "ssh", "GIT_SSH": str(program), "GIT_SSH_VARIANT": "ssh"}
    with pytest.raises(git.GitError):
        git.run_git(["ls-remote", "--end-of-options", url], tmp_path, env=env)
    return arguments_file.read_text().splitlines()[-2]


@pytest.mark.parametrize(("url", "host"), ADDRESSES)
def test_the_host_that_is_judged_is_where_git_goes(tmp_path: Path, url: str, host: str) -> None:
    assert ssh.parse_host(url) == host
    if not url.startswith("SSH"):  # git itself knows it in small letters alone
        assert git_goes_to(tmp_path, url).rpartition("@")[2].lower() == host


@pytest.mark.parametrize(
    "url",
    [
        "ssh://evil.example%2f@git.example/a",
        "ssh://git@git.example/a@[evil.example]/b",
        "ssh://git.example/a%40%5Bevil.example%5D/b",
        "git@git.example:a@[evil.example]:b",
    ],
)
def test_an_address_of_which_git_would_take_another_host_is_refused(
    tmp_path: Path, url: str
) -> None:
    assert "evil.example" in git_goes_to(tmp_path, url)
    with pytest.raises(git.GitError, match="isn't a repository URL"):
        Remote.parse(url)


@pytest.mark.parametrize(
    "url",
    ["ssh://-oProxyCommand=id/x", "-oProxyCommand=id:x", "git@-oProxyCommand=id:x", "ssh://host"],
)
def test_no_host_is_an_option(url: str) -> None:
    with pytest.raises(git.GitError, match="isn't a repository URL"):
        Remote.parse(url)


def test_a_repository_is_served_by_its_key_from_clone_to_forgetting(
    any_machine: Machine, repository: Repository, server: SshServer
) -> None:
    login = server.login
    made = any_machine.prepare(server.url(repository), login=login)
    act(made, "echo new > new")
    kept = checkpoints.push_checkpoint(made, 0, "develop", AUTHOR, login, note=any_machine.note)
    published = publish(made, 0, AUTHOR, login, note=any_machine.note)
    assert repository.refs()[kept.ref] == published.commit
    checkpoints.remove_workspace(made, login, note=any_machine.note)
    assert set(repository.refs()) == {"refs/heads/main", "refs/heads/muster/7-1"}
    assert server.logins >= 4


def test_an_address_as_scp_writes_it_takes_the_same_key(
    machine: Machine, repository: Repository, server: SshServer
) -> None:
    url = f"{getpass.getuser()}@{HOST}:{repository.path}"
    # It can name no port, so no server is contacted here.
    with Remote.parse(url, server.login).git_environment() as environment:
        assert " -i /proc/" in environment["GIT_SSH_COMMAND"]
        assert environment["GIT_ALLOW_PROTOCOL"] == "ssh"


def test_a_host_that_shows_another_key_is_refused(
    machine: Machine, repository: Repository, server: SshServer, root: Path
) -> None:
    make_key(root / "other")
    other = f"[{HOST}]:{server.port} {(root / 'other.pub').read_text()}"
    error = refusal(machine, server.url(repository), Login(None, server.key, other))
    assert error.code == "repository_unreachable"
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in error.message
    assert "Host key verification failed" in error.message
    assert server.logins == 0


@pytest.mark.parametrize("known_hosts", [None, "", "elsewhere.example ssh-ed25519 AAAA"])
def test_a_host_that_is_not_known_is_refused(
    machine: Machine, repository: Repository, server: SshServer, known_hosts: str | None
) -> None:
    error = refusal(machine, server.url(repository), Login(None, server.key, known_hosts))
    assert error.code == "repository_unreachable"
    assert "host key is known" in error.message
    assert server.logins == 0


def test_a_key_that_the_host_does_not_know_is_not_let_in(
    machine: Machine, repository: Repository, server: SshServer, root: Path
) -> None:
    wrong = Login(None, make_key(root / "wrong"), server.known_hosts)
    error = refusal(machine, server.url(repository), wrong)
    assert error.code == "repository_unreachable"
    assert "Permission denied (publickey)" in error.message


def test_the_key_lies_in_no_file_argument_or_environment_while_git_runs(
    machine: Machine, repository: Repository, server: SshServer
) -> None:
    mirror = mirror_of(machine, server.url(repository), server.login)
    commit = mirror.fetch("main")["refs/heads/main"]
    blocked_pushes = repository.block_pushes("refs/heads/pushed")
    push = threading.Thread(target=mirror.push, args=([f"{commit}:refs/heads/pushed"],))
    push.start()
    blocked_pushes.wait_for(1)
    secret = server.key.splitlines()[2].encode()
    seen = [path for path in machine.layout.home.rglob("*") if path.is_file()]
    seen += [*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ")]
    leaks = [path for path in seen if secret in _read(path)]
    blocked_pushes.release()
    push.join()
    assert leaks == []
    assert repository.refs()["refs/heads/pushed"] == commit
    assert not [link for link in _own_files() if "muster-ssh" in link]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a process that has exited, or is another user's
        return b""


def _own_files() -> list[str]:
    links = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except FileNotFoundError:  # the one of this listing
            continue
    return links


def test_where_own_keys_are_used_known_hosts_of_the_project_count_alone() -> None:
    with ssh.ssh_command(None, "git.example ssh-ed25519 AAAA") as command:
        assert "-oGlobalKnownHostsFile=/dev/null" in command
        assert "-oStrictHostKeyChecking=yes" in command
        assert " -F " not in command
    with ssh.ssh_command(None, None) as command:
        assert command == "ssh -oBatchMode=yes"
