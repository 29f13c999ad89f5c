"""Violations of what is promised about tasks' own branches."""

import msgspec

from tests.chaos.history import History, Pushed
from tests.chaos.planted_violations import change_task

_REF = "refs/heads/muster/1"


def move(history: History, commit: str) -> None:
    history.pushes.append(Pushed(32.0, _REF, commit))
    branch = history.branches["muster/1"]
    history.add(msgspec.structs.replace(branch, commit=commit))


def a_tasks_branch_left_at_a_dead_attempts_commit(history: History) -> None:
    """The first attempt is thawed, and moves it when its task is completed already."""
    history.pushes.append(Pushed(31.5, "refs/heads/muster/1-1", "dead"))
    move(history, "dead")


def a_tasks_branch_moved_back_briefly(history: History) -> None:
    dead = Pushed(29.0, "refs/heads/muster/1-1", "dead")
    history.pushes[:0] = [dead, Pushed(29.1, "refs/heads/muster/1-2", "c1"),
                          Pushed(29.2, _REF, "c1"), Pushed(29.3, _REF, "dead")]  # fmt: skip


def a_tasks_branch_never_made(history: History) -> None:
    del history.branches["muster/1"]


def a_tasks_branch_at_what_no_attempt_pushed(history: History) -> None:
    move(history, "strange")
    move(history, "c1")


def a_result_that_does_not_say_that_the_branch_was_moved(history: History) -> None:
    change_task(history, 1, result={"commit": "c1", "pushed": True, "branch": None})


def a_question_about_a_branch_that_nobody_touched(history: History) -> None:
    history.tasks[3].events[4]["data"] = {"kind": "branch"}


def a_dead_attempts_commit_that_the_successor_moves_on(history: History) -> None:
    """No violation: of all that was pushed, the result is there in the end."""
    history.pushes.insert(0, Pushed(29.0, "refs/heads/muster/1-1", "dead"))
    history.pushes.insert(1, Pushed(29.1, _REF, "dead"))
