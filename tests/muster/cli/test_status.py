"""A server's status for people."""

import pytest

from muster.cli.status import counts_text


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({"failedToday": 1, "assigned": 0, "running": 2, "queued": 3},
         "3 queued, 2 running, 1 failed today"),
        ({"total": 4, "online": 3, "offline": 1}, "3 online, 1 offline, 4 total"),
        ({"queued": 0, "running": 0}, "none"),
        ({"ofANewerServer": 2}, "2 ofANewerServer"),
        (None, ""),
    ],
)  # fmt: skip
def test_what_is_counted_is_read_in_the_order_in_which_things_go(counts: object, text: str) -> None:
    assert counts_text(counts) == text
