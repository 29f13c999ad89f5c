"""Importing a stage's commits into the mirror, compared with the former, unchecked fetch.

python -m bench.checkpoints           a repository of 200,000 files and 1 GB; five minutes
python -m bench.checkpoints --small   one of a hundred files; half a minute
"""

import itertools
import random
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.figures import Difference, Figure, Ratio, Report, flat
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author
from muster.worker.git.environment import build_environment
from muster.worker.git.mirrors import Mirror
from muster.worker.git.preparation import WorkspaceRequest, prepare_workspace
from muster.worker.git.remote import Remote
from muster.worker.git.workspace import Workspace
from muster.worker.layout import Layout
from muster.worker.limits.limits import AttemptLimits
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.uids import UidAllocator

AUTHOR = Author("Muster bench", "bench@muster.invalid")
LIMITS = AttemptLimits(memory=4 << 30, processes=4096, files=65_536, disk=20 << 30)
MAX_RATIO = 1.2
MAX_MS = 10
WARNED_TREE = b"0100644 a\0" + bytes.fromhex("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
"""A mode with a leading zero, as old tools wrote it: `git fsck` warns about it."""


@dataclass
class Place:
    """A workspace, its mirror, and a copy of the mirror for the former fetch."""

    workspace: Workspace
    mirror: Mirror
    before: Path
    refs: Iterator[int]

    def commit(self, script: str) -> str:
        uid = self.workspace.sandbox.uid
        done = subprocess.run(
            ["sh", "-ec", f"{script}\ngit add --all\ngit commit -qm bench\ngit rev-parse HEAD"],
            cwd=self.workspace.path,
            env={**build_environment(), "HOME": str(self.workspace.home)},
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.split()[-1]

    def store(self, commit: str) -> float:
        ref = f"refs/muster/1/1/{next(self.refs)}"
        known = [self.workspace.base_commit, *self.mirror.tips("refs/muster/1")]
        begun = time.perf_counter()
        base = self.workspace.base_commit
        self.mirror.import_commit(self.workspace.sandbox, ref, commit, base, known, 600.0)
        return time.perf_counter() - begun

    def store_baseline(self, commit: str) -> float:
        """Run the former way: one fetch, and the two commands that count changes."""
        room, base = self.workspace.sandbox, self.workspace.base_commit
        reader = shlex.join(room.command("git", "upload-pack", cwd=None))
        ref = f"refs/muster/1/1/{next(self.refs)}"
        begun = time.perf_counter()
        self._git(
            *("fetch", "--quiet", "--no-tags", "--no-auto-maintenance", "--no-write-fetch-head"),
            *(f"--upload-pack={reader} --strict", "--end-of-options"),
            *(f"file://{room.workspace}/.git", f"+HEAD:{ref}"),
        )
        self._git("merge-base", base, commit)
        self._git("diff", "--shortstat", base, commit)
        return time.perf_counter() - begun

    def _git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", *arguments],
            cwd=self.before,
            env=build_environment(),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def main() -> int:
    is_small = "--small" in sys.argv[1:]
    files, size = (100, 1 << 20) if is_small else (200_000, 1 << 30)
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as directory:
        root = Path(directory)
        root.chmod(0o711)
        repository = make_repository(root / "remote.git", files, size)
        place = make_place(root, repository)
        report = Report("bench.checkpoints")
        report.figures.append(measure_small(place))
        large = (16 if is_small else 300) << 20
        moved = 5 if is_small else 5_000
        noise = "head -c {size} /dev/urandom > large{number}"
        moves = "mkdir -p moved{number}; ls | grep ^f | head -n {size} | xargs mv -t moved{number}"
        report.figures.append(measure(place, f"a file of {large >> 20} MiB", noise, large))
        report.figures.append(measure(place, f"{moved:,} files renamed", moves, moved))
        print(report.as_text())
        place.workspace.remove()
    return 0


def measure_small(place: Place) -> Figure:
    """Measure commits that change one line in one file."""
    blocks = []
    for block in range(5):
        pairs = [in_turn(place, f"echo {block}-{turn} > small", turn) for turn in range(8)]
        blocks.append(tuple(map(list, zip(*pairs, strict=True))))
    ours, before = zip(*blocks, strict=True)
    return Figure(
        "one line changed",
        1000 * sum(flat(ours)) / len(flat(ours)),
        "ms",
        beside="a fetch, as before",
        beside_value=1000 * sum(flat(before)) / len(flat(before)),
        ratio=Difference.from_blocks(ours, before),
        max_ratio=MAX_MS,
    )


def measure(place: Place, name: str, script: str, size: int) -> Figure:
    pairs = [
        in_turn(place, script.format(number=f"{name[0]}{turn}", size=size), turn)
        for turn in range(4)
    ]
    ours, before = zip(*pairs, strict=True)
    return Figure(
        name,
        sum(ours) / len(ours),
        "s",
        beside="a fetch, as before",
        beside_value=sum(before) / len(before),
        ratio=Ratio.from_blocks([[each] for each in ours], [[each] for each in before]),
        max_ratio=MAX_RATIO,
    )


def in_turn(place: Place, script: str, turn: int) -> tuple[float, float]:
    """Return the seconds for us and for the fetch, in turns: the first one has cold caches."""
    commit = place.commit(script)
    ways: list[Callable[[str], float]] = [place.store, place.store_baseline]
    took = {way: way(commit) for way in (ways if turn % 2 else ways[::-1])}
    return took[ways[0]], took[ways[1]]


def make_repository(path: Path, files: int, size: int) -> Path:
    """Create a repository with that many random files, and an old commit that `git fsck` warns
    about."""
    git("init", "--quiet", "--bare", "--initial-branch=main", str(path))
    git("hash-object", "-w", "--stdin", at=path, given=b"")
    literal = ("hash-object", "-t", "tree", "-w", "--stdin", "--literally")
    tree = git(*literal, at=path, given=WARNED_TREE)
    old = git("commit-tree", "-m", "old", tree.strip(), at=path, given=b"").strip()
    dice = random.Random(1)
    head = f"commit refs/heads/main\ncommitter a <a@b.invalid> 1 +0000\ndata 1\nx\nfrom {old}\n"
    command = ["git", "fast-import", "--quiet"]
    with subprocess.Popen(
        command, cwd=path, stdin=subprocess.PIPE, env=build_environment()
    ) as importer:
        assert importer.stdin is not None
        importer.stdin.write(head.encode())
        for number in range(files):
            text = dice.randbytes(size // files // 2).hex().encode()
            place = f"f{number}" if number < files // 4 else f"d{number % 997}/f{number}"
            importer.stdin.write(b"M 644 inline %s\ndata %d\n" % (place.encode(), len(text)))
            importer.stdin.write(text + b"\n")
    assert importer.returncode == 0
    return path


def make_place(root: Path, repository: Path) -> Place:
    layout = Layout(root / "home", (root,))
    layout.make()
    layout.open_mirrors()  # `Place.commit` commits outside of any sandbox
    identities = UidAllocator(layout.identities)
    rooms = replace(detect(layout, limits=LIMITS), checker=identities.claim_named("work"))
    key = AttemptKey(1, 1)
    request = WorkspaceRequest(
        rooms, key, str(repository), "main", AUTHOR, identity=identities.claim(key)
    )
    workspace = prepare_workspace(request, lambda level, text: None, threading.Event())
    mirror = Mirror(layout, Remote.parse(str(repository)))
    before = root / "before.git"
    git("clone", "--quiet", "--mirror", "--local", str(mirror.path), str(before))
    return Place(workspace, mirror, before, itertools.count())


def git(*arguments: str, at: Path | None = None, given: bytes | None = None) -> str:
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "a"), ("EMAIL", "a@b.invalid"))
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=at,
        env={**build_environment(), **who},
        input=given,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


if __name__ == "__main__":
    sys.exit(main())
