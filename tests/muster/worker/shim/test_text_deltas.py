"""Texts in progress are masked, bounded, and of one piece."""

import contextlib
import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.masking.masker import Masker
from muster.worker.shim.stage_entries import StageEntries, StoredEntry
from muster.worker.shim.text_deltas import TextDeltas

SECRET = "hush-hush-4711"


class World:
    def __init__(self, *secrets: str) -> None:
        self.parts: list[dict[str, Any]] = []
        masker = Masker(secret.encode() for secret in secrets)
        stored = StoredEntry(3, 0, 0)
        self.entries = StageEntries(masker, lambda *_: stored, lambda: None, [])
        self.deltas = TextDeltas(masker, self.entries, self.parts.append)
        self.now = 0.0

    def feed(self, *texts: str, kind: str = "message", entry: int | None = None) -> str:
        """Feed a text in these parts, slowly; return what is shown."""
        self.parts.clear()
        offset = 0
        for text in texts:
            self.now += 1
            delta = {"entry": entry, "kind": kind, "offset": offset, "text": text}
            self.deltas.feed(delta, self.now)
            offset += len(text)
        return "".join(part["text"] for part in self.parts)


def test_a_text_is_passed_on_with_its_offsets() -> None:
    world = World(SECRET)
    assert world.feed("one ", "two ", "three") == "one two three"
    assert [part["offset"] for part in world.parts] == [0, 4, 8]


@pytest.mark.parametrize("cut", range(1, len(SECRET)))
def test_a_secret_that_parts_cut_in_two_is_masked(cut: int) -> None:
    shown = World(SECRET).feed("it is ", SECRET[:cut], SECRET[cut:] + ".", " Good")
    assert shown == "it is ********. Good"


@given(st.lists(st.integers(1, len(SECRET)), max_size=6), st.text("hus-4711 é", max_size=30))
def test_no_part_of_a_secret_is_shown_however_it_is_cut(cuts: list[int], around: str) -> None:
    text = around + SECRET + around
    places = sorted({0, *(cut + len(around) for cut in cuts), len(text)})
    parts = [text[a:b] for a, b in itertools.pairwise(places) if a < b]
    assert SECRET[:4] not in World(SECRET).feed(*parts).replace(around, "")


def test_texts_of_two_kinds_do_not_share_what_is_held_back() -> None:
    world = World(SECRET)
    world.feed(SECRET[:6], kind="thought")
    assert world.feed("plain", kind="message") == "plain"


def test_what_does_not_continue_a_text_is_refused() -> None:
    world = World()
    world.feed("one")
    for offset, kind in ((7, "message"), (3, "thought"), (3, "message")):
        with pytest.raises(ValueError, match="doesn't continue"):
            world.deltas.feed({"kind": kind, "offset": offset, "text": "x"}, math.inf)


def test_output_needs_a_running_entry() -> None:
    world = World()
    with pytest.raises(ValueError, match="running"):
        world.feed("x", kind="output", entry=3)
    world.entries.add({"kind": "command", "state": "running"})
    assert world.feed("x", kind="output", entry=3) == "x"
    world.entries.update({"number": 3, "kind": "command", "state": "done"})
    with pytest.raises(ValueError, match="running"):
        world.feed("x", kind="output", entry=3)


def start_output(world: World) -> None:
    world.entries.add({"kind": "command", "state": "running"})


def test_output_and_messages_do_not_disturb_one_another() -> None:
    world = World(SECRET)
    start_output(world)
    world.feed(SECRET[:6])
    assert world.feed("plain", kind="output", entry=3) == "plain"
    rest = {"kind": "message", "offset": 6, "text": SECRET[6:] + "."}
    world.deltas.feed(rest, math.inf)
    assert world.parts[-1]["text"] == "********."


def test_output_may_have_gaps_that_its_offsets_show() -> None:
    world = World()
    start_output(world)
    assert world.feed("one", kind="output", entry=3) == "one"
    for offset, text in ((9, "two"), (12, "three")):
        delta = {"kind": "output", "entry": 3, "offset": offset, "text": text}
        world.deltas.feed(delta, math.inf)
    assert [part["offset"] for part in world.parts] == [0, 4, 7]
    with pytest.raises(ValueError, match="doesn't continue"):
        world.deltas.feed({"kind": "output", "entry": 3, "offset": 2, "text": "x"}, math.inf)


@given(
    st.integers(1, len(SECRET) - 1), st.lists(st.integers(1, 40), max_size=3), st.text("hus-4711 é")
)
def test_no_end_of_a_secret_is_shown_whose_start_is_missing(
    cut: int, sizes: list[int], after: str
) -> None:
    world = World(SECRET)
    start_output(world)
    world.feed("x", kind="output", entry=3)
    end, offset = SECRET[cut:] + "\n", 99
    text = end + after + SECRET + "." * 60 + "seen."
    for size in [*sizes, len(text)]:
        part, text = text[:size], text[size:]
        delta = {"kind": "output", "entry": 3, "offset": offset, "text": part}
        world.deltas.feed(delta, math.inf)
        offset += len(part)
    shown = "".join(part["text"] for part in world.parts)
    assert shown.endswith("seen.")
    assert end not in shown
    assert SECRET[:4] not in shown.replace(after, "")


def test_refused_output_leaves_a_gap() -> None:
    world = World()
    start_output(world)
    for offset in range(12):
        with contextlib.suppress(ValueError):
            delta = {"kind": "output", "entry": 3, "offset": offset, "text": "x"}
            world.deltas.feed(delta, 5.0)
    world.deltas.feed({"kind": "output", "entry": 3, "offset": 12, "text": "y"}, 6.0)
    assert [part["offset"] for part in world.parts] == [*range(10), 11]


def test_a_flood_is_refused() -> None:
    world = World()
    for offset in range(10):
        world.deltas.feed({"kind": "message", "offset": offset, "text": "x"}, 5.0)
    with pytest.raises(ValueError, match="too much"):
        world.deltas.feed({"kind": "message", "offset": 10, "text": "x"}, 5.0)
    assert len(world.parts) == 10


@pytest.mark.parametrize(
    "delta",
    [
        None,
        {},
        {"kind": "no", "offset": 0, "text": ""},
        {"kind": "message", "offset": "0", "text": ""},
        {"kind": "message", "offset": True, "text": ""},
        {"kind": "message", "offset": 0, "text": 1},
        {"kind": "output", "offset": 0, "text": "x", "entry": "3"},
        {"kind": "output", "offset": 0, "text": "x"},
    ],
)
def test_an_invalid_part_is_refused(delta: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        World().deltas.feed(delta, 0.0)
