"""Work that an agent may try to have taken out of its sandbox, generated from a seed.

A case is either a stream that stands for what `pack-objects` wrote, or a script that runs in the
workspace before git packs what is there.
"""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.hostile.pack import (
    BLOB,
    MIB,
    TREE,
    Pack,
    changed,
    object_id,
    repeated,
    tree_text,
)


@dataclass(frozen=True)
class Case:
    """`commit` is what HEAD is said to be; None: what it is in the workspace. `codes` are those
    that it may be refused with; an empty one: it may be taken, and without any it has to be."""

    name: str
    stream: bytes | None = None
    commit: str | None = None
    script: str = ""
    codes: tuple[str, ...] = ("work_unreadable", "work_too_large")


# Streams


def delta_fan(dice: random.Random) -> Case:
    """Many large files, each a small delta of the same one."""
    pack = Pack()
    size = dice.randrange(1, 8) * MIB
    base = bytes(size)
    blob = pack.add(BLOB, base)
    count = 300 * MIB // size + dice.randrange(40)
    for number in range(count):
        pack.add_delta(blob, changed(size, number))
    return _finished(pack, blob, "delta_fan", ("work_too_large",))


def delta_chain(dice: random.Random) -> Case:
    """Deltas on deltas."""
    pack = Pack()
    content = bytes(dice.randrange(16, 4096))
    blob = base = pack.add(BLOB, content)
    for number in range(dice.randrange(60, 3000)):
        pack.add_delta(base, changed(len(content), number))
        content += struct.pack("!I", number)
        base = object_id(BLOB, content)
    return _finished(pack, blob, "delta_chain", ("work_too_large",))


