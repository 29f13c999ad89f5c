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


def machine_credential_url(url: str, *, has_key: bool) -> str | None:
    """Return the URL if access depends on the machine, not the project: its disk, or its own ssh
    keys.

    Otherwise None.
    """
    is_machines = url.lower().startswith("file:") or (is_ssh(url) and not has_key)
    return url if is_machines else None
