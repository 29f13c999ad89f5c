"""A stream's lines as events."""

from muster.cli.sse import Event, events


def test_events_have_a_name_data_and_the_id_to_come_back_with() -> None:
    lines = ["retry: 2000", "", ": here", "event: hello", "id: 3:", 'data: {"events":', "data: 3}"]
    assert list(events([*lines, "", "id: 4:", "", "event: log", "data: x", ""])) == [
        Event("hello", {"events": 3}, "3:"),
        Event("log", "x", "4:"),
    ]


def test_half_an_event_at_the_end_is_none() -> None:
    assert list(events(["event: hello", "data: 1"])) == []
