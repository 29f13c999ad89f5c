"""Bundles of evidence made without a server, whole or spoiled, and what `verify` says of them."""

import base64
import hashlib
import io
import json
import zlib
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muster import verify
from muster.protocol import canonical_zip, evidence
from muster.protocol.canonical_zip import Member, NotCanonical
from muster.protocol.evidence import ChainEnd, File, Manifest, Server
from muster.verify import InvalidBundle, PublicKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SERVER = "a1b2c3d4e5f60718"
MADE_AT = "2030-01-31T12:00:00.000Z"


def key_of(private: Ed25519PrivateKey, retired_at: str | None = None) -> PublicKey:
    public = private.public_key().public_bytes_raw()
    text = base64.b64encode(public).decode()
    return PublicKey(evidence.key_id(public), evidence.ALGORITHM, text, retired_at)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """The canonical zip file of these members, in the order in which they come."""
    found = [(Member(name, len(data), zlib.crc32(data)), data) for name, data in members.items()]
    body = b"".join(canonical_zip.local_header(member) + data for member, data in found)
    return body + b"".join(canonical_zip.central_directory([member for member, _ in found]))


def files(task_id: int = 7, log: bytes = b"a line\r\n") -> dict[str, bytes]:
    """What a bundle of a task with one attempt has beside manifest and signature."""
    chain = evidence.HashChain(SERVER, task_id, 1)
    links = [*chain.feed(log), *chain.finish()]
    return {
        "decisions.json": b"[]\n",
        "events.jsonl": b'{"number":1}\n',
        "log-1.bin": log,
        "log-1.chain.json": b"".join(evidence.chain_file(task_id, 1, [], links)),
        "task.json": json.dumps({"id": task_id}).encode(),
        "transcript-1.jsonl": b"",
    }


def manifest_of(members: Mapping[str, bytes], task_id: int = 7) -> Manifest:
    chain = evidence.HashChain(SERVER, task_id, 1)
    log = members.get("log-1.bin", b"")
    _ = [*chain.feed(log), *chain.finish()]
    listed = [
        File(path, len(data), hashlib.sha256(data).hexdigest())
        for path, data in sorted(members.items())
    ]
    end = ChainEnd(1, chain.byte_count, [], chain.head.hex(), "log-1.bin" not in members)
    server = Server(SERVER, "https://muster.example")
    return Manifest(evidence.FORMAT, server, task_id, "completed", MADE_AT, listed, [end])


def bundle(
    members: Mapping[str, bytes] | None = None,
    *,
    manifest: Manifest | None = None,
    key: Ed25519PrivateKey = KEY,
    task_id: int = 7,
) -> bytes:
    """A bundle of these files, signed by the key."""
    members = files(task_id) if members is None else members
    manifest_bytes = evidence.encode_canonical(manifest or manifest_of(members, task_id))
    public = key.public_key().public_bytes_raw()
    signature = evidence.signature_member(manifest_bytes, public, key.sign(manifest_bytes))
    return zipped(
        dict(sorted({**members, "manifest.json": manifest_bytes, "signature": signature}.items()))
    )


def refusal(data: bytes, *keys: PublicKey) -> str | None:
    """Why the file is refused; None: it is genuine."""
    try:
        verify.verify(io.BytesIO(data), keys or [key_of(KEY)])
    except (InvalidBundle, NotCanonical) as error:
        return str(error)
    return None


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
