"""A living shim for a test, and nothing of it left after the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from muster.worker.shim.client import ShimLink, attach, launch, reap
from tests.muster.worker.shim_stages import Stages


@pytest.fixture
def attempt(tmp_path: Path) -> Path:
    directory = tmp_path / "attempt"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture
def start(attempt: Path) -> Iterator[Callable[..., Stages]]:
    """Launches the attempt's shim; any shim in its directory is killed after the test."""

    def launched(**options: object) -> Stages:
        shim = launch(attempt, **options)  # type: ignore[arg-type]
        shims.append(shim)
        return Stages(shim, attempt)

    shims: list[ShimLink] = []
    yield launched
    for shim in shims:
        shim.close()
    if living := attach(attempt):
        living.quit()
    reap(attempt, grace=0)


@pytest.fixture
def stages(start: Callable[..., Stages]) -> Stages:
    return start()
