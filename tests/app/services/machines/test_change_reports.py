"""What changed comes with reports: it is shown when it is whole, and only what is true of it."""

import zlib
from typing import Any

import pytest
import sqlalchemy as sa

from app.domain import storage_limits
from app.domain.diff import MAX_CONTENT_BYTES, DiffBase
from app.extensions import db
from app.models import Attempt, Change, Content, Developer, Task
from app.services import settings
from app.services.changes import change_queries
from app.services.tasks import tasks
from muster.protocol import frames
from tests.app.services.changes.change_reports import (
    BASE,
    COMMIT,
    added,
    changes,
    new_files,
    pieces,
    section,
)
from tests.app.services.fake_machine import FakeMachine, events_of, warnings_of
from tests.attacks.misbehaving_machine import audited_misbehavior, refused
from tests.factories import git_id


@pytest.fixture
def task(task: Task, machine: FakeMachine) -> Task:
    """One whose first stage has left a commit."""
    machine.report_on(task, frames.Checkpoint(0, f"refs/muster/{task.id}/1/0", COMMIT))
    return task


def paths(task: Task, **query: Any) -> list[str] | None:
    db.session.expire_all()
    found = change_queries.find_change(task, **query)
    return found and [file.path for file in change_queries.list_files(found)]


def rows(kind: Any = Content) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


# ---- what is kept --------------------------------------------------------------------------------


def test_what_a_machine_sends_is_kept(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, *new_files({"a b.py": ("x", "y"), "c": ("z",)}))
    change = change_queries.find_change(task)
    assert change is not None
    assert (change.base, change.commit, change.since, change.left_out) == (
        BASE,
        COMMIT,
        DiffBase.BASE,
        "",
    )
    assert (change.files_changed, change.insertions, change.deletions) == (2, 3, 0)
    [first, second] = change_queries.list_files(change)
    assert (first.path, second.path, first.insertions) == ("a b.py", "c", 2)
    assert change_queries.content(task.id, first.patch or "") == section("a b.py", "x", "y")
    assert not warnings_of(task)
    assert refused() == {}


def test_a_content_in_pieces_is_there_with_its_last_one(machine: FakeMachine, task: Task) -> None:
    data = bytes(range(256)) * 40
    first, *rest = pieces(data, 100)
    machine.report_on(task, first)
    assert change_queries.content(task.id, git_id(data)) is None
    machine.report_on(task, *rest)
    assert change_queries.content(task.id, git_id(data)) == data


def test_a_content_that_comes_again_is_stored_and_counted_once(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, *pieces(b"same"), *pieces(b"same"))
    once = db.session.get_one(Attempt, (task.id, 1)).stored_bytes
    machine.report_on(task, *pieces(b"same"))
    assert rows() == 1
    assert db.session.get_one(Attempt, (task.id, 1)).stored_bytes == once


def test_a_content_that_stopped_in_its_middle_begins_anew(machine: FakeMachine, task: Task) -> None:
    half, *_ = pieces(b"x" * 5_000 + bytes(range(256)), 100)
    machine.report_on(task, half, *pieces(b"x" * 5_000 + bytes(range(256)), 50))
    assert change_queries.content(task.id, half.id) is not None


def test_a_change_in_parts_is_seen_when_it_is_whole(machine: FakeMachine, task: Task) -> None:
    *contents, _ = new_files({"a": ("1",), "b": ("2",), "c": ("3",)})
    machine.report_on(task, *contents, changes(added("a", "1"), added("b", "2"), total=3))
    assert paths(task) is None
    machine.report_on(task, changes(added("c", "3"), first=2, total=3))
    assert paths(task) == ["a", "b", "c"]


def test_a_repeated_change_takes_the_place_of_the_former(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, *new_files({"a": ("1",)}))
    *contents, whole = new_files({"b": ("1",), "c": ("1",)})
    machine.report_on(task, *contents, changes(added("b", "1"), total=2))
    assert paths(task) == ["a"], "the former is seen until the new one is whole"
    machine.report_on(task, whole)
    assert paths(task) == ["b", "c"]
    assert rows(Change) == 1


def test_what_a_tunnel_changed_while_the_task_waited_is_kept(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, *new_files({"a": ("1",)}))
    machine.report_finished(task, 0)
    assert paths(task) == ["a"]


def test_nothing_changed_is_a_change_of_no_files(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, changes())
    assert paths(task) == []


# ---- lies ----------------------------------------------------------------------------------------

