"""/api/web/tasks/:id/recording: asciicast v2 of what the log holds."""

import json
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.domain import asciicast
from app.domain.asciicast import Output
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer
from app.services import logs
from app.services.logs import Piece
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
        assert code in {"o", "m"}
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
    recording = asciicast.Recording(str)
    lines = [*recording.lines(moments), *recording.end()]
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
    logs.append(attempt, [Piece(0, 5, 0, b"a\xe2\x82"), Piece(3, 1500, 0, b"\xac")])
    logs.lose(attempt, 4, 10)
    logs.append(attempt, [Piece(10, 1400, 7, b"end")])
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
