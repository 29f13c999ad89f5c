"""Split a stream into lines, and parse lines into events."""

import pytest

from muster.cli.errors import CliError
from muster.cli.sse import HEARTBEAT, Event, parse_events, split_lines


def test_events_have_a_name_data_and_the_id_to_come_back_with() -> None:
    lines = ["retry: 2000", "", ": here", "event: hello", "id: 3:", 'data: {"events":', "data: 3}"]
    assert list(parse_events([*lines, "", "id: 4:", "", "event: log", 'data: "x"', ""])) == [
        HEARTBEAT,
        Event("hello", {"events": 3}, "3:"),
        Event("log", "x", "4:"),
    ]


def test_half_an_event_at_the_end_is_none() -> None:
    assert list(parse_events(["event: hello", "data: 1"])) == []


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_lines_end_by_a_line_feed_alone_however_the_bytes_come(size: int) -> None:
    text = 'data: "a\u2028b\u2029c\x85d\u000be"'
    stream = f"{text}\r\n\nid: 1\nhalf".encode()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert list(split_lines(pieces)) == [text, "", "id: 1"]


def test_data_that_is_no_json_is_said_to_be_none() -> None:
    with pytest.raises(CliError, match="invalid JSON"):
        list(parse_events(["event: update", "data: {", ""]))
