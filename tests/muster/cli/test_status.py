"""A server's status for people."""

import pytest

from muster.cli.status import counts_text, shown_counts


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


def test_live_tasks_are_counted_by_the_states_that_lists_show() -> None:
    counts = {"queued": 2, "running": 0, "suspended": 1, "failed": 4}
    states = {"queued": 1, "running": 0, "needsYou": 1, "waiting": 1}
    text = "1 queued, 1 needing you, 1 waiting, 4 failed"
    found = {"taskCounts": counts, "taskStates": states}
    assert counts_text(shown_counts(found, "taskCounts")) == text
    of_older_server = shown_counts({"taskCounts": counts}, "taskCounts")
    assert counts_text(of_older_server) == "2 queued, 1 suspended, 4 failed"