def one_huge_file(dice: random.Random) -> Case:
    """A few bytes of delta that make gigabytes."""
    pack = Pack()
    size = dice.randrange(1, 16) * MIB
    blob = pack.add(BLOB, bytes(size))
    pack.add_delta(blob, repeated(size, dice.randrange(400, 4000) * MIB // size))
    return _finished(pack, blob, "one_huge_file", ("work_too_large",))


def tree_bomb(dice: random.Random) -> Case:
    """A tree whose parts are the same tree, again and again."""
    pack = Pack()
    blob = pack.add(BLOB, b"x")
    fan = dice.randrange(9, 40)
    entry, mode = blob, b"100644"
    for _ in range(dice.randrange(6, 9)):
        text = tree_text(*((mode, b"%03d" % number, entry) for number in range(fan)))
        entry, mode = pack.add(TREE, text), b"40000"
    commit = pack.commit(entry)
    return Case("tree_bomb", pack.stream(), commit, codes=("work_too_large",))


def wide_tree(dice: random.Random) -> Case:
    """A directory with a million entries."""
    pack = Pack()
    blob = pack.add(BLOB, b"x")
    end = b"\0" + bytes.fromhex(blob)
    text = bytearray()  # entry by entry: what the test itself takes would count
    for number in range(dice.randrange(200_000, 1_000_000)):
        text += b"100644 %07d" % number + end
    return _with_tree(pack, bytes(text), "wide_tree", ("work_too_large", ""))


def deep_tree(dice: random.Random) -> Case:
    pack = Pack()
    entry, mode = pack.add(BLOB, b"x"), b"100644"
    for _ in range(dice.randrange(2_000, 20_000)):
        entry, mode = pack.add(TREE, tree_text((mode, b"d", entry))), b"40000"
    commit = pack.commit(entry)
    codes = ("work_too_large", "work_unreadable", "")
    return Case("deep_tree", pack.stream(), commit, codes=codes)


def odd_tree(dice: random.Random) -> Case:
    """Names and modes that git calls errors."""
    pack = Pack()
    blob = pack.add(BLOB, b"x")
    entries = dice.choice(
        [
            [(b"100644", b".git", blob)],
            [(b"40000", b".GIT", blob)],
            [(b"100644", b"..", blob)],
            [(b"100644", b".", blob)],
            [(b"100644", b"", blob)],
            [(b"100644", b"a/b", blob)],
            [(b"100644", b"a", blob), (b"100644", b"a", blob)],
            [(b"100644", b"b", blob), (b"100644", b"a", blob)],
            [(b"120000", b".gitmodules", blob)],
            [(b"100644", b"git~1", blob)],
            [(b"100644", b".g\xe2\x80\x8cit", blob)],
        ]
    )
    return _with_tree(pack, tree_text(*entries), "odd_tree", ("work_unreadable",))


def evil_submodule(dice: random.Random) -> Case:
    pack = Pack()
    name = dice.choice(["../../x", "x"])
    url = (
        dice.choice(["-u./payload", "--upload-pack=x"]) if name == "x" else "https://example.com/x"
    )
    text = f'[submodule "{name}"]\n\tpath = x\n\turl = {url}\n'.encode()
    modules = pack.add(BLOB, text)
    return _with_tree(
        pack,
        tree_text((b"100644", b".gitmodules", modules)),
        "evil_submodule",
        ("work_unreadable",),
    )


def missing_parts(dice: random.Random) -> Case:
    pack = Pack()
    gone = dice.randbytes(20).hex()
    if dice.random() < 0.5:
        commit = pack.commit(gone)
    else:
        commit = pack.commit(pack.add(TREE, tree_text((b"100644", b"a", gone))))
    return Case("missing_parts", pack.stream(), commit, codes=("work_unreadable",))


def cyclic_deltas(dice: random.Random) -> Case:
    pack = Pack()
    one, other = (dice.randbytes(20).hex() for _ in range(2))
    pack.add_delta(one, changed(16, 1))
    pack.add_delta(other, changed(16, 2))
    return Case("cyclic_deltas", pack.stream(), one, codes=("work_unreadable",))


def broken_stream(dice: random.Random) -> Case:
    pack = Pack()
    blob = pack.add(BLOB, dice.randbytes(500))
    commit = pack.commit(pack.add(TREE, tree_text((b"100644", b"a", blob))))
    stream = bytearray(pack.stream(dice.choice([None, 1, 4, 1 << 31])))
    match dice.randrange(4):
        case 0:
            del stream[dice.randrange(len(stream)) :]
        case 1:
            stream[dice.randrange(12, len(stream))] ^= 1 << dice.randrange(8)
        case 2:
            stream = bytearray(dice.randbytes(dice.randrange(1000)))
        case _:
            stream += b"more"
    return Case("broken_stream", bytes(stream), commit, codes=("work_unreadable", "work_too_large"))


def no_commit(dice: random.Random) -> Case:
    pack = Pack()
    blob = pack.add(BLOB, b"x")
    tree = pack.add(TREE, tree_text((b"100644", b"a", blob)))
    named = dice.choice([blob, tree, "0" * 40, "f" * 40])
    return Case("no_commit", pack.stream(), named, codes=("work_unreadable",))


# Scripts


def odd_file(dice: random.Random) -> Case:
    """What is no file where git looks for objects."""
    place = dice.choice(
        ["pack/pack-x.bitmap", "pack/multi-pack-index", "info/commit-graph", "aa/bb", "info/x"]
    )
    kind = dice.choice(["mkfifo $file", "ln -s /etc/passwd $file", "ln -s $PWD/../.. $file"])
    script = f"file=.git/objects/{place}; mkdir -p $(dirname $file); {kind}"
    return Case("odd_file", script=_COMMITTED + script, codes=("work_unreadable",))


def sparse_file(dice: random.Random) -> Case:
    """A file that says it is large, and is not."""
    place = dice.choice([f"pack/pack-{dice.randbytes(20).hex()}.pack", "info/commit-graph"])
    script = f"file=.git/objects/{place}; mkdir -p $(dirname $file); truncate -s 100G $file"
    return Case("sparse_file", script=_COMMITTED + script, codes=("work_unreadable", ""))


def other_repositories(dice: random.Random) -> Case:
    """Where git is told to look elsewhere, or to leave something out."""
    script = dice.choice(
        [
            "echo /proc/1/root >> .git/objects/info/alternates",
            "echo $PWD/.git/objects >> .git/objects/info/alternates",
            "git rev-parse HEAD > .git/shallow",
            "git rev-parse HEAD > .git/info/grafts",
            "git replace HEAD $(git commit-tree -m other HEAD^{tree})",
            "git config remote.origin.promisor true; git config extensions.partialClone origin",
            "git config core.hooksPath hooks; mkdir hooks; echo 'touch /tmp/hooked' > hooks/x",
            "git config filter.x.clean 'sleep 60'; echo '* filter=x' > .git/info/attributes",
            "git config core.fsmonitor 'sleep 60'",
            "git config uploadpack.packObjectsHook 'sleep 60'",
            "git config core.commitGraph true; git commit-graph write --reachable",
            "git config pack.packSizeLimit 1; git config pack.threads 64",
        ]
    )
    script = f"mkdir -p .git/info; {script}"
    return Case("other_repositories", script=_COMMITTED + script, codes=("work_unreadable", ""))


def honest(dice: random.Random) -> Case:
    script = "".join(
        f"echo {dice.random()} > {number}.txt; " for number in range(dice.randrange(9))
    )
    return Case("honest", script=script + _COMMITTED, codes=())


_COMMITTED = (
    "echo $RANDOM > changed; git add --all; "
    "git -c user.name=a -c user.email=a@example.com commit --quiet --message x; "
)

KINDS: list[Callable[[random.Random], Case]] = [
    delta_fan,
    delta_chain,
    one_huge_file,
    tree_bomb,
    wide_tree,
    deep_tree,
    odd_tree,
    evil_submodule,
    missing_parts,
    cyclic_deltas,
    broken_stream,
    no_commit,
    odd_file,
    sparse_file,
    other_repositories,
    honest,
]


def generate(seed: int) -> Case:
    """Each kind in its turn."""
    return KINDS[seed % len(KINDS)](random.Random(seed))


def _with_tree(pack: Pack, text: bytes, name: str, codes: tuple[str, ...]) -> Case:
    commit = pack.commit(pack.add(TREE, text))
    return Case(name, pack.stream(), commit, codes=codes)


def _finished(pack: Pack, blob: str, name: str, codes: tuple[str, ...]) -> Case:
    return _with_tree(pack, tree_text((b"100644", b"a", blob)), name, codes)
