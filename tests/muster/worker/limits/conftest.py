"""Sandboxes with limits, by control groups and without them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.worker.limits import cgroup
from muster.worker.limits.cgroup import CgroupsUnavailable, ControlGroups
from tests.muster.worker.repositories import root

__all__ = ["root"]


@pytest.fixture
def groups(tmp_path: Path) -> Iterator[ControlGroups]:
    """The machine's control groups; nothing of them is left after the test."""
    try:
        found = cgroup.find_groups(tmp_path)
    except CgroupsUnavailable as reason:
        pytest.skip(str(reason))
    yield found
    left = [each for base in found.bases for each in base.glob(f"{found.prefix}*")]
    found.remove_stale(())
    assert left == []
