"""What is claimed of a comment's place after an edit."""

import random

from app.domain import anchors
from app.services.changes import line_diff
from tests.app.services.changes.generated_edits import GeneratedEdit


def holds(made: GeneratedEdit, chance: random.Random) -> None:
    """No comment, on a line or on several, is on another text than it was made on; and what nobody
    has touched is found where it is.
    """
    old, new = anchors.split_lines(made.old), anchors.split_lines(made.new)
    hunks = line_diff.diff_lines(made.old, made.new)
    assert hunks is not None
    for first in range(1, len(old) + 1):
        for last in {first, min(len(old), first + chance.randrange(6))}:
            place = anchors.track_lines(first, last, hunks, old, new)
            if place is not None:
                there = new[place - 1 : place + last - first]
                assert there == old[first - 1 : last], (first, last, place)
            if first == last and first in made.kept:
                assert place == made.kept[first], "it was not touched"
            if first == last and made.only_inserted:
                assert place is not None, "nothing was taken away"
