"""What an agent commits costs the daemon no more than the attempt may use, whatever it is."""

import multiprocessing
import os
import resource
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from muster.worker.git import quarantine
from muster.worker.git.errors import WorkRefused
from muster.worker.git.quarantine import Quarantine
from muster.worker.git.workspace import Workspace
from muster.worker.limits.limits import AttemptLimits
from tests.hostile.pack import MIB, announced
from tests.hostile.packs import Case, generate
from tests.muster.worker.repositories import (
    Machine,
    Repository,
    act,
    machine,
    repository,
    root,
)

__all__ = ["machine", "repository", "root"]

SEEDS = range(int(os.environ.get("FIRST", "0")), int(os.environ.get("SEEDS", "100")))
LIMITS = AttemptLimits(memory=256 * MIB, processes=64, files=1024, disk=256 * MIB)


@dataclass(frozen=True)
class Streamed(Quarantine):
    """The stream in a file stands for what git in the sandbox writes."""

    stream: Path | None = None

    def _pack_command(self, commit, known):
        return (
            announced(f"cat {self.stream}") if self.stream else super()._pack_command(commit, known)
        )


@pytest.fixture
def workspace(machine: Machine, repository: Repository) -> Workspace:
    repository.commit({"a": "1\n", "b/c": "2\n"})
    made = machine.prepare(repository)
    return replace(made, sandbox=replace(made.sandbox, limits=LIMITS))


@pytest.fixture(scope="module")
def fresh_process() -> Iterator[Executor]:
    """A process that has had no child and is small: the kernel's peak of all children counts those
    of other tests, and copies of this process before they became git."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        yield executor


def measure_refusal(workspace: Workspace, case: Case, file: Path) -> tuple[str, int]:
    """The code that the work is refused with, empty if it was taken; and the largest resident size
    of a process that this one has started, in bytes."""
    quarantine.STALL_TIMEOUT_SECONDS = 5.0
    code = refusal(workspace, case, file)
    return code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def refusal(workspace: Workspace, case: Case, file: Path) -> str:
    mirror = workspace.mirror()
    if case.script:
        act(workspace, case.script)
    if case.stream is not None:
        file.write_bytes(case.stream)
    commit = case.commit or act(workspace, "git --no-replace-objects rev-parse HEAD")
    stream = file if case.stream is not None else None
    taken = Streamed(mirror.path, "test", workspace.sandbox, stream)
    try:
        with taken.create():
            taken.fill(commit, workspace.base_commit, [workspace.base_commit], 60.0)
    except WorkRefused as refused:
        return refused.code
    return ""


def objects(mirror: Path) -> set[str]:
    return {str(path.relative_to(mirror)) for path in mirror.rglob("*") if path.is_file()}


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed-{seed}")
def test_hostile_work_costs_no_more_than_the_attempt_may_use(
    workspace, tmp_path, seed, fresh_process
):
    case = generate(seed)
    before = objects(workspace.mirror().path)
    measured = fresh_process.submit(measure_refusal, workspace, case, tmp_path / "stream")
    found, peak = measured.result()
    assert found in (case.codes or ("",)), case.name
    assert objects(workspace.mirror().path) == before
    assert peak <= LIMITS.memory + 64 * MIB
