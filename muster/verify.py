"""`python -m muster verify`: verify an evidence bundle without a server.

`muster.protocol.evidence` defines a bundle. Nothing in the file is trusted before it's checked
against the signature. The file is read in chunks, however large it is.
"""

import base64
import hashlib
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from muster.arguments import Parser
from muster.protocol import canonical_zip, evidence
from muster.protocol.canonical_zip import CHUNK_BYTES, Member, NotCanonical
from muster.protocol.evidence import ChainEnd, Manifest

_MAX_KEYS_BYTES = 1 << 20
_CRYPTOGRAPHY_MISSING = "this needs the cryptography package: pip install cryptography"


class InvalidBundle(Exception):
    """The bundle isn't what its server made, or can't be checked. The message is the reason."""


class PublicKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key from /.well-known/muster-evidence.json."""

    id: str
    algorithm: str
    public_key: str
    retired_at: str | None = None


class _Keys(msgspec.Struct, frozen=True):
    keys: list[PublicKey]


@dataclass
class _Contents:
    """A file's contents: its members' sizes and SHA-256, and the offsets of those to read again."""

    digests: dict[str, evidence.File]
    offsets: dict[str, int]
    manifest: bytes
    signature: bytes


def main(arguments: Sequence[str], name: str = "muster") -> int:
    """Return the exit status: 0 genuine, 1 not genuine or not checkable, 2 usage error."""
    parser = Parser(
        f"{name} verify",
        description="Verify an evidence bundle without a server.",
        examples=(f"{name} verify --key muster-evidence.json task-7.evidence.zip",),
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="The evidence bundle.")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="KEY.json",
        help="The server's keys, saved from its /.well-known/muster-evidence.json; without them, "
        "the signer is unknown.",
    )
    try:
        options = parser.parse_args(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    try:
        keys = None if options.key is None else _read_keys(options.key)
        with options.file.open("rb") as file:
            if not stat.S_ISREG(options.file.stat().st_mode):
                raise InvalidBundle("not a regular file")
            lines = verify(file, keys)
    except (InvalidBundle, NotCanonical) as refusal:
        sys.stdout.write(f"REFUSED: {refusal}\n")
        return 1
    except OSError as error:
        sys.stdout.write(f"REFUSED: {error.filename or options.file}: {error.strerror}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def verify(file: BinaryIO, keys: Sequence[PublicKey] | None) -> list[str]:
    """Return the lines that describe a genuine bundle. `keys` are its server's; None if unknown.

    Raises InvalidBundle, NotCanonical.
    """
    contents = _read_bundle(file)
    try:
        manifest = evidence.parse_manifest(contents.manifest)
    except (ValueError, RecursionError) as error:
        raise InvalidBundle(f"can't read the manifest: {error}") from error
    if manifest.format != evidence.FORMAT:
        raise InvalidBundle(f"unknown format {manifest.format!r}, expected {evidence.FORMAT!r}")
    signer = _check_signature(contents)
    _check_digests(contents, manifest)
    for chain in manifest.chains:
        _check_chain(file, contents, manifest, chain)
    whose = _describe_signer(signer, keys, manifest)
    return [*_summary(manifest), whose]


def _read_keys(path: Path) -> list[PublicKey]:
    with path.open("rb") as file:
        data = file.read(_MAX_KEYS_BYTES)
    try:
        return msgspec.json.decode(data, type=_Keys).keys
    except (ValueError, RecursionError) as error:
        raise InvalidBundle(f"{path} isn't a server's key file: {error}") from error


# ---- the file ------------------------------------------------------------------------------------


def _read_bundle(file: BinaryIO) -> _Contents:
    """Read the whole file once, checking that each byte is where a canonical zip file has it."""
    found = _Contents({}, {}, b"", b"")
    for member, pieces in canonical_zip.read_members(file):
        if member.name == evidence.MANIFEST:
            found.manifest = _read_small(member, pieces, evidence.MAX_MANIFEST_BYTES)
        elif member.name == evidence.SIGNATURE:
            found.signature = _read_small(member, pieces, evidence.MAX_SIGNATURE_BYTES)
        else:
            found.offsets[member.name] = file.tell()
            digest = hashlib.sha256()
            for piece in pieces:
                digest.update(piece)
            entry = evidence.File(member.name, member.size, digest.hexdigest())
            found.digests[member.name] = entry
    return found


def _read_small(member: Member, pieces: Iterable[bytes], most: int) -> bytes:
    if member.size > most:
        raise InvalidBundle(f"{member.name} exceeds {most:,} bytes")
    return b"".join(pieces)


def _check_digests(contents: _Contents, manifest: Manifest) -> None:
    """Check the members against the manifest, whose signature is already verified."""
    named = {file.path: file for file in manifest.files}
    if list(named) != sorted(named) or len(named) != len(manifest.files):
        raise InvalidBundle("the manifest's files aren't sorted and unique")
    for path in sorted({*named, *contents.digests, *evidence.REQUIRED_MEMBERS}):
        if path not in contents.digests:
            raise InvalidBundle(f"{path} is missing")
        if path not in named:
            raise InvalidBundle(f"{path} isn't in the manifest")
        if contents.digests[path] != named[path]:
            raise InvalidBundle(f"{path} doesn't match the signed manifest")


# ---- the signature -------------------------------------------------------------------------------


def _check_signature(contents: _Contents) -> evidence.Signature:
    """Return the bundle's signature, after verifying it with the public key next to it."""
    try:
        signature = evidence.parse_signature(contents.signature)
        public, raw = (_decode_base64(text) for text in (signature.public_key, signature.signature))
    except (ValueError, RecursionError) as error:
        raise InvalidBundle(f"can't read the signature: {error}") from error
    if signature.algorithm != evidence.ALGORITHM or signature.key != evidence.key_id(public):
        raise InvalidBundle("the signature's algorithm or key ID doesn't match its public key")
    if not _is_signed(public, raw, contents.manifest):
        raise InvalidBundle("the signature doesn't match the manifest")
    return signature


