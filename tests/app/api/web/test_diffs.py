"""/api/web/tasks/:id/diff and /files: what a task has changed, file by file."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.attempt import AttemptOutcome
from app.domain.diff import EXPIRED, DiffBase, FileStatus
from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Attempt, Content, Developer, Task
from app.services.changes import patch_sections
from app.services.clock import now
from tests.app.services.changes.change_reports import section
from tests.factories import (
    make_attempt,
    make_change,
    make_content,
    make_developer,
    make_gate,
    make_machine,
)
from tests.factories import make_task as a_task
from tests.factories.changes import COMMITS

Login = Callable[[Developer], dict[str, str]]
Ask = Callable[..., Any]
BASE, COMMIT = COMMITS
PATCH = {"Accept": "text/x-patch"}
IMAGES = {
    "image/png": b"\x89PNG\r\n\x1a\n\0",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a\0",
    "image/webp": b"RIFF\0\0\0\0WEBPVP8 ",
    "image/avif": b"\0\0\0\x1cftypavif",
    "text/plain": b"<svg onload='alert(1)'/>",
    "application/octet-stream": b"\0MZ",
}


@pytest.fixture
def task() -> Task:
    task = a_task()
    make_attempt(task, make_machine())
    return task


@pytest.fixture
def get(client: FlaskClient, login: Login) -> Ask:
    headers = login(make_developer(role=SystemRole.ADMIN))

    def get(task: Task, what: str = "diff", status: int = 200, **query: Any) -> Any:
        more = query.pop("headers", {})
        path = f"/api/web/tasks/{task.id}/{what}"
        answer = client.get(path, query_string=query, headers=headers | more)
        assert answer.status_code == status, answer.text[:500]
        return answer

    return get


def file_with_section(task: Task, path: str, *lines: str, **given: Any) -> dict[str, Any]:
    """A new file, of which the section is kept and ready to be shown."""
    data = section(path, *lines)
    content = make_content(task, data)
    content.hunks = patch_sections.encode_section(data)
    known = {"status": FileStatus.ADDED, "insertions": len(lines), "patch": content.id}
    return {"path": path, "old_mode": "", **known, **given}


def paths(answer: Any) -> list[str]:
    return [file["path"] for file in answer.json["files"]]


def test_a_diff_says_what_changed_line_by_line(get: Ask, task: Task) -> None:
    make_change(
        task, [file_with_section(task, "a.py", "x = 1", "é\r", generated=True, blob="b10b")]
    )
    assert get(task).json == {
        "taskId": task.id,
        "base": BASE,
        "commit": COMMIT,
        "since": "base",
        "round": 1,
        "attempt": 1,
        "stageIndex": 0,
        "partial": False,
        "leftOut": "",
        "filesChanged": 1,
        "insertions": 2,
        "deletions": 0,
        "nextOffset": None,
        "files": [
            {
                "path": "a.py",
                "oldPath": None,
                "status": "added",
                "insertions": 2,
                "deletions": 0,
                "binary": False,
                "generated": True,
                "blob": "b10b",
                "oldBlob": None,
                "mode": "100644",
                "oldMode": None,
                "leftOut": "",
                "hunks": [
                    {
                        "oldStart": 0,
                        "oldLines": 0,
                        "newStart": 1,
                        "newLines": 2,
                        "section": "",
                        "lines": [
                            {"type": "added", "oldLine": None, "newLine": 1, "text": "x = 1"},
                            {"type": "added", "oldLine": None, "newLine": 2, "text": "é\r"},
                        ],
                    }
                ],
            }
        ],
    }


def test_which_change_is_asked_for_by_stage_attempt_and_round(get: Ask, task: Task) -> None:
    for name, about in {
        "first": {},
        "second": {"stage_index": 1},
        "its stage": {"stage_index": 1, "since": DiffBase.STAGE},
        "third": {"stage_index": 2},
    }.items():
        make_change(task, [file_with_section(task, name)], **about)
    first = db.session.get_one(Attempt, (task.id, 1))
    first.ended_at, first.outcome = now(), AttemptOutcome.LOST
    task.round = 2
    make_attempt(task, make_machine())
    make_change(task, [file_with_section(task, "anew")])
    make_change(task, [file_with_section(task, "what is new")], since=DiffBase.ROUND)
    make_change(task, [file_with_section(task, "unfinished")], stage_index=1, is_complete=False)
    assert paths(get(task)) == ["anew"]
    assert paths(get(task, stage=1)) == ["its stage"]
    assert paths(get(task, attempt=1)) == ["third"]
    assert paths(get(task, round=1)) == ["third"]
    assert paths(get(task, round=2)) == ["what is new"]
    assert get(task, stage=0, status=404).json["code"] == "no_diff"
    assert get(task, round=2, attempt=1, status=404).json["code"] == "no_diff"


def test_where_nothing_is_known_it_is_said_why(get: Ask, task: Task) -> None:
    answer = get(task, status=404).json
    assert (answer["code"], answer["detail"]) == ("no_diff", "No stage has reported changes yet.")


def test_what_was_kept_for_its_time_is_gone(get: Ask, task: Task) -> None:
    make_change(task, left_out=EXPIRED)
    for what, query in (("diff", {}), ("files", {"path": "a", "commit": COMMIT})):
        answer = get(task, what, status=404, **query).json
        assert (answer["code"], "retention period" in answer["detail"]) == ("no_diff", True)


def test_one_file_is_found_by_either_name(get: Ask, task: Task) -> None:
    make_change(
        task, [file_with_section(task, "other"), file_with_section(task, "new", old_path="old")]
    )
    for name in ("new", "old"):
        assert paths(get(task, path=name)) == ["new"]
    assert get(task, path="none", status=404).json["code"] == "no_file"


def test_a_page_has_no_more_than_4_mib_and_says_where_it_goes_on(get: Ask, task: Task) -> None:
    line = "x" * 300_000
    make_change(
        task, [file_with_section(task, str(number), f"{number}{line}") for number in range(20)]
    )
    found: list[str] = []
    offset: int | None = 0
    while offset is not None:
        answer = get(task, offset=offset)
        assert len(answer.data) <= 4 << 20
        found += paths(answer)
        offset = answer.json["nextOffset"]
    assert found == [str(number) for number in range(20)]
    assert paths(get(task, offset=99)) == []


def test_files_of_which_no_hunks_are_kept_say_so(get: Ask, task: Task) -> None:
    long = file_with_section(task, "long", "")
    db.session.get_one(Content, (task.id, long["patch"])).hunks = patch_sections.NO_HUNKS
    make_change(task, [long, file_with_section(task, "short", "x")])
    assert [file["leftOut"] for file in get(task).json["files"]] == ["size", ""]
    make_change(task, [{"path": "a"}], left_out="files", stage_index=1)
    assert [file["leftOut"] for file in get(task).json["files"]] == ["files"]


def test_a_patch_is_what_git_apply_takes(get: Ask, task: Task, tmp_path: Path) -> None:
    files = [file_with_section(task, name, "x" * 200_000) for name in ("a", "dir/b c", "é")]
    make_change(task, files, patch_bytes=1)
    answer = get(task, headers=PATCH)
    assert answer.mimetype == "text/x-patch"
    subprocess.run(["git", "apply", "-"], input=answer.data, cwd=tmp_path, check=True)
    assert (tmp_path / "dir/b c").read_text() == "x" * 200_000 + "\n"
    one = get(task, path="é", headers=PATCH)
    assert one.data == section("é", "x" * 200_000)
    assert answer.data.endswith(one.data)


def test_a_patch_of_which_something_is_left_out_is_none(get: Ask, task: Task) -> None:
    make_change(task, [file_with_section(task, "a", "x"), {"path": "b"}], left_out="size")
    assert get(task, headers=PATCH, status=409).json["code"] == "patch_left_out"
    query = {"ignoreWhitespace": "true", "headers": PATCH}
    assert get(task, status=422, **query).json["code"] == "validation_failed"


def test_what_is_known_already_is_not_sent_again(get: Ask, task: Task) -> None:
    make_change(task, [file_with_section(task, "a", "x", blob=make_content(task, b"x\n").id)])
    file = {"what": "files", "path": "a", "commit": COMMIT}
    for query in ({}, {"path": "a"}, {"headers": PATCH}, file):
        first = get(task, **query)
        known = {"If-None-Match": first.headers["ETag"]}
        headers = query.get("headers", {}) | known  # type: ignore[attr-defined]
        assert get(task, **query | {"headers": headers}, status=304).data == b""
    headers = {"If-None-Match": get(task).headers["ETag"]}
    assert get(task, headers=headers | PATCH).data
    make_change(task, [file_with_section(task, "b", "x")], stage_index=1)
    assert paths(get(task, headers=headers)) == ["b"]


def test_where_white_space_is_ignored_only_the_rest_is_there(get: Ask, task: Task) -> None:
    def changed(path: str, old: str, new: str, **given: Any) -> dict[str, Any]:
        blobs = {"old_blob": make_content(task, old.encode()).id}
        blobs["blob"] = make_content(task, new.encode()).id
        return file_with_section(
            task, path, status=FileStatus.MODIFIED, old_mode="100644", **blobs, **given
        )

    gone = changed("gone", "a\n", "b\n") | {"old_blob": "0ff"}
    make_change(
        task,
        [
            changed("indented", "a\nb\n", "a\n  b\n"),
            changed("both", "a\nb\nc\n", "a\n  b\nd\n"),
            changed("mode", "a\n", " a\n", mode="100755"),
            changed("binary", "a\0", " a\0"),
            gone,
            file_with_section(task, "new", " x"),
        ],
    )
    assert len(paths(get(task))) == 6
    files = {file["path"]: file for file in get(task, ignoreWhitespace="true").json["files"]}
    assert list(files) == ["both", "mode", "binary", "gone", "new"]
    assert (files["both"]["insertions"], files["both"]["deletions"]) == (1, 1)
    assert [line["text"] for line in files["both"]["hunks"][0]["lines"]] == ["a", "  b", "c", "d"]
    assert files["mode"]["hunks"] == []
    assert [files[name]["leftOut"] for name in ("both", "binary", "gone", "new")] == [
        "",
        "contents",
        "contents",
        "",
    ]


@pytest.mark.parametrize("kind", IMAGES)
def test_a_file_is_shown_as_what_it_proves_to_be(kind: str, get: Ask, task: Task) -> None:
    make_change(task, [file_with_section(task, "a.png", blob=make_content(task, IMAGES[kind]).id)])
    answer = get(task, "files", path="a.png", commit=COMMIT)
    assert (answer.mimetype, answer.data) == (kind, IMAGES[kind])
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_is_there_as_it_was_at_either_commit(get: Ask, task: Task) -> None:
    old, new = make_content(task, b"old").id, make_content(task, b"new").id
    make_change(task, [file_with_section(task, "b", old_path="a", blob=new, old_blob=old)])
    assert get(task, "files", path="b", commit=COMMIT).data == b"new"
    assert get(task, "files", path="a", commit=BASE).data == b"old"
    for path, commit in (("a", COMMIT), ("b", BASE)):
        answer = get(task, "files", path=path, commit=commit, status=404)
        assert answer.json["code"] == "no_file"
    elsewhere = get(task, "files", path="b", commit="f" * 40, status=404)
    assert elsewhere.json["code"] == "no_diff"


def test_a_file_that_was_left_out_says_so(get: Ask, task: Task) -> None:
    make_change(task, [file_with_section(task, "a", blob="f" * 40)])
    answer = get(task, "files", path="a", commit=COMMIT, status=404)
    assert answer.json["code"] == "file_left_out"


def test_a_gate_says_where_what_it_asks_about_is_shown(get: Ask, task: Task) -> None:
    task.pipeline = task.pipeline * 2
    task.stage_index, task.status = 1, TaskStatus.SUSPENDED
    task.suspend_reason = SuspendReason.GATE
    numbers = {"filesChanged": 1, "insertions": 1, "deletions": 0}
    task.checkpoints = {"0": {"ref": "r", "commit": COMMIT, "diff": numbers}}
    make_gate(task)
    assert get(task, "pending-confirm").json["diff"] == {**numbers, "href": None}
    make_change(task, [file_with_section(task, "a", "x")])
    shown = get(task, "pending-confirm").json["diff"]
    assert shown == {**numbers, "href": f"/api/web/tasks/{task.id}/diff?attempt=1"}
    assert paths(get(task, attempt=1)) == ["a"]
