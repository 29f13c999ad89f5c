"""`python -m muster verify`: what a server has signed and nothing else, said in plain words."""

import io
import random
import sys
from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from muster import __main__ as muster
from muster import verify
from muster.protocol import canonical_zip, evidence
from muster.protocol.evidence import ChainEnd, File
from tests.bundles import (
    KEY,
    MADE_AT,
    bundle,
    files,
    key_of,
    manifest_of,
    refusal,
    written,
    zipped,
)

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
WHOLE = bundle()


def members(data: bytes) -> dict[str, bytes]:
    found = canonical_zip.read_members(io.BytesIO(data))
    return {member.name: b"".join(pieces) for member, pieces in found}


def flipped(data: bytes, bit: int) -> bytes:
    spoiled = bytearray(data)
    spoiled[bit // 8] ^= 1 << bit % 8
    return bytes(spoiled)


def test_a_whole_bundle_is_genuine() -> None:
    assert refusal(WHOLE) is None


def test_one_flipped_bit_anywhere_is_found() -> None:
    """One bit of each byte; `tests/review` flips all of them."""
    chosen = random.Random(7)
    found = [refusal(flipped(WHOLE, 8 * at + chosen.randrange(8))) for at in range(len(WHOLE))]
    assert None not in found


@given(st.integers(0, len(WHOLE) - 1))
def test_a_bundle_that_was_cut_is_refused(size: int) -> None:
    assert refusal(WHOLE[:size])


@given(st.binary(min_size=1, max_size=50), st.booleans())
def test_so_is_one_with_more_bytes(more: bytes, before: bool) -> None:
    assert refusal(more + WHOLE if before else WHOLE + more)


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", WHOLE[:30], WHOLE[:200]]))
def test_bytes_of_any_kind_are_refused_in_a_sentence(noise: bytes, begin: bytes) -> None:
    assert refusal(begin + noise)


@given(st.data())
def test_members_that_are_no_bundles_are_refused_in_a_sentence(data: st.DataObject) -> None:
    """A canonical zip file all the same."""
    found = members(WHOLE)
    name = data.draw(st.sampled_from(["manifest.json", "signature"]))
    whole = found[name]
    at = data.draw(st.integers(0, len(whole)))
    found[name] = whole[:at] + data.draw(st.binary(max_size=20)) + whole[at:]
    if found[name] != whole:
        assert refusal(zipped(found))


def with_member(**changed: bytes) -> bytes:
    return zipped({**members(WHOLE), **{name.replace("__", "."): d for name, d in changed.items()}})


def signed_anew(change: Callable[[evidence.Manifest], evidence.Manifest]) -> bytes:
    """A bundle whose manifest says something else, signed by the server's own key."""
    return bundle(manifest=change(manifest_of(files())))


def swapped() -> bytes:
    """Events of another task's bundle, which the same server has signed."""
    return with_member(task__json=members(bundle(task_id=8, members=files(8)))["task.json"])


def of_two_bundles() -> bytes:
    """A manifest that is signed, and files of another bundle that is signed."""
    theirs = members(bundle(task_id=8, members=files(8)))
    return with_member(manifest__json=theirs["manifest.json"], signature=theirs["signature"])


def in_other_words() -> bytes:
    """A manifest with a space, signed."""
    manifest = evidence.encode_canonical(manifest_of(files())).replace(b":", b": ", 1)
    public = KEY.public_key().public_bytes_raw()
    return with_member(
        manifest__json=manifest,
        signature=evidence.signature_member(manifest, public, KEY.sign(manifest)),
    )


def another_spelling() -> bytes:
    """A signature whose last bits nobody decodes."""
    signature = members(WHOLE)["signature"]
    at = signature.rindex(b"==")
    return with_member(signature=signature[: at - 1] + bytes([signature[at - 1] + 1]) + b'=="}')


LINES = files()
REFUSED = {
    "in another order": (zipped(dict(reversed(members(WHOLE).items()))), "is out of order"),
    "a byte of a log": (
        with_member(**{"log-1__bin": b"a lie.\r\n"}),
        "log-1.bin doesn't match the signed manifest",
    ),
    "another task's file": (swapped(), "task.json doesn't match the signed manifest"),
    "another bundle's signature": (of_two_bundles(), "doesn't match the signed manifest"),
    "no signature": (zipped({n: d for n, d in members(WHOLE).items() if n != "signature"}), "sign"),
    "a manifest in other words": (in_other_words(), "canonical"),
    "a signature in other words": (
        with_member(signature=members(WHOLE)["signature"].replace(b":", b": ", 1)),
        "canonical",
    ),
    "a signature in another spelling": (another_spelling(), "canonical"),
    "no manifest": (
        zipped({n: d for n, d in members(WHOLE).items() if n != "manifest.json"}),
        "manifest",
    ),
    "one file more": (with_member(zzz=b"more"), "zzz isn't in the manifest"),
    "one file less": (
        zipped({n: d for n, d in members(WHOLE).items() if n != "events.jsonl"}),
        "events.jsonl is missing",
    ),
    "another key": (bundle(key=OTHER), "isn't one of the server's keys"),
    "another format": (signed_anew(lambda m: replace(m, format="muster-evidence-2")), "format"),
    "files out of order": (signed_anew(lambda m: replace(m, files=m.files[::-1])), "sorted"),
    "a file twice": (signed_anew(lambda m: replace(m, files=[m.files[0], *m.files])), "unique"),
    "a file that is not there": (
        signed_anew(lambda m: replace(m, files=[*m.files, File("x", 0, "")])),
        "x is missing",
    ),
    "no task": (
        bundle({n: d for n, d in LINES.items() if n != "task.json"}),
        "task.json is missing",
    ),
    "a chain of another log": (
        bundle({**LINES, "log-1.chain.json": files(log=b"x")["log-1.chain.json"]}),
        "log-1.chain.json doesn't match log-1.bin",
    ),
    "another task's chain": (
        bundle({**LINES, "log-1.chain.json": files(8)["log-1.chain.json"]}),
        "log-1.chain.json doesn't match log-1.bin",
    ),
    "another end of the chain": (
        signed_anew(lambda m: replace(m, chains=[replace(m.chains[0], head="00")])),
        "chain end doesn't match",
    ),
    "a log that is not taken": (
        signed_anew(lambda m: replace(m, chains=[replace(m.chains[0], is_expired=True)])),
        "the manifest doesn't match the files of attempt 1's log",
    ),
    "gaps that are not the chain's": (
        signed_anew(lambda m: replace(m, chains=[replace(m.chains[0], gaps=[(0, 5)])])),
        "log-1.chain.json doesn't match log-1.bin",
    ),
    "a chain of no attempt": (
        signed_anew(lambda m: replace(m, chains=[*m.chains, ChainEnd(2, 0, [], "", False)])),
        "attempt 2",
    ),
}


@pytest.mark.parametrize(("data", "why"), REFUSED.values(), ids=REFUSED)
def test_what_was_not_signed_so_is_refused_and_why_is_said(data: bytes, why: str) -> None:
    assert why in (refusal(data) or "")


def test_the_chain_goes_by_64_kib_however_the_log_came() -> None:
    log = random.Random(1).randbytes(200_000)
    chains = [evidence.HashChain("s", 1, 1) for _ in range(2)]
    whole = [*chains[0].feed(log), *chains[0].finish()]
    pieces = [log[at : at + 777] for at in range(0, len(log), 777)]
    cut = [link for piece in pieces for link in chains[1].feed(piece)] + [*chains[1].finish()]
    assert whole == cut
    assert len(whole) == 4
    assert refusal(bundle(files(log=log))) is None


def test_64_kib_and_two_links_show_where_they_are_from() -> None:
    """What the contract says of the chain, in other words."""
    log = random.Random(2).randbytes(150_000)
    chain = evidence.HashChain("s", 1, 2)
    links = [sha256(b"muster-log\ns\n1\n2\n").digest(), *chain.feed(log), *chain.finish()]
    for number, (before, link) in enumerate(pairwise(links)):
        part = log[number * 65_536 : (number + 1) * 65_536]
        assert sha256(before + part).digest() == link
    assert chain.head == links[-1]


def test_a_log_that_was_taken_leaves_its_chain() -> None:
    left = {name: data for name, data in files().items() if name != "log-1.bin"}
    assert refusal(bundle(left)) is None


@pytest.mark.parametrize(
    ("retired_at", "genuine"),
    [(None, True), (MADE_AT, True), ("2030-01-31T11:59:59.000Z", False), ("soon", False)],
)
def test_a_key_signs_until_it_is_retired(retired_at: str | None, genuine: bool) -> None:
    assert (refusal(WHOLE, key_of(KEY, retired_at)) is None) == genuine


# ---- the command ---------------------------------------------------------------------------------


def keys(path: Path, *private: Ed25519PrivateKey) -> Path:
    """What a server says of its keys, with a field that is not known here."""
    found = [{**msgspec.to_builtins(key_of(one)), "createdAt": "2030"} for one in private]
    return written(path / "keys.json", msgspec.json.encode({"keys": found}))


def test_the_command_says_whose_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(written(tmp_path / "bundle.zip", WHOLE))
    assert muster.main(["verify", file, "--key", str(keys(tmp_path, OTHER, KEY))]) == 0
    assert "signed by the server's key " in capsys.readouterr().out
    assert muster.main(["verify", file, "--key", str(keys(tmp_path, OTHER))]) == 1
    assert capsys.readouterr().out.startswith("REFUSED: signed by key ")


def test_without_a_key_it_says_that_nobody_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert muster.main(["verify", str(written(tmp_path / "b", bundle(key=OTHER)))]) == 0
    assert "signed by unknown key" in capsys.readouterr().out


@pytest.mark.parametrize("data", [b"", b"{}", b'{"keys": 1}', b"[" * 100_000, b"\xff"])
def test_a_file_that_has_no_keys_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    file, key = written(tmp_path / "b", WHOLE), written(tmp_path / "k", data)
    assert muster.main(["verify", str(file), "--key", str(key)]) == 1
    assert "isn't a server's key file" in capsys.readouterr().out


def test_what_is_no_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "nowhere", tmp_path, Path("/dev/null")):
        assert muster.main(["verify", str(path)]) == 1
        assert capsys.readouterr().out.startswith("REFUSED: ")


@pytest.mark.parametrize("asked", [[], ["a", "b"], ["a", "--key"], ["--what", "a"]])
def test_who_asks_wrongly_is_told_how(asked: list[str]) -> None:
    assert muster.main(["verify", *asked]) == 2


def test_without_its_library_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    assert "pip install cryptography" in (refusal(WHOLE) or "")


def test_it_needs_nothing_that_only_machines_need() -> None:
    """The command is imported alone: no websockets, no psutil, and no server."""
    assert "muster.worker" not in Path(verify.__file__).read_text()


def test_memory_does_not_grow_with_the_file() -> None:
    class Counting(io.BytesIO):
        largest = 0

        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            self.largest = max(self.largest, len(found))
            return found

    file = Counting(bundle(files(log=bytes(1_000_000))))
    assert verify.verify(file, [key_of(KEY)])
    assert file.largest <= canonical_zip.CHUNK_BYTES
