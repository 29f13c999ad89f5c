"""Preparing a workspace, compared with bare git: a fetch and a shared clone."""

import itertools
import os
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure, Ratio, flat, latency
from demo.repository import BASE, Repository
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author
from muster.worker.git.preparation import WorkspaceRequest, prepare_workspace
from muster.worker.layout import Layout
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import UidAllocator

BLOCKS, PAIRS = 5, 6
MAX_RATIO = 1.5
_AUTHOR = Author("Muster bench", "bench@muster.invalid")


@dataclass
class _Setup:
    """The files of both sides, each with its own existing mirror."""

    scratch: Path
    repository: Repository
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.layout = Layout(self.scratch / "workspaces", (self.repository.path.parent,))
        self.layout.make()
        self.rooms = Sandboxes(self.layout)
        self.identities = UidAllocator(self.layout.identities)
        self._mirror = self.scratch / "bare-git.git"
        _git("clone", "--quiet", "--mirror", self.repository.url, str(self._mirror))

    def bare_git(self) -> float:
        clone = self.scratch / "bare-git-clone"
        begun = time.perf_counter()
        _git("fetch", "--quiet", "origin", at=self._mirror)
        _git("clone", "--quiet", "--shared", str(self._mirror), str(clone))
        took = time.perf_counter() - begun
        shutil.rmtree(clone)
        return took

    def prepared(self) -> float:
        return self._prepared(with_uid=False)

    def prepared_with_uid(self) -> float:
        return self._prepared(with_uid=True)

    def _prepared(self, *, with_uid: bool) -> float:
        key = AttemptKey(next(self.numbers), 1)
        begun = time.perf_counter()
        identity = self.identities.claim(key) if with_uid else None
        request = WorkspaceRequest(
            self.rooms, key, self.repository.url, BASE, _AUTHOR, identity=identity
        )
        workspace = prepare_workspace(request, lambda level, text: None, threading.Event())
        took = time.perf_counter() - begun
        workspace.remove()
        if identity is not None:
            identity.release()
        return took


def measure(scratch: Path, repository: Repository) -> list[Figure]:
    """Alternate with bare git. Under root, also with a separate user for the attempt."""
    place = _Setup(scratch, repository)
    ways: dict[str, Callable[[], float]] = {"a workspace prepared": place.prepared}
    if os.geteuid() == 0:
        ways["a workspace prepared, with a uid"] = place.prepared_with_uid
    turns = (place.bare_git, *ways.values())
    for turn in turns:
        turn()  # the first creates the mirror
    blocks = [_block(turns) for _ in range(BLOCKS)]
    bare, *ours = zip(*blocks, strict=True)
    return [_figure(name, taken, bare) for name, taken in zip(ways, ours, strict=True)]


def _block(turns: Sequence[Callable[[], float]]) -> list[list[float]]:
    """Return the seconds of each side."""
    rounds = [[turn() for turn in turns] for _ in range(PAIRS)]
    return [list(taken) for taken in zip(*rounds, strict=True)]


def _figure(name: str, ours: Sequence[list[float]], bare: Sequence[list[float]]) -> Figure:
    return latency(
        name,
        ours,
        beside="bare git fetch, clone --shared",
        beside_value=statistics.median(flat(bare)) * 1000,
        ratio=Ratio.from_blocks(ours, bare),
        max_ratio=MAX_RATIO,
    )


def _git(*arguments: str, at: Path | None = None) -> None:
    subprocess.run(["git", *arguments], cwd=at, check=True, stdin=subprocess.DEVNULL)
