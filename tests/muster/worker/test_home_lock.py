"""A home has one worker at a time."""

import os
from pathlib import Path

import pytest

from muster.worker.home_lock import HomeInUse, HomeLock


def test_a_second_worker_is_refused_until_the_first_has_gone(tmp_path: Path) -> None:
    first = HomeLock(tmp_path)
    with pytest.raises(HomeInUse, match=str(tmp_path)):
        HomeLock(tmp_path)
    first.close()
    HomeLock(tmp_path).close()


def test_a_child_that_has_not_replaced_itself_yet_keeps_nobody_out(tmp_path: Path) -> None:
    first = HomeLock(tmp_path)
    of_the_child = os.dup(first._handle)
    first.close()
    HomeLock(tmp_path).close()
    os.close(of_the_child)
