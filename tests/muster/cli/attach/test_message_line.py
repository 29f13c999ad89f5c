"""What is typed over the screen of a headless agent becomes messages, whatever a terminal sends."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.cli.attach.message_line import LineEvent, MessageLine


def type_into(line: MessageLine, *reads: bytes) -> list[str | LineEvent]:
    """Return the messages sent, and other events."""
    found: list[str | LineEvent] = []
    for read in reads:
        for event in line.feed(read):
            if event is LineEvent.SEND:
                found.append(line.pop_text())
            elif event is LineEvent.STOP_AND_SEND:
                found += [event, line.pop_text()]
            else:
                found.append(event)
    return found


@pytest.mark.parametrize(
    ("reads", "expected", "rest"),
    [
        pytest.param([b"Use UTC.\r"], ["Use UTC."], "", id="Enter sends"),
        pytest.param([b"a\rb\r", b"c"], ["a", "b"], "c", id="several in one read"),
        pytest.param([b"\r", b"  \r"], [], "  ", id="nothing isn't sent"),
        pytest.param([b"one\ntwo\x1b\rthree\r"], ["one\ntwo\nthree"], "", id="line breaks"),
        pytest.param(
            [b"\x1b[200~one\rtwo\x1b[201~", b"\r"], ["one\ntwo"], "", id="a paste sends nothing"
        ),
        pytest.param(["é".encode()[:1], "é".encode()[1:], b"\r"], ["é"], "", id="split character"),
        pytest.param([b"ab\x7fc"], [], "ac", id="backspace"),
        pytest.param([b"one two\x17"], [], "one ", id="Ctrl-W"),
        pytest.param([b"one two\x15x"], [], "x", id="Ctrl-U"),
        pytest.param([b"a\x1b[A\x1b[1;5C\x1bOPb"], [], "ab", id="cursor and function keys"),
        pytest.param([b"\x1b]11;rgb:0/0/0\x1b\\a\x1b[?62c"], [], "a", id="a terminal's replies"),
        pytest.param([b"a\x03b"], [], "b", id="Ctrl-C clears"),
        pytest.param([b"\x03"], [LineEvent.LEAVE], "", id="Ctrl-C on an empty line leaves"),
        pytest.param([b"a\x18b"], [LineEvent.STOP_AND_SEND, "a"], "b", id="Ctrl-X stops and sends"),
        pytest.param([b" \x18"], [], " ", id="Ctrl-X without a text does nothing"),
        pytest.param([b"\x1b[200~a\x18\x1b[201~"], [], "a", id="a paste stops nothing"),
        pytest.param([b"a\x01\x1ab"], [], "ab", id="other control characters"),
    ],
)
def test_keys_edit_a_message(
    reads: list[bytes], expected: list[str | LineEvent], rest: str
) -> None:
    line = MessageLine()
    assert (type_into(line, *reads), line.text) == (expected, rest)


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 200))
def test_no_input_breaks_the_line_or_draws_a_control_character(
    reads: list[bytes], cols: int
) -> None:
    line = MessageLine()
    type_into(line, *reads)
    drawn = line.draw("Message to Claude", cols)
    assert len(drawn) <= 6
    assert "Cc" not in {category(character) for part in drawn for character in part}


def test_a_long_message_shows_its_end() -> None:
    line = MessageLine()
    type_into(line, b"x" * 500 + b"the end")
    drawn = line.draw("Message to Claude", 40)
    assert len(drawn) == 6
    assert "".join(drawn).endswith("the end▏")