TRUE = b"the truth, the whole truth"
BOMB = zlib.compress(b"\0" * (64 << 20))
LIES = {
    "another id": pieces(TRUE, id=git_id(b"another")),
    "a smaller size": pieces(TRUE, size=len(TRUE) - 1),
    "a larger size": pieces(TRUE, size=len(TRUE) + 1),
    "no zlib": [frames.Content(git_id(TRUE), len(TRUE), 4, 0, b"lies")],
    "bytes behind": [
        frames.Content(git_id(TRUE), len(TRUE), len(zlib.compress(TRUE)) + 1, 0,
                       zlib.compress(TRUE) + b"x")
    ],
    "cut short": [
        frames.Content(git_id(TRUE), len(TRUE), len(zlib.compress(TRUE)) - 4, 0,
                       zlib.compress(TRUE)[:-4])
    ],
    "a bomb": [frames.Content(git_id(b""), 26, len(BOMB), 0, BOMB)],
    "a middle": pieces(TRUE, 10)[1:],
    "a hole": pieces(TRUE, 10)[::2],
    "two of one": [pieces(TRUE, 10)[0], pieces(TRUE, 10, size=3)[1]],
    "nothing": [frames.Content(git_id(TRUE), 1, 1, 0, b"")],
    "more than it says": [frames.Content(git_id(TRUE), 1, 3, 0, b"four")],
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_content_that_differs_from_its_id_is_rejected(
    lie: list[frames.Content], machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, *lie, *lie)
    assert change_queries.content(task.id, lie[0].id) is None
    assert refused().keys() == {"forged"}
    assert [entry["reason"] for entry in audited_misbehavior()] == ["forged"]
    assert len(warnings_of(task)) == 1, "it is recorded once"
    machine.report_on(task, *pieces(TRUE))
    assert change_queries.content(task.id, git_id(TRUE)) == TRUE, "the truth is still heard"


def test_a_content_that_is_too_large_is_not_kept(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, *pieces(b"x", size=MAX_CONTENT_BYTES + 1))
    assert (rows(), refused()) == (0, {"limit_exceeded": 1})


A = added("a", "1")
FALSE = {
    "a commit that no checkpoint has": changes(A, commit="f00d" + "0" * 36),
    "no content": changes(added("a", "9")),
    "a section left out": changes(added("a", "1", patch=None)),
    "one path twice": changes(A, added("a", "2")),
    "one section twice": changes(A, added("b", patch=A.patch)),
    "more files than all": changes(A, total=0),
    "a part of nothing": changes(A, first=1, total=2),
    "no file of many": changes(total=2),
    "no name": changes(added("a\0", "1")),
    "the middle of another": changes(A, partial=True),
}


@pytest.mark.parametrize("lie", FALSE.values(), ids=FALSE)
def test_an_impossible_change_is_rejected(
    lie: frames.Changes, machine: FakeMachine, task: Task
) -> None:
    *contents, honest = new_files({"a": ("1",), "b": ("1",)})
    machine.report_on(task, *contents, *pieces(section("a", "2")))
    machine.report_on(task, lie, lie)
    assert paths(task) is None
    assert refused() == {"forged": 2}
    assert len(warnings_of(task)) == 1
    machine.report_on(task, honest)
    assert paths(task) == ["a", "b"]


@pytest.mark.parametrize(
    "part",
    [
        changes(added("b", "1"), first=1, total=3),
        changes(added("b", "1"), first=2, total=2),
        changes(added("b", "1"), first=1, total=2, base=COMMIT),
        changes(added("a", "1"), first=1, total=2),
    ],
    ids=["of more", "behind a hole", "of another base", "a path again"],
)
def test_a_part_that_does_not_continue_is_rejected(
    part: frames.Changes, machine: FakeMachine, task: Task
) -> None:
    *contents, _ = new_files({"a": ("1",), "b": ("1",)})
    machine.report_on(task, *contents, changes(A, total=2), part)
    assert (paths(task), refused()) == (None, {"forged": 1})
    machine.report_on(task, changes(added("b", "1"), first=1, total=2))
    assert paths(task) == ["a", "b"]


@pytest.mark.parametrize("given", [{"stage_index": 1}, {"run": 1}, {"stage_index": 1 << 30}])
def test_a_change_of_a_stage_that_was_not_ordered_has_no_effect(
    given: dict[str, int], machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, *pieces(section("a", "1")), changes(A, **given))
    assert (rows(Change), refused()) == (0, {"unordered": 1})


def test_ten_thousand_and_one_files_are_too_many(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, changes(A, total=10_001))
    assert (rows(Change), refused()) == (0, {"limit_exceeded": 1})


def test_a_patch_of_more_than_ten_mebibytes_is_not_kept(machine: FakeMachine, task: Task) -> None:
    sections = {name: section(name, name * (6 << 20)) for name in "ab"}
    contents = [piece for data in sections.values() for piece in pieces(data)]
    files = [added(name, patch=git_id(data)) for name, data in sections.items()]
    machine.report_on(
        task, *contents, changes(files[0], total=2), changes(files[1], first=1, total=2)
    )
    assert (paths(task), refused()) == (None, {"limit_exceeded": 1})


def test_an_ended_attempt_changes_nothing_and_nobody_is_told(
    machine: FakeMachine, task: Task, admin: Developer
) -> None:
    tasks.cancel(admin, task.id)
    before = events_of(task)
    machine.report_on(task, *new_files({"a": ("1",)}))
    assert (rows(), rows(Change), events_of(task)) == (0, 0, before)
    assert refused() == {"ended": 2}


def test_no_machine_names_what_another_task_keeps(
    machine: FakeMachine, task: Task, admin: Developer
) -> None:
    machine.report_on(task, *new_files({"a": ("1",)}))
    assert change_queries.content(task.id + 1, A.patch or "") is None


def test_what_is_kept_counts_and_where_it_is_full_the_numbers_stay(
    machine: FakeMachine, task: Task, admin: Developer
) -> None:
    settings.update(admin, {"maxLogMegabytes": 1})
    settings.value("maxLogMegabytes")
    attempt = db.session.get_one(Attempt, (task.id, 1))
    attempt.stored_bytes = (1 << 20) - storage_limits.storage_cost(300)
    db.session.commit()
    noise = section("big", *(format(n * 7**40 % 10**30) for n in range(1_000)))
    machine.report_on(
        task, *pieces(noise), changes(added("big", patch=git_id(noise), insertions=1_000))
    )
    change = change_queries.find_change(task)
    assert change is not None
    assert (change.left_out, change.insertions) == ("size", 1_000)
    assert [file.patch for file in change_queries.list_files(change)] == [None]
    assert refused() == {"limit_exceeded": 1}
