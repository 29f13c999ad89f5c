"""/api/web/tasks/:id/recording: asciicast v2 of what the log holds."""

import json
from collections import deque
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.domain import asciicast
from app.domain.asciicast import Output, Resize
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer
from app.services.logs import logs, recordings, terminal_sizes
from app.services.logs.logs import LogSegment
from app.services.logs.terminal_sizes import TerminalResize
from tests.factories import make_attempt, make_developer, make_machine, make_task

Login = Callable[[Developer], dict[str, str]]
TEXT = "héllo 🎉\r\n\x1b[32m".encode() + b"\xff\xe2\x82"


def checked(cast: str) -> list[list[Any]]:
    """The events of a recording, held against the format's rules."""
    head, *events = [json.loads(line) for line in cast.split("\n")[:-1]]
    assert cast.endswith("\n")
    assert head["version"] == 2
    assert all(type(head[name]) is int for name in ("width", "height", "timestamp"))
    times = [event[0] for event in events]
    assert times == sorted(times)
    for at, code, shown in events:
        assert at >= 0
        assert code in {"o", "m", "r"}
        assert type(shown) is str
    return events


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1), st.binary() | st.just(TEXT))),
    st.integers(1, 5),
)
def test_what_is_shown_is_the_text_however_it_was_split(
    pieces: list[tuple[int, int, bytes]], size: int
) -> None:
    whole = b"".join(piece for _, _, piece in pieces)
    moments = [
        Output(at, stage, piece[start : start + size])
        for at, stage, piece in pieces
        for start in range(0, len(piece), size)
    ]
    recording = asciicast.Recording(str, 120, 40)
    lines = [*recording.lines(moments), *recording.finish()]
    shown = [json.loads(line) for line in lines]
    assert "".join(text for _, code, text in shown if code == "o") == whole.decode(
        "utf-8", "replace"
    )


def test_a_recording_has_stages_gaps_and_times(
    client: FlaskClient, login: Login, app: object
) -> None:
    headers = login(make_developer(role=SystemRole.ADMIN))
    attempt = make_attempt(make_task(), make_machine())
    path = f"/api/web/tasks/{attempt.task_id}/recording"
    logs.append(attempt, [LogSegment(0, 5, 0, b"a\xe2\x82"), LogSegment(3, 1500, 0, b"\xac")])
    logs.record_gap(attempt, 4, 10)
    logs.append(attempt, [LogSegment(10, 1400, 7, b"end")])
    db.session.commit()
    answer = client.get(path, headers=headers)
    assert answer.content_type == asciicast.CONTENT_TYPE
    assert checked(answer.text) == [
        [0.005, "m", "develop"],
        [0.005, "o", "a"],
        [1.5, "o", "€"],
        [1.5, "m", "6 bytes were lost here"],
        [1.5, "m", "stage 7"],
        [1.5, "o", "end"],
    ]
    assert f"task-{attempt.task_id}-1.cast" in answer.headers["Content-Disposition"]
    same = {**headers, "If-None-Match": answer.headers["ETag"]}
    assert client.get(path, headers=same).status_code == 304


def test_a_recording_has_the_sizes_that_somebody_gave_the_terminal(
    client: FlaskClient, login: Login, app: object
) -> None:
    """From the very byte on; each stage begins with the usual one."""
    attempt = make_attempt(make_task(), make_machine())
    logs.append(attempt, [LogSegment(0, 100, 0, b"one two"), LogSegment(7, 200, 0, b" three")])
    logs.append(attempt, [LogSegment(13, 300, 1, b"next"), LogSegment(17, 400, 2, b"last")])
    db.session.commit()
    for offset, cols, rows in [
        (4, 90, 30),
        (4, 80, 24),  # at once again
        (7, 80, 24),  # nothing new
        (17, 100, 50),
        (21, 10, 10),  # nothing came after
    ]:
        terminal_sizes.store_sizes(
            [TerminalResize(attempt.task_id, attempt.number, offset, cols, rows)]
        )
    headers = login(make_developer(role=SystemRole.ADMIN))
    answer = client.get(f"/api/web/tasks/{attempt.task_id}/recording", headers=headers)
    events = [event[1:] for event in checked(answer.text) if event[1] != "m"]
    assert events == [
        ["o", "one "],
        ["r", "80x24"],
        ["o", "two"],
        ["o", " three"],
        ["r", "120x40"],
        ["o", "next"],
        ["r", "100x50"],
        ["o", "last"],
    ]


@given(
    st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=6)), max_size=6),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 3)), max_size=6),
)
def test_sizes_change_no_byte_of_what_is_shown(
    outputs: list[tuple[int, bytes]], sizes: list[tuple[int, int]]
) -> None:
    waiting, at = deque((offset, cols, 1) for offset, cols in sorted(sizes)), 0
    moments: list[Output | Resize] = []
    for stage, data in outputs:
        moments += recordings._split_at_resizes(Output(0, stage, data), at, waiting)
        at += len(data)
    parts = [moment.data for moment in moments if isinstance(moment, Output)]
    assert b"".join(parts) == b"".join(data for _, data in outputs)
    assert all(offset >= at for offset, _, _ in waiting)
