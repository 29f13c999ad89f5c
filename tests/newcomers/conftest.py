"""Which cells run this time, two beside each other, and the table of how they ended."""

import ctypes
import os
import random
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.newcomers import choice
from tests.newcomers.cells import CELLS, Cell
from tests.newcomers.matrix import Matrix
from tests.newcomers.systems import Run

BESIDE_EACH_OTHER = 2
CLONE_NEWNS = 0x00020000
# Who ends this suite by TERM wants nothing to be left of it either.
signal.signal(signal.SIGTERM, signal.default_int_handler)
SEED = pytest.StashKey[int]()
ENDS = pytest.StashKey[dict[str, tuple[str, float]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SEED] = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    config.stash[ENDS] = {}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the cells whose turn it isn't, unless some were named."""
    found = {cell.name: item for item in items if (cell := _cell(item)) is not None}
    if os.environ.get("ALL") or len(found) < len(CELLS):
        return
    chosen = choice.choose(CELLS, config.stash[SEED])
    left_out = [item for name, item in found.items() if name not in chosen]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    config = terminalreporter.config
    if not config.stash[ENDS]:
        return
    terminalreporter.section("newcomers")
    terminalreporter.write_line(choice.table(CELLS, config.stash[ENDS]))
    seed = config.stash[SEED]
    terminalreporter.write_line(f"SEED={seed} repeats this choice; ALL=1 runs all cells")


def _cell(item: pytest.Item) -> Cell | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("cell") if callspec else None


@pytest.fixture(scope="session")
def ends(request: pytest.FixtureRequest) -> dict[str, tuple[str, float]]:
    """How each cell ended, and its duration in seconds."""
    return request.config.stash[ENDS]


@pytest.fixture(scope="session")
def area() -> Iterator[Path]:
    """A file system in memory that this process alone has, so that nothing is left of it."""
    if os.geteuid() != 0:
        pytest.skip("needs root: each cell is a system with mounts of its own")
    if ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0:
        pytest.skip("needs mount namespaces, which this host refuses")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    place = Path(tempfile.mkdtemp(prefix="muster-newcomers-", dir="/var/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place], check=True)
    try:
        if not _has_overlays(place / "probe"):
            pytest.skip("needs overlayfs, which this host refuses")
        yield place
    finally:
        _remove(place)


def _has_overlays(place: Path) -> bool:
    for name in ("upper", "work", "root"):
        (place / name).mkdir(parents=True)
    options = f"lowerdir=/,upperdir={place}/upper,workdir={place}/work"
    argv = ["mount", "-t", "overlay", "overlay", "-o", options, place / "root"]
    if subprocess.run(argv, capture_output=True, check=False).returncode != 0:
        return False
    subprocess.run(["umount", place / "root"], check=True)
    return True


def _remove(place: Path) -> None:
    subprocess.run(["umount", "--lazy", place], check=True)
    place.rmdir()


@pytest.fixture(scope="session")
def runs(area: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, "Future[Run]"]]:
    """The run of each cell whose test was collected."""
    matrix = Matrix(area)
    cells = [cell for item in request.session.items if (cell := _cell(item)) is not None]
    with ThreadPoolExecutor(BESIDE_EACH_OTHER) as pool:
        yield {cell.name: pool.submit(matrix.run, cell) for cell in cells}
        pool.shutdown(wait=False, cancel_futures=True)
        matrix.stop()
