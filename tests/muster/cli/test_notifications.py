"""Watching notifications."""

import httpx
import pytest

from muster.cli import errors
from tests.muster.cli.shell import SERVER, Shell

HELLO = 'event: hello\nid: 1:\ndata: {"unreadCount": 0}\n\n'
NEWS = (
    'event: update\nid: 2:\ndata: {"notifications": [{"title": "Sign it?", "body": "In APP",'
    ' "createdAt": "2030-01-01T00:00:00.000Z"}], "events": []}\n\n'
)


@pytest.mark.usefixtures("home")
def test_watching_says_that_it_waits_and_then_prints_notifications() -> None:
    streams = iter([HELLO + NEWS, HELLO])

    def answer(_: httpx.Request) -> httpx.Response:
        try:
            return httpx.Response(200, text=next(streams))
        except StopIteration:
            raise KeyboardInterrupt from None

    result = Shell(answer)("--server", SERVER, "notifications", "watch")
    assert result.status == errors.INTERRUPTED
    assert result.err.count("Press Ctrl-C to stop.") == 1
    assert "Sign it?" in result.out
