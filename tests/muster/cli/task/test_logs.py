"""A followed log: every byte once, including those before and after the stream."""

import base64
import json

import httpx
import pytest

from tests.muster.cli.shell import SERVER, CommandResult, Shell

LOG = b"one\ntwo\nthree\nf\xc3\xbcr"


def follow_log(*options: str, log: bytes = LOG, lost: str = "", before: int = 4) -> CommandResult:
    """The stream starts after `before` bytes, sends a chunk that overlaps them, and reports the
    task's end before the last chunk.
    """
    skipped = 0
    if lost:
        start, end = map(int, lost.split("-"))
        skipped = end - start
    states = iter([{"id": 7, "status": "running"}, {"id": 7, "status": "completed"}])
    middle = log[2:9]
    piece = {"attempt": 1, "offset": 2 + skipped, "data": base64.b64encode(middle).decode()}
    hello = {"events": 0, "logs": {"1": before + skipped}, "transcripts": {}}
    events = [("hello", hello), ("log", piece), ("events", [{"id": 1, "type": "completed"}])]
    stream = "".join(f"event: {name}\nid: 1\ndata: {json.dumps(data)}\n\n" for name, data in events)

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/stream"):
            return httpx.Response(200, text=stream)
        if path.endswith("/raw"):
            range_header = request.headers.get("Range")
            if range_header is None:
                headers = {"X-Log-Gaps": lost} if lost else {}
                return httpx.Response(200, content=log[:before], headers=headers)
            begin = int(range_header.removeprefix("bytes=").removesuffix("-"))
            rest = log[begin:]
            return httpx.Response(206, content=rest) if rest else httpx.Response(416, json={})
        return httpx.Response(200, json=next(states))

    return Shell(answer)("--server", SERVER, "task", "logs", "7", "--follow", *options)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("lost", ["", "1-3"])
@pytest.mark.parametrize("before", [2, 4, 9, 12])
def test_each_byte_is_written_once(before: int, lost: str) -> None:
    result = follow_log("--raw", before=before, lost=lost)
    assert (result.status, result.bytes) == (0, LOG)


@pytest.mark.usefixtures("home")
def test_half_a_line_and_half_a_letter_are_waited_for() -> None:
    assert follow_log().out == "one\ntwo\nthree\nfür\n"


@pytest.mark.usefixtures("home")
def test_a_log_that_nothing_follows_is_over() -> None:
    assert follow_log("--raw", log=LOG[:9]).bytes == LOG[:9]
