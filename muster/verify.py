"""`python -m muster verify`: a bundle of evidence, checked without a server.

What a bundle is says `muster.protocol.evidence`. Nothing of the file is believed before it has been
held against the signature, and it is read in pieces, however large it is.
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
_CRYPTOGRAPHY_MISSING = "this needs the package cryptography: pip install cryptography"


class InvalidBundle(Exception):
    """The bundle is not what its server made, or nobody can say. The message says why."""


class PublicKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key as /.well-known/muster-evidence.json has it."""

    id: str
    algorithm: str
    public_key: str
    retired_at: str | None = None


class _Keys(msgspec.Struct, frozen=True):
    keys: list[PublicKey]


@dataclass
class _Contents:
    """What a file was found to have: its members' SHA-256, and where those begin that are read
    again."""

    digests: dict[str, evidence.File]
    offsets: dict[str, int]
    manifest: bytes
    signature: bytes


def main(arguments: Sequence[str], name: str = "muster") -> int:
    """Exit status 0: it is genuine; 1: it is not, or that cannot be said; 2: asked wrongly."""
    parser = Parser(
        f"{name} verify",
        description="Check a bundle of evidence, without a server.",
        examples=(f"{name} verify --key muster-evidence.json task-7.evidence.zip",),
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="The bundle.")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="KEY.json",
        help="What the server's /.well-known/muster-evidence.json says; without it nobody knows "
        "whose the signature is.",
    )
    try:
        options = parser.parse_args(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    try:
        keys = None if options.key is None else _read_keys(options.key)
        with options.file.open("rb") as file:
            if not stat.S_ISREG(options.file.stat().st_mode):
                raise InvalidBundle("it is not a regular file")
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
    """What there is to say of a genuine bundle, line by line. `keys` are those of its server, if
    somebody knows them. Raises Refused and NotCanonical.
    """
    contents = _read_bundle(file)
    try:
        manifest = evidence.parse_manifest(contents.manifest)
    except (ValueError, RecursionError) as error:
        raise InvalidBundle(f"its manifest cannot be read: {error}") from error
    if manifest.format != evidence.FORMAT:
        raise InvalidBundle(f"its format is {manifest.format!r}, and not {evidence.FORMAT!r}")
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
        raise InvalidBundle(f"{path} is not what the server says of its keys: {error}") from error


# ---- the file ------------------------------------------------------------------------------------


def _read_bundle(file: BinaryIO) -> _Contents:
    """All of the file, once, each byte of which is where a canonical zip file has it."""
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
        raise InvalidBundle(f"{member.name} has more than {most:,} bytes")
    return b"".join(pieces)


def _check_digests(contents: _Contents, manifest: Manifest) -> None:
    """Hold the members against the manifest, which is known to be the signer's."""
    named = {file.path: file for file in manifest.files}
    if list(named) != sorted(named) or len(named) != len(manifest.files):
        raise InvalidBundle("the manifest's files are not in order")
    for path in sorted({*named, *contents.digests, *evidence.REQUIRED_MEMBERS}):
        if path not in contents.digests:
            raise InvalidBundle(f"{path} is missing")
        if path not in named:
            raise InvalidBundle(f"{path} is not in the manifest")
        if contents.digests[path] != named[path]:
            raise InvalidBundle(f"{path} is not the one that was signed")


# ---- the signature -------------------------------------------------------------------------------


def _check_signature(contents: _Contents) -> evidence.Signature:
    """The signature that the bundle has, which is one by the key beside it."""
    try:
        signature = evidence.parse_signature(contents.signature)
        public, raw = (_decode_base64(text) for text in (signature.public_key, signature.signature))
    except (ValueError, RecursionError) as error:
        raise InvalidBundle(f"its signature cannot be read: {error}") from error
    if signature.algorithm != evidence.ALGORITHM or signature.key != evidence.key_id(public):
        raise InvalidBundle("its signature names another key than it has")
    if not _is_signed(public, raw, contents.manifest):
        raise InvalidBundle("its manifest is not the one that was signed")
    return signature


def _decode_base64(text: str) -> bytes:
    """What the text has in Base64, of which each value has one spelling."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("it is not spelled as it has to be")
    return data


def _is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        # Machines install what this module is part of, and need no cryptography for their work.
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
    """Whose the signature is, in a sentence. Raises Refused where it is none of these keys'."""
    if keys is None:
        return (
            f"signed by key {signer.key}, which you have not named: the bundle is whole, and "
            "anybody may have made it; --key says whose it is"
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
                    f"key {key.id} was retired on {key.retired_at}, before it was made"
                )
            return f"signed by key {key.id}, which is one of the server's"
    raise InvalidBundle(f"key {signer.key}, by which it is signed, is none of the server's")


def _parse_timestamp(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidBundle(f"{text!r} is no moment") from error


# ---- the logs ------------------------------------------------------------------------------------


def _check_chain(file: BinaryIO, contents: _Contents, manifest: Manifest, end: ChainEnd) -> None:
    """Make an attempt's chain anew from its log, and compare it. Of a log that has been taken there
    is nothing to make it of: it is what was signed.
    """
    log, name = evidence.log_name(end.attempt), evidence.chain_name(end.attempt)
    if name not in contents.digests or (log in contents.digests) == end.is_expired:
        raise InvalidBundle(f"the manifest says something else of attempt {end.attempt}'s log")
    if end.is_expired:
        return
    chain = evidence.HashChain(manifest.server.id, manifest.task_id, end.attempt)
    links = _chain_links(file, contents.offsets[log], contents.digests[log].size, chain)
    digest = hashlib.sha256()
    for piece in evidence.chain_file(manifest.task_id, end.attempt, end.gaps, links):
        digest.update(piece)
    if digest.hexdigest() != contents.digests[name].sha256:
        raise InvalidBundle(f"{name} is not the chain of {log}")
    if (chain.byte_count, chain.head.hex()) != (end.bytes, end.head):
        raise InvalidBundle(f"the manifest has another end of the chain of {log}")


def _chain_links(
    file: BinaryIO, place: int, size: int, chain: evidence.HashChain
) -> Iterator[bytes]:
    file.seek(place)
    while size:
        piece = file.read(min(size, CHUNK_BYTES))
        if not piece:
            raise InvalidBundle("the file has become shorter")
        size -= len(piece)
        yield from chain.feed(piece)
    yield from chain.finish()


def _summary(manifest: Manifest) -> list[str]:
    """What a genuine bundle is about."""
    server = manifest.server
    taken = [str(chain.attempt) for chain in manifest.chains if chain.is_expired]
    lost = [str(chain.attempt) for chain in manifest.chains if chain.gaps]
    return [
        f"GENUINE: task {manifest.task_id} of server {server.id} ({server.url or 'no URL'}), "
        f"{manifest.status}, as of {manifest.made_at}",
        f"{len(manifest.files)} files, as the manifest has them; "
        f"{len(manifest.chains) - len(taken)} logs, as their chains have them",
        *([f"the time of these attempts' logs was over: {', '.join(taken)}"] if taken else []),
        *([f"of these attempts' logs something was lost: {', '.join(lost)}"] if lost else []),
    ]
