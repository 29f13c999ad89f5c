"""An emulator's input per turn is limited by the work that it causes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.terminals.output_chunks import split_by_cost

SMALL, LARGE = (80, 24), (1000, 1000)
REPEATS = b"x\x1b[65535b"


@pytest.mark.parametrize(
    ("data", "size", "lengths"),
    [
        pytest.param(b"a" * 70_000, SMALL, [65536, 4464], id="text"),
        pytest.param(b"\n" * 20_000, LARGE, [16777, 3223], id="line feeds on a large screen"),
        pytest.param(b"\x1b[31;1ma\x1b[m\x1b[9;9Hb\x1b[K" * 99, LARGE, [2079], id="a drawing"),
        pytest.param(b"\x1b[?1049h\x1b[L\x1bc\x1b[0;\n1m", LARGE, [11, 9], id="others"),
        pytest.param(REPEATS * 3 + b"text", SMALL, [9, 9, 9, 4], id="repeated characters"),
        pytest.param(b"x\xc2\x9b9\x07b" * 2, SMALL, [6, 6], id="in eight bits, with a control"),
        pytest.param(b"\x1b[2J" * 3, LARGE, [8, 4], id="all of a large screen"),
        pytest.param(b"\x1b[2J" * 1200, SMALL, [4164, 636], id="all of a small one"),
        pytest.param(b"\xc2\x84" * 3, LARGE, [4, 2], id="controls of eight bits"),
        pytest.param(b"\xc3\xa4\xc2\xa4" * 9, LARGE, [36], id="letters"),
        pytest.param(b"", SMALL, [], id="nothing"),
    ],
)
def test_output_is_cut_by_the_work_that_it_asks_for(
    data: bytes, size: tuple[int, int], lengths: list[int]
) -> None:
    assert [len(portion) for portion in split_by_cost(data, size)] == lengths


@given(
    st.lists(st.sampled_from([b"\x1b", b"[", b"9", b"b", b"\xc2", b"\x9b", b"x", REPEATS])),
    st.sampled_from([SMALL, LARGE, (0, 0)]),
)
def test_nothing_is_lost(pieces: list[bytes], size: tuple[int, int]) -> None:
    data = b"".join(pieces)
    found = list(split_by_cost(data, size))
    assert b"".join(found) == data
    assert all(found)
