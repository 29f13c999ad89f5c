"""Where a repository lives, and how the daemon's git logs in there."""

import os
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from muster.worker.git import git, local_repositories

SCHEMES = frozenset({"file", "git", "http", "https", "ssh"})

_NETWORK = (
    *("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"),
    *("all_proxy", "https_proxy", "http_proxy", "no_proxy"),
    *("GIT_SSL_CAINFO", "SSL_CERT_DIR", "SSL_CERT_FILE", "SSH_AUTH_SOCK"),
)
_LOGIN = (
    "!f() { printf 'username=%s\\npassword=%s\\n' "
    '"$MUSTER_GIT_USERNAME" "$MUSTER_GIT_PASSWORD"; }; f'
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_REMOTE_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
_SCP = re.compile(r"[^/:]+:")
_UNSAFE_URL = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True)
class Remote:
    """Where a repository lives, and how to log in there.

    `url` carries no credentials. They reach git as a credential helper for that one host, set by
    environment variables: not in an argument, not on the disk, not after a redirect elsewhere.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str, token: str | None = None) -> "Remote":
        """The remote of a URL; a token, or else the URL's own login, is how to log in there.

        Raises GitError for a URL that git must not be given.
        """
        _require_safe_url(url)
        if any(ord(character) < 32 for character in token or ""):
            raise git.GitError("the git token contains control characters")
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise git.GitError(f"{git.mask(url)!r} is not a URL: {error}") from None
        if parts.scheme.lower() not in {"http", "https"}:
            return cls(url)
        login, _, host = parts.netloc.rpartition("@")
        username, _, password = (unquote(part) for part in login.partition(":"))
        clean = urlunsplit(parts._replace(netloc=host))
        return cls(clean, username or "x-access-token" if token else username, token or password)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.password,)

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

    def environment(self) -> dict[str, str]:
        """The variables of a git that goes to the remote, with the login where there is one."""
        kept = {name: os.environ[name] for name in _NETWORK if name in os.environ}
        login = {"MUSTER_GIT_USERNAME": self.username, "MUSTER_GIT_PASSWORD": self.password}
        return {
            **kept,
            **(login if self.has_login else {}),
            "GIT_ALLOW_PROTOCOL": self.protocols,
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        }

    def settings(self) -> dict[str, str]:
        """git's settings that make it read the login from the environment, for this host alone."""
        if not self.has_login:
            return {}
        parts = urlsplit(self.url)
        return {f"credential.{parts.scheme}://{parts.netloc}.helper": _LOGIN}


def _require_safe_url(url: str) -> None:
    scheme = _SCHEME.match(url)
    known = scheme.group(1).lower() in SCHEMES if scheme else _SCP.match(url) or url[:1] == "/"
    if not known or url.startswith("-") or _UNSAFE_URL.search(url) or _REMOTE_HELPER.match(url):
        raise git.GitError(f"{git.mask(url)!r} is not a repository URL that Muster uses")
