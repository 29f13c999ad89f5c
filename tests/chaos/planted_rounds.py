"""Violations of what is promised about rounds, reviews and a task's own branch."""

import copy
from typing import Any

import msgspec

from tests.chaos.history import History, TaskSeen
from tests.chaos.planted_violations import change_run, change_task
from tests.chaos.sample_rounds import TASK


def rows_of(history: History, what: str) -> list[dict[str, Any]]:
    """A copy of them that is in the history, to be changed."""
    kept = history.reviews[TASK]
    rows: list[dict[str, Any]] = copy.deepcopy(getattr(kept, what))
    history.reviews[TASK] = msgspec.structs.replace(kept, **{what: rows})
    return rows


def change_request(history: History, index: int, **changes: Any) -> None:
    history.review_requests[index] = msgspec.structs.replace(
        history.review_requests[index], **changes
    )


def add_event(history: History, like: int, at: int, **changes: Any) -> None:
    seen = history.tasks[TASK]
    events = [*seen.events[:at], seen.events[like] | changes, *seen.events[at:]]
    numbered = [event | {"id": number} for number, event in enumerate(events, start=1)]
    history.add(TaskSeen(seen.task, numbered))


# Rounds


def a_hole_in_the_rounds(history: History) -> None:
    change_task(history, TASK, round=3)


def a_round_of_another_number(history: History) -> None:
    history.tasks[TASK].events[9]["data"] |= {"round": 3}


def a_follow_up_that_begins_two_rounds(history: History) -> None:
    data = history.tasks[TASK].events[9]["data"] | {"round": 3}
    add_event(history, 9, 10, data=data)
    change_task(history, TASK, round=3)


def a_round_that_is_completed_twice(history: History) -> None:
    add_event(history, 7, 8)


def a_follow_up_lost(history: History) -> None:
    rows_of(history, "follow_ups").pop()


def a_follow_up_doubled(history: History) -> None:
    rows = rows_of(history, "follow_ups")
    rows.append(rows[1] | {"id": 3, "number": 3})


def a_follow_up_that_was_told_another_id(history: History) -> None:
    change_request(history, 4, made=12)


def a_follow_up_that_was_refused_and_made(history: History) -> None:
    change_request(history, 4, status=409)


def a_follow_up_of_nobodys(history: History) -> None:
    del history.review_requests[4]


def a_follow_up_that_waits_for_ever(history: History) -> None:
    rows_of(history, "follow_ups")[1]["state"] = "queued"
    change_task(history, TASK, followUpsQueued=1)


def a_follow_up_taken_back_by_nobody(history: History) -> None:
    del history.review_requests[6]


def a_follow_up_that_was_taken_back_and_begins(history: History) -> None:
    rows_of(history, "follow_ups")[1] |= {"state": "started", "round": 3}


def follow_ups_that_begin_out_of_order(history: History) -> None:
    rows = rows_of(history, "follow_ups")
    rows[0] |= {"round": 3}
    rows[1] |= {"state": "started", "round": 2}


def a_stage_that_was_told_of_the_round_before(history: History) -> None:
    change_run(history, -1, request="r6")


def a_stage_that_was_told_another_number(history: History) -> None:
    change_run(history, -1, round=1)


# Reviews


def a_comment_lost(history: History) -> None:
    rows_of(history, "threads")[0]["comments"].pop(0)


def a_comment_doubled(history: History) -> None:
    comments = rows_of(history, "threads")[0]["comments"]
    comments.append(comments[0] | {"id": 10})


def a_comment_left_behind_its_review(history: History) -> None:
    rows_of(history, "threads")[0]["comments"][0] |= {"draft": True}


def a_review_without_one_of_its_comments(history: History) -> None:
    rows_of(history, "threads")[0]["comments"][0]["reviewId"] = None


def a_review_lost(history: History) -> None:
    rows_of(history, "reviews").clear()


def a_review_submitted_twice(history: History) -> None:
    rows = rows_of(history, "reviews")
    rows.append(rows[0] | {"id": 5, "comments": 0})


def a_review_told_twice(history: History) -> None:
    add_event(history, 8, 9)


def a_reply_lost(history: History) -> None:
    rows_of(history, "threads")[0]["comments"].pop()


def a_reply_doubled(history: History) -> None:
    comments = rows_of(history, "threads")[0]["comments"]
    comments.append(comments[2] | {"id": 10})


def a_reply_of_nobodys(history: History) -> None:
    rows_of(history, "threads")[0]["comments"][2]["body"] = "no"


def a_follow_up_that_the_audit_log_does_not_tell(history: History) -> None:
    history.audited = [one for one in history.audited if one.action != "task.followed_up"]


PLANTED = [
    (a_hole_in_the_rounds, "rounds"),
    (a_round_of_another_number, "rounds"),
    (a_follow_up_that_begins_two_rounds, "round of no follow-up"),
    (a_round_that_is_completed_twice, "round completed twice"),
    (a_follow_up_lost, "follow_up lost"),
    (a_follow_up_doubled, "follow_up doubled"),
    (a_follow_up_that_was_told_another_id, "follow_up told as another"),
    (a_follow_up_that_was_refused_and_made, "follow_up refused and made"),
    (a_follow_up_of_nobodys, "follow_up from nowhere"),
    (a_follow_up_that_waits_for_ever, "follow-up stuck"),
    (a_follow_up_taken_back_by_nobody, "follow-up withdrawn by nobody"),
    (a_follow_up_that_was_taken_back_and_begins, "follow-up begun that was taken back"),
    (follow_ups_that_begin_out_of_order, "follow-ups out of order"),
    (a_stage_that_was_told_of_the_round_before, "wrong round told"),
    (a_stage_that_was_told_another_number, "wrong round told"),
    (a_comment_lost, "comment lost"),
    (a_comment_doubled, "comment doubled"),
    (a_comment_left_behind_its_review, "comment left behind"),
    (a_review_without_one_of_its_comments, "review without its comments"),
    (a_review_lost, "review lost"),
    (a_review_submitted_twice, "review doubled"),
    (a_review_told_twice, "review without its event"),
    (a_reply_lost, "reply lost"),
    (a_reply_doubled, "reply doubled"),
    (a_reply_of_nobodys, "reply from nowhere"),
    (a_follow_up_that_the_audit_log_does_not_tell, "audit"),
]
