"""What a repository URL reveals about the credentials it uses.

`api/schemas/repository` validates URLs.
"""

from urllib.parse import urlsplit


def is_ssh(url: str) -> bool:
    """Whether git uses ssh: for an `ssh:` URL, and for `user@host:path`."""
    return url.lower().startswith("ssh:") or "://" not in url


def origin(url: str) -> tuple[str, str]:
    """Return the URL's scheme and host with user and port: where its login is sent."""
    if "://" not in url:
        return "ssh", url.partition(":")[0].lower()
    parts = urlsplit(url.lower())
    return parts.scheme, parts.netloc


def host(url: str) -> str:
    """Return the name of the URL's host; "" for a folder."""
    if "://" not in url:
        return url.partition(":")[0].rpartition("@")[2].lower()
    return urlsplit(url).hostname or ""


_FORGES = {"github": "github", "gitlab": "gitlab", "gitea": "gitea", "forgejo": "gitea"}
_KNOWN_HOSTS = {"codeberg.org": "gitea"}


def forge(url: str) -> str:
    """Return `github`, `gitlab` or `gitea` for a host with such a name; "" for any other."""
    name = host(url)
    found = (kind for label, kind in _FORGES.items() if label in name.split("."))
    return _KNOWN_HOSTS.get(name) or next(found, "")


def machine_credential_url(url: str, *, has_key: bool) -> str | None:
    """Return the URL if access depends on the machine, not the project: its disk, or its own ssh
    keys.

    Otherwise None.
    """
    is_machines = url.lower().startswith("file:") or (is_ssh(url) and not has_key)
    return url if is_machines else None