def _decode_base64(text: str) -> bytes:
    """Decode Base64 and accept only the canonical encoding. Raises ValueError."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical Base64")
    return data


def _is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        # Machines install this package too, and don't need cryptography for their work.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise InvalidBundle(_CRYPTOGRAPHY_MISSING) from error
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _describe_signer(
    signer: evidence.Signature, keys: Sequence[PublicKey] | None, manifest: Manifest
) -> str:
    """Describe the signer. Raises InvalidBundle if the key isn't one of `keys`."""
    if keys is None:
        return (
            f"signed by unknown key {signer.key}: the bundle is intact, but anyone could have made "
            "it; pass --key to check the signer"
        )
    for key in keys:
        if (key.id, key.algorithm, key.public_key) == (
            signer.key,
            signer.algorithm,
            signer.public_key,
        ):
            if key.retired_at is not None and _parse_timestamp(manifest.made_at) > _parse_timestamp(
                key.retired_at
            ):
                raise InvalidBundle(
                    f"key {key.id} was retired on {key.retired_at}, before the bundle was made"
                )
            return f"signed by the server's key {key.id}"
    raise InvalidBundle(f"signed by key {signer.key}, which isn't one of the server's keys")


def _parse_timestamp(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidBundle(f"{text!r} isn't a timestamp") from error


# ---- the logs ------------------------------------------------------------------------------------


def _check_chain(file: BinaryIO, contents: _Contents, manifest: Manifest, end: ChainEnd) -> None:
    """Recompute an attempt's chain from its log and compare it.

    An expired log can't be recomputed; its chain is the one that was signed.
    """
    log, name = evidence.log_name(end.attempt), evidence.chain_name(end.attempt)
    if name not in contents.digests or (log in contents.digests) == end.is_expired:
        raise InvalidBundle(f"the manifest doesn't match the files of attempt {end.attempt}'s log")
    if end.is_expired:
        return
    chain = evidence.HashChain(manifest.server.id, manifest.task_id, end.attempt)
    links = _chain_links(file, contents.offsets[log], contents.digests[log].size, chain)
    digest = hashlib.sha256()
    for piece in evidence.chain_file(manifest.task_id, end.attempt, end.gaps, links):
        digest.update(piece)
    if digest.hexdigest() != contents.digests[name].sha256:
        raise InvalidBundle(f"{name} doesn't match {log}")
    if (chain.byte_count, chain.head.hex()) != (end.bytes, end.head):
        raise InvalidBundle(f"the manifest's chain end doesn't match {log}")


def _chain_links(
    file: BinaryIO, place: int, size: int, chain: evidence.HashChain
) -> Iterator[bytes]:
    file.seek(place)
    while size:
        piece = file.read(min(size, CHUNK_BYTES))
        if not piece:
            raise InvalidBundle("the file was truncated while being read")
        size -= len(piece)
        yield from chain.feed(piece)
    yield from chain.finish()


def _summary(manifest: Manifest) -> list[str]:
    """Summarize a genuine bundle."""
    server = manifest.server
    taken = [str(chain.attempt) for chain in manifest.chains if chain.is_expired]
    lost = [str(chain.attempt) for chain in manifest.chains if chain.gaps]
    return [
        f"GENUINE: task {manifest.task_id} of server {server.id} ({server.url or 'no URL'}), "
        f"{manifest.status}, as of {manifest.made_at}",
        f"{len(manifest.files)} files match the manifest; "
        f"{len(manifest.chains) - len(taken)} logs match their chains",
        *([f"expired logs, of attempts: {', '.join(taken)}"] if taken else []),
        *([f"incomplete logs, of attempts: {', '.join(lost)}"] if lost else []),
    ]
