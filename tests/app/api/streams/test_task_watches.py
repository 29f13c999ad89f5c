"""A task's watch is set by changes and by texts, each of which it has once."""

import json

from app.api.streams.task_watches import MAX_TEXTS, TaskWatches


def part(text: str, offset: int = 0, entry: int = 4) -> dict[str, object]:
    return {"kind": "output", "entry": entry, "offset": offset, "text": text}


def message(task_id: int, *parts: dict[str, object]) -> bytes:
    return b"%d " % task_id + json.dumps(parts).encode()


def test_a_watch_gets_the_texts_of_its_task() -> None:
    watches = TaskWatches()
    with watches.watch(7) as watch, watches.watch(8) as other:
        assert watch.pop_changes() == (True, [])  # the rows haven't been read yet
        assert other.pop_changes() == (True, [])
        watches.publish_texts(message(7, part("a"), part("b")))
        assert watch.pop_changes() == (False, [part("a"), part("b")])
        assert watch.pop_changes() == other.pop_changes() == (False, [])
        watches.wake(8)
        assert (watch.pop_changes(), other.pop_changes()) == ((False, []), (True, []))
    watches.publish_texts(message(7, part("nobody watches")))


def test_a_slow_client_has_the_latest_texts() -> None:
    watches = TaskWatches()
    with watches.watch(7) as watch:
        for number in range(MAX_TEXTS + 3):
            watches.publish_texts(message(7, part(f"{number}")))
        _, texts = watch.pop_changes()
    assert len(texts) == MAX_TEXTS
    assert texts[0] == part("3")


def test_parts_that_wait_become_one() -> None:
    watches = TaskWatches()
    with watches.watch(7) as watch:
        watches.publish_texts(message(7, part("on😀"), part("e ", 3)))
        watches.publish_texts(message(7, part("two", 5), part("of another", 8, entry=5)))
        watches.publish_texts(message(7, part("later", 99, entry=5)))
        _, texts = watch.pop_changes()
    assert texts == [
        part("on😀e two"),
        part("of another", 8, entry=5),
        part("later", 99, entry=5),
    ]


def test_what_is_no_task_wakes_nobody() -> None:
    watches = TaskWatches()
    with watches.watch(7) as watch:
        watch.pop_changes()
        for text in (b"", b"x []", b"7x []", b"-7 []"):
            watches.publish_texts(text)
        assert watch.pop_changes() == (False, [])
