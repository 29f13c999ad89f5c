"""GET /api/web/tasks/:id/diff where comparing would take too long."""

from typing import Any

import pytest

from app.domain.diff import FileStatus
from app.domain.task import EventType
from app.extensions import db
from app.models import Task
from app.services.changes import comparison
from app.services.clock import now
from app.services.tasks import history
from muster.protocol import notes
from tests.app.api.web.test_diffs import Ask, file_with_section, get, task
from tests.factories.changes import COMMITS, make_change, make_content

__all__ = ["get", "task"]


def test_where_comparing_has_its_limits_white_space_counts_until_one_asks_again(
    get: Ask, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "a\n" * 2_000
    blobs: dict[str, Any] = {
        "old_blob": make_content(task, long.encode()).id,
        "blob": make_content(task, f" {long}".encode()).id,
    }
    make_change(
        task,
        [
            file_with_section(
                task, "long", "x", status=FileStatus.MODIFIED, old_mode="100644", **blobs
            )
        ],
    )
    monkeypatch.setattr(comparison, "compare", lambda *_: None)
    answer = get(task, ignoreWhitespace="true")
    [file] = answer.json["files"]
    assert file["leftOut"] == "limits"
    assert file["hunks"], "all that has changed"
    monkeypatch.undo()
    known = {"If-None-Match": answer.headers["ETag"]}
    again = get(task, ignoreWhitespace="true", headers=known)
    assert again.json["files"] == []
    known = {"If-None-Match": again.headers["ETag"]}
    get(task, ignoreWhitespace="true", headers=known, status=304)


def test_a_diff_that_takes_too_long_is_no_machine_of_an_earlier_release(
    get: Ask, task: Task
) -> None:
    task.checkpoints = {"0": {"commit": COMMITS[0]}}
    note = notes.CHANGES_UNKNOWN + "diff took longer than 60 s"
    history.record_event(task, EventType.WARNING, note, now())
    db.session.commit()
    detail = get(task, status=404).json["detail"]
    assert detail == "Its machine couldn't determine the changes: diff took longer than 60 s."
