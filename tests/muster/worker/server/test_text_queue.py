"""Texts in progress wait for nobody, and pile up nowhere."""

from typing import Any

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import TextDelta
from muster.worker.server.text_queue import MAX_WAITING, TextQueue

KEY = AttemptKey(7, 1)


def delta(text: str = "x", **fields: Any) -> dict[str, Any]:
    about = {"stage": 2, "run": 1, "entry": 5, "kind": "message", "offset": 3}
    return {**about, "text": text, **fields}


def test_a_part_becomes_a_frame() -> None:
    woken: list[bool] = []
    queue = TextQueue(lambda: woken.append(True))
    queue.offer(KEY, delta("more"))
    assert queue.pop() == TextDelta(7, 1, 2, 5, "message", 3, "more", 1)
    assert queue.pop() is None
    assert woken == [True]


def test_only_the_latest_wait() -> None:
    queue = TextQueue(lambda: None)
    for number in range(MAX_WAITING + 5):
        queue.offer(KEY, delta(f"{number}"))
    first = queue.pop()
    assert first is not None
    assert first.text == "5"
    queue.clear()
    assert queue.pop() is None


@pytest.mark.parametrize("fields", [{"kind": "song"}, {"offset": -1}, {"entry": None}])
def test_a_part_of_another_release_is_dropped(fields: dict[str, Any]) -> None:
    queue = TextQueue(lambda: None)
    queue.offer(KEY, delta(**fields))
    queue.offer(KEY, {})
    assert queue.pop() is None
