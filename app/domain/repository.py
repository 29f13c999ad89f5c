"""What a repository's URL says about whose means lead there. That it is one is the schemas' matter
(`api/schemas/repository`)."""

from urllib.parse import urlsplit


def is_ssh(url: str) -> bool:
    """Whether git goes by ssh: to an `ssh:` URL, and to `user@host:path`."""
    return url.lower().startswith("ssh:") or "://" not in url


def origin(url: str) -> tuple[str, str]:
    """The URL's scheme, and its host with user and port: whom a login for it is shown to."""
    if "://" not in url:
        return "ssh", url.partition(":")[0].lower()
    parts = urlsplit(url.lower())
    return parts.scheme, parts.netloc


def machine_credential_url(url: str, *, has_key: bool) -> str | None:
    """The URL, if what lets git in there is the machine's and not the project's: its disk, or ssh
    keys of its own. Else None."""
    is_machines = url.lower().startswith("file:") or (is_ssh(url) and not has_key)
    return url if is_machines else None
