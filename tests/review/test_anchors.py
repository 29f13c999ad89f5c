"""Comments find their lines again, over a thousand edits."""

import random

from tests.app.services.changes import anchors_claimed, generated_edits

EDITS = 1_000


def test_no_comment_is_ever_on_another_text() -> None:
    for seed in range(EDITS):
        anchors_claimed.holds(generated_edits.edit(seed), random.Random(seed))
