"""The size of a change in git's output."""

import pytest

from muster.protocol.frames import DiffStat
from muster.worker.git import shortstat


@pytest.mark.parametrize(
    ("printed", "numbers"),
    [
        ("", (0, 0, 0)),
        (" 1 file changed, 1 insertion(+)\n", (1, 1, 0)),
        (" 3 files changed, 10 insertions(+), 2 deletions(-)\n", (3, 10, 2)),
        (" 2 files changed, 4 deletions(-)\n", (2, 0, 4)),
    ],
)
def test_diff_numbers_are_read_from_gits_summary(printed, numbers):
    assert shortstat.parse(printed) == DiffStat(*numbers)
