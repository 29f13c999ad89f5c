"""Evidence bundles: a canonical zip file (`canonical_zip`) about one task, with a manifest that the
server has signed.

The manifest lists all other members except the signature, with sizes and SHA-256. The signature is
Ed25519 (RFC 8032) over the manifest's exact bytes. Each attempt's log has a hash chain: its first
link is the SHA-256 of the attempt's name, each further link the SHA-256 of the previous link and
the next 64 KiB of the log (at the end, the rest). The chain covers the bytes that exist; lost
ranges are listed next to it. So 64 KiB and two links prove that these bytes are from this log, and
where, without the rest.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

FORMAT = "muster-evidence-1"
MANIFEST, SIGNATURE = "manifest.json", "signature"
REQUIRED_MEMBERS = ("decisions.json", "events.jsonl", "task.json")
MEDIA_TYPE = "application/zip"
ALGORITHM = "Ed25519"
MAX_MANIFEST_BYTES = 32 << 20
MAX_SIGNATURE_BYTES = 1024
CHUNK_BYTES = 64 * 1024
_KEY_ID_DIGITS = 32


class _Canonical(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A structure with only one encoding."""


_Kind = TypeVar("_Kind", bound=_Canonical)


class File(_Canonical, frozen=True):
    path: str
    size: int
    sha256: str


class ChainEnd(_Canonical, frozen=True):
    """The end of the chain of an attempt's log, after that many `bytes`.

    `gaps` are the lost ranges [from, to), as offsets in the attempt's log. `is_expired`: retention
    deleted the log, and the bundle has only the chain.
    """

    attempt: int
    bytes: int
    gaps: list[tuple[int, int]]
    head: str
    is_expired: bool = msgspec.field(name="isTaken")


class Server(_Canonical, frozen=True):
    id: str
    url: str | None


class Manifest(_Canonical, frozen=True):
    """The signed list of a bundle's members.

    `made_at` is the time of the task's last event in the bundle (ISO 8601, UTC), so that the same
    state makes the same bundle.
    """

    format: str
    server: Server
    task_id: int
    status: str
    made_at: str
    files: list[File]
    chains: list[ChainEnd]


class Signature(_Canonical, frozen=True):
    """`key` is the ID of `public_key`, which is raw and in Base64, as is the signature."""

    algorithm: str
    key: str
    public_key: str
    signature: str


def encode_canonical(value: _Canonical) -> bytes:
    """Return the only encoding."""
    return msgspec.json.encode(value)


def parse_manifest(data: bytes) -> Manifest:
    """Parse a manifest. Raises ValueError if it's invalid or not canonical."""
    return _parse_canonical(data, Manifest)


def parse_signature(data: bytes) -> Signature:
    """Parse a signature. Raises ValueError if it's invalid or not canonical."""
    return _parse_canonical(data, Signature)


def _parse_canonical(data: bytes, kind: type[_Kind]) -> _Kind:
    value = msgspec.json.decode(data, type=kind)
    if encode_canonical(value) != data:
        raise ValueError("not in canonical form")
    return value


def signature_member(manifest: bytes, public_key: bytes, signature: bytes) -> bytes:
    """Return the member `signature`: the manifest's signature by the key pair of `public_key`."""
    texts = (base64.b64encode(data).decode() for data in (public_key, signature))
    return encode_canonical(Signature(ALGORITHM, key_id(public_key), *texts))


def key_id(public_key: bytes) -> str:
    """Return a key's ID, which derives from its public key."""
    return hashlib.sha256(public_key).hexdigest()[:_KEY_ID_DIGITS]


# ---- an attempt's members ------------------------------------------------------------------------


def log_name(attempt: int) -> str:
    return f"log-{attempt}.bin"


def chain_name(attempt: int) -> str:
    return f"log-{attempt}.chain.json"


class HashChain:
    """The hash chain of one attempt's log; feed it the log in chunks of any size."""

    def __init__(self, server_id: str, task_id: int, attempt: int) -> None:
        name = f"muster-log\n{server_id}\n{task_id}\n{attempt}\n"
        self.byte_count = 0
        self.head = hashlib.sha256(name.encode()).digest()
        self._next = hashlib.sha256(self.head)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the links that these bytes complete. Iterate to feed them."""
        rest = memoryview(data)
        while rest:
            part = rest[: CHUNK_BYTES - self.byte_count % CHUNK_BYTES]
            self._next.update(part)
            self.byte_count, rest = self.byte_count + len(part), rest[len(part) :]
            if self.byte_count % CHUNK_BYTES == 0:
                yield self._close_link()

    def finish(self) -> Iterator[bytes]:
        """Yield the last link if bytes are left for one."""
        if self.byte_count % CHUNK_BYTES:
            yield self._close_link()

    def _close_link(self) -> bytes:
        self.head = self._next.digest()
        self._next = hashlib.sha256(self.head)
        return self.head


def recording_name(attempt: int) -> str:
    return f"recording-{attempt}.cast"


def transcript_name(attempt: int) -> str:
    return f"transcript-{attempt}.jsonl"


def chain_file(
    task_id: int, attempt: int, gaps: Sequence[Sequence[int]], links: Iterable[bytes]
) -> Iterator[bytes]:
    """Yield the member `log-N.chain.json` in chunks: {task, attempt, chunkBytes, gaps, links}."""
    facts: dict[str, Any] = {"task": task_id, "attempt": attempt, "chunkBytes": CHUNK_BYTES}
    facts["gaps"] = [list(gap) for gap in gaps]
    yield json.dumps(facts, separators=(",", ":")).encode()[:-1] + b',"links":['
    comma = b""
    for link in links:
        yield comma + b'"' + link.hex().encode() + b'"'
        comma = b","
    yield b"]}"
