"""The keys of an SSH host, as a machine fetched them, for a person to compare and accept."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from app.domain import repository

MAX_KEYS = 10
_LINE = re.compile(
    r"\S+ (?P<type>ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) "
    r"(?P<key>[A-Za-z0-9+/]+={0,2})"
)
_SSH_PORT = 22


class HostKey(NamedTuple):
    """A host's key. `line` is its line of a `known_hosts` file."""

    type: str
    fingerprint: str
    line: str


def read_host_keys(url: str, lines: Iterable[str]) -> list[HostKey]:
    """Return the keys in a machine's lines, all for the URL's own host, whatever host they name.
    Other lines are ignored.
    """
    return list(_read_keys(_known_hosts_name(url), lines))[:MAX_KEYS]


def _read_keys(name: str, lines: Iterable[str]) -> Iterator[HostKey]:
    for found in filter(None, map(_LINE.fullmatch, lines)):
        kind = found["type"].encode()
        try:
            blob = b64decode(found["key"])
        except Error:
            continue
        if blob.startswith(len(kind).to_bytes(4) + kind):
            digest = b64encode(sha256(blob).digest()).decode().rstrip("=")
            line = f"{name} {found['type']} {found['key']}"
            yield HostKey(found["type"], f"SHA256:{digest}", line)


def _known_hosts_name(url: str) -> str:
    host = repository.host(url)
    port = (urlsplit(url).port if "://" in url else None) or _SSH_PORT
    return host if port == _SSH_PORT else f"[{host}]:{port}"
