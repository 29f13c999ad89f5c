"""A repository's remote, and how the daemon's git logs in there."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit, urlunsplit

from muster.protocol.frames import Repo
from muster.worker.git import git, local_repositories, ssh

SCHEMES = frozenset({"file", "git", "http", "https", "ssh"})

_NETWORK_VARIABLES = (
    *("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"),
    *("all_proxy", "https_proxy", "http_proxy", "no_proxy"),
    *("GIT_SSL_CAINFO", "SSL_CERT_DIR", "SSL_CERT_FILE"),
)
_CREDENTIAL_HELPER = (
    "!f() { printf 'username=%s\\npassword=%s\\n' "
    '"$MUSTER_GIT_USERNAME" "$MUSTER_GIT_PASSWORD"; }; f'
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_REMOTE_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
_MIN_SECRET_CHARS = 8
_UNSAFE_URL = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True)
class Login:
    """A project's login for its repository: a token over http, a key over ssh."""

    token: str | None = field(default=None, repr=False)
    ssh_key: str | None = field(default=None, repr=False)
    known_hosts: str | None = None

    @classmethod
    def from_repo(cls, repo: Repo) -> Self:
        return cls(repo.token, repo.ssh_key, repo.known_hosts)


NO_LOGIN = Login()


@dataclass(frozen=True)
class Remote:
    """A repository's remote, and its login.

    `url` has no credentials. git gets them from a credential helper for that one host, set by
    environment variables: not in an argument, not on disk, not after a redirect elsewhere.
    `ssh_key` and `known_hosts` are stored for ssh, and passed in files in memory.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    ssh_key: str | None = field(default=None, repr=False)
    known_hosts: str | None = None

    @classmethod
    def parse(cls, url: str, login: Login = NO_LOGIN) -> "Remote":
        """Return the remote of a URL; over http, log in with a token, or else with the URL's own
        login.

        Raises GitError for a URL that git must not get.
        """
        _require_safe_url(url)
        if is_ssh(url):
            return cls(url, ssh_key=login.ssh_key, known_hosts=login.known_hosts)
        token = login.token
        if any(ord(character) < 32 for character in token or ""):
            raise git.GitError("the Git token contains control characters")
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise git.GitError(f"{git.mask_secrets(url)!r} isn't a URL: {error}") from None
        if parts.scheme.lower() not in {"http", "https"}:
            return cls(url)
        user_part, _, host = parts.netloc.rpartition("@")
        username, _, password = (unquote(part) for part in user_part.partition(":"))
        clean = urlunsplit(parts._replace(netloc=host))
        return cls(clean, username or "x-access-token" if token else username, token or password)

    @property
    def secrets(self) -> tuple[str, ...]:
        # Line by line, as programs print them; a short last line reveals nothing.
        lines = [
            line for line in (self.ssh_key or "").splitlines() if len(line) >= _MIN_SECRET_CHARS
        ]
        return (self.password, *lines)

    @property
    def has_login(self) -> bool:
        return bool(self.username or self.password)

    @property
    def protocols(self) -> str:
        """The value of GIT_ALLOW_PROTOCOL: no redirect leads to another protocol."""
        if local_repositories.is_local(self.url):
            return "file"
        scheme = _SCHEME.match(self.url)
        name = scheme.group(1).lower() if scheme else "ssh"
        return "http:https" if name == "http" else name

    @contextmanager
    def git_environment(self) -> Iterator[dict[str, str]]:
        """Yield the variables for a git that contacts the remote, with the login if there is one.

        They are valid in this context. Raises GitError.
        """
        kept = {name: os.environ[name] for name in _NETWORK_VARIABLES if name in os.environ}
        login = {"MUSTER_GIT_USERNAME": self.username, "MUSTER_GIT_PASSWORD": self.password}
        if self.ssh_key is None and is_ssh(self.url) and "SSH_AUTH_SOCK" in os.environ:
            kept["SSH_AUTH_SOCK"] = os.environ["SSH_AUTH_SOCK"]
        with ssh.ssh_command(self.ssh_key, self.known_hosts) as command:
            yield {
                **kept,
                **(login if self.has_login else {}),
                "GIT_ALLOW_PROTOCOL": self.protocols,
                "GIT_SSH_COMMAND": command,
            }

    def git_settings(self) -> dict[str, str]:
        """Return git's settings that make it read the login from the environment, for this host
        only."""
        if not self.has_login:
            return {}
        parts = urlsplit(self.url)
        return {f"credential.{parts.scheme}://{parts.netloc}.helper": _CREDENTIAL_HELPER}


def is_ssh(url: str) -> bool:
    """Whether git uses ssh: for an `ssh://` URL, and for `user@host:path`."""
    scheme = _SCHEME.match(url)
    return scheme.group(1).lower() == "ssh" if scheme else not local_repositories.is_local(url)


def _require_safe_url(url: str) -> None:
    scheme = _SCHEME.match(url)
    known = scheme is None or scheme.group(1).lower() in SCHEMES
    if is_ssh(url):
        known = ssh.parse_host(url) is not None
    if not known or url.startswith("-") or _UNSAFE_URL.search(url) or _REMOTE_HELPER.match(url):
        raise git.GitError(f"{git.mask_secrets(url)!r} isn't a repository URL that Muster supports")
