"""What a bundle of evidence is: a canonical zip file (`canonical_zip`) about one task, whose
manifest the server has signed.

The manifest names all other members but the signature, with their sizes and SHA-256. The signature
is Ed25519 (RFC 8032) over the manifest's exact bytes. Each attempt's log has a chain of hashes: its
first link is the SHA-256 of the attempt's name, each further one the SHA-256 of the link before and
the next 64 KiB of the log (of what is left, at its end). It runs over the bytes that there are;
ranges that were lost are listed beside it. So who has some 64 KiB and two links can show that they
are of this log, and where, without the rest.
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
    """What has one spelling only."""


_Kind = TypeVar("_Kind", bound=_Canonical)


class File(_Canonical, frozen=True):
    path: str
    size: int
    sha256: str


class ChainEnd(_Canonical, frozen=True):
    """Where the chain of an attempt's log ends, after so many `bytes`. `gaps` are the offsets
    [from, to) in the attempt's log of what was lost. `is_expired`: the log was deleted when its
    time was over, and the bundle has the chain alone.
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
    """`made_at` is when the last thing happened to the task that the bundle knows of, in ISO 8601,
    UTC: the same state makes the same bundle.
    """

    format: str
    server: Server
    task_id: int
    status: str
    made_at: str
    files: list[File]
    chains: list[ChainEnd]


class Signature(_Canonical, frozen=True):
    """`key` is the id of the key that follows, raw and in Base64, as the signature is."""

    algorithm: str
    key: str
    public_key: str
    signature: str


def encode_canonical(value: _Canonical) -> bytes:
    """Its one spelling."""
    return msgspec.json.encode(value)


def parse_manifest(data: bytes) -> Manifest:
    """The manifest that these bytes are. Raises ValueError where they are none, or misspelled."""
    return _parse_canonical(data, Manifest)


def parse_signature(data: bytes) -> Signature:
    """Likewise the signature."""
    return _parse_canonical(data, Signature)


def _parse_canonical(data: bytes, kind: type[_Kind]) -> _Kind:
    value = msgspec.json.decode(data, type=kind)
    if encode_canonical(value) != data:
        raise ValueError("it is not spelled as it has to be")
    return value


def signature_member(manifest: bytes, public_key: bytes, signature: bytes) -> bytes:
    """The member `signature`: the manifest's signature by the key with that public half."""
    texts = (base64.b64encode(data).decode() for data in (public_key, signature))
    return encode_canonical(Signature(ALGORITHM, key_id(public_key), *texts))


def key_id(public_key: bytes) -> str:
    """What the key is called: it follows from its public half."""
    return hashlib.sha256(public_key).hexdigest()[:_KEY_ID_DIGITS]


# ---- an attempt's members ------------------------------------------------------------------------


def log_name(attempt: int) -> str:
    return f"log-{attempt}.bin"


def chain_name(attempt: int) -> str:
    return f"log-{attempt}.chain.json"


class HashChain:
    """The chain of one attempt's log, to which the log is fed in pieces of any size."""

    def __init__(self, server_id: str, task_id: int, attempt: int) -> None:
        name = f"muster-log\n{server_id}\n{task_id}\n{attempt}\n"
        self.byte_count = 0
        self.head = hashlib.sha256(name.encode()).digest()
        self._next = hashlib.sha256(self.head)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The links that these bytes complete; they are fed as somebody goes through the links."""
        rest = memoryview(data)
        while rest:
            part = rest[: CHUNK_BYTES - self.byte_count % CHUNK_BYTES]
            self._next.update(part)
            self.byte_count, rest = self.byte_count + len(part), rest[len(part) :]
            if self.byte_count % CHUNK_BYTES == 0:
                yield self._close_link()

    def finish(self) -> Iterator[bytes]:
        """The last link, if bytes are left for one."""
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
    """The member `log-N.chain.json`, in pieces: {task, attempt, chunkBytes, gaps, links}."""
    facts: dict[str, Any] = {"task": task_id, "attempt": attempt, "chunkBytes": CHUNK_BYTES}
    facts["gaps"] = [list(gap) for gap in gaps]
    yield json.dumps(facts, separators=(",", ":")).encode()[:-1] + b',"links":['
    comma = b""
    for link in links:
        yield comma + b'"' + link.hex().encode() + b'"'
        comma = b","
    yield b"]}"
