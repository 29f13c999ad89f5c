"""The checker of chaos runs: what is planted is caught, and what is allowed is not."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.chaos import planted_actions, planted_branches, planted_violations, sample_history
from tests.chaos.checker import check
from tests.chaos.history import Acted, Answered, Disruption, Frozen, History, TaskSeen
from tests.chaos.planted_violations import (
    change_log,
    change_run,
    change_task,
    its_machine_is_replaced,
    stopped,
)
from tests.chaos.rules.orphans import KILL_MAKER

PLANTED: list[tuple[Callable[[History], None], str]] = [
    (planted_violations.a_beat_after_the_successor, "overlap"),
    (planted_violations.a_beat_long_after_the_thaw, "overlap"),
    (planted_violations.a_thaw_of_another_machine, "overlap"),
    (planted_violations.a_run_that_began_after_the_freeze, "overlap"),
    (planted_violations.an_attempt_that_begins_after_its_successor, "attempt revived"),
    (planted_violations.a_stage_begun_twice, "stage begun twice"),
    (planted_violations.a_run_more_than_a_stage_was_stopped, "stage begun twice"),
    (
        planted_violations.a_beat_after_the_stage_was_stopped_in_its_middle,
        "outlived the word of its end",
    ),
    (planted_violations.an_answer_that_two_heard, "wrong answer heard"),
    (planted_violations.an_answer_that_nobody_gave_an_agent, "wrong answer heard"),
    (planted_violations.an_acknowledged_task_gone, "task lost"),
    (planted_violations.a_request_with_two_tasks, "task doubled"),
    (planted_violations.a_refused_task_made, "refused task made"),
    (planted_violations.a_task_of_no_request, "task from nowhere"),
    (planted_violations.a_task_that_waits_without_a_reason, "waits without a reason"),
    (planted_violations.a_task_that_waits_for_ever, "stuck"),
    (planted_violations.a_failure_without_cause, "unexplained failure"),
    (planted_actions.a_task_failed_by_a_sandbox_that_was_not_made, "unexplained failure"),
    (planted_actions.a_task_failed_by_a_sandbox_that_was_not_made, "work failed for a sandbox"),
    (planted_actions.an_attempt_lost_for_a_sandbox_that_was_not_made, "work failed for a sandbox"),
    (planted_violations.a_task_failed_by_a_killed_shim, "unexplained failure"),
    (planted_violations.a_stage_that_failed_although_it_did_not, "unexplained failure"),
    (planted_violations.a_cancel_that_nobody_asked_for, "unexplained cancel"),
    (planted_violations.a_byte_changed, "log differs from what was printed"),
    (planted_violations.a_byte_missing_at_the_end, "log differs from what was printed"),
    (planted_violations.bytes_missing_between_stages, "log differs from what was printed"),
    (planted_violations.bytes_that_nobody_printed, "log differs from what was printed"),
    (planted_violations.bytes_twice, "log differs from what was printed"),
    (planted_violations.less_than_the_terminal_took, "log differs from what was printed"),
    (planted_violations.a_gap_in_a_log, "log gap"),
    (planted_violations.a_log_missing, "log missing"),
    (planted_violations.a_log_other_than_its_machines, "log differs from the machine's"),
    (planted_violations.a_second_winner, "two winners"),
    (planted_violations.a_loser_told_that_it_won, "winner forgotten"),
    (planted_violations.a_winner_told_that_it_lost, "loser counted"),
    (planted_violations.an_answer_that_nobody_gave, "answer from nowhere"),
    (planted_violations.a_stage_told_the_losers_choice, "wrong answer told"),
    (planted_violations.a_stage_told_no_choice, "wrong answer told"),
    (planted_violations.a_branch_moved, "branch moved"),
    (planted_violations.a_result_of_the_first_attempt, "wrong result"),
    (planted_violations.a_result_without_its_branch, "result without a branch"),
    (planted_violations.a_result_without_the_first_stages_work, "work missing from the branch"),
    (planted_violations.a_result_with_work_of_an_unfinished_run, "work missing from the branch"),
    (planted_violations.a_failed_task_with_a_result, "result without completion"),
    (planted_violations.three_at_once_on_two_slots, "slots over-filled"),
    (planted_violations.a_slot_never_given_back, "slot kept"),
    (planted_violations.a_hole_in_the_events, "events"),
    (planted_violations.an_arrow_that_there_is_not, "events"),
    (planted_violations.a_state_that_no_event_led_to, "events"),
    (planted_violations.an_attempt_that_was_never_assigned, "events"),
    (planted_violations.a_published_commit_other_than_the_result, "events"),
    (planted_actions.a_cancel_without_its_event, "acts"),
    (planted_actions.a_cancel_that_was_refused_and_happened, "acts"),
    (planted_actions.an_act_that_the_audit_log_does_not_tell, "audit"),
    (planted_actions.an_act_that_the_audit_log_tells_twice, "audit"),
    (planted_actions.an_audit_log_that_is_empty, "audit"),
    (planted_actions.an_entry_about_a_task_that_there_is_not, "audit"),
    (planted_actions.an_act_under_a_name_that_is_not_its_persons, "wrong actor"),
    (planted_actions.an_answer_under_a_name_that_is_not_its_persons, "wrong actor"),
    (planted_actions.a_drain_that_the_audit_log_does_not_tell, "operator's audit"),
    (planted_actions.a_drain_that_nobody_asked_for, "operator's audit"),
    (planted_actions.a_drain_told_more_often_than_it_was_tried, "operator's audit"),
    (planted_actions.a_drain_that_was_refused_and_told, "operator's audit"),
    (planted_actions.a_machine_that_is_drained_and_was_taken_back, "machine other than its audit"),
    (
        planted_actions.a_machine_that_came_back_after_it_was_decommissioned,
        "machine other than its audit",
    ),
    (planted_actions.a_daemon_that_stays_when_it_is_decommissioned, "outlived its decommissioning"),
    (
        planted_actions.a_log_that_lacks_more_than_its_machine_had_to_send,
        "log differs from what was printed",
    ),
    (planted_actions.a_failure_by_a_decommissioning_that_there_was_not, "unexplained failure"),
    (planted_violations.a_daemon_that_died_by_itself, "died by itself"),
    (planted_violations.a_process_that_outlives_its_stage, "outlived its stage"),
    (planted_violations.a_stage_that_outlives_its_killed_shim, "outlived its room"),
    (planted_violations.a_stage_that_outlives_its_sandboxs_init, "outlived its room"),
    (planted_violations.a_stage_that_outlives_its_sandboxs_launcher, "outlived its room"),
    (planted_violations.a_beat_after_the_machine_told_the_end, "outlived the word of its end"),
    (planted_violations.a_beat_after_the_push, "outlived the word of its end"),
    (planted_violations.a_beat_after_the_lease_long_after_the_thaw, "outlived the word of its end"),
    (planted_violations.a_process_that_outlives_everything, "outlived everything"),
    (
        planted_branches.a_tasks_branch_left_at_a_dead_attempts_commit,
        "task's branch left behind",
    ),
    (planted_branches.a_tasks_branch_moved_back_briefly, "task's branch moved back"),
    (planted_branches.a_tasks_branch_never_made, "task's branch left behind"),
    (planted_branches.a_tasks_branch_at_what_no_attempt_pushed, "task's branch elsewhere"),
    (
        planted_branches.a_result_that_does_not_say_that_the_branch_was_moved,
        "task's branch not told",
    ),
    (planted_branches.a_question_about_a_branch_that_nobody_touched, "asked about its branch"),
]


@pytest.mark.parametrize(("plant", "rule"), PLANTED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_planted_violation_is_caught(
    tmp_path: Path, plant: Callable[[History], None], rule: str
) -> None:
    history = sample_history.history(tmp_path)
    plant(history)
    assert rule in {violation.rule for violation in check(history)}


def test_a_clean_history_passes(tmp_path: Path) -> None:
    assert check(sample_history.history(tmp_path)) == []


BEGINNINGS = ("started", "stage_started")


def an_unanswered_create_that_counted(history: History) -> None:
    description = sample_history.task(4, "", 0)["description"].replace("r4", "r5")
    history.add(TaskSeen(sample_history.task(5, "cancelled", 0, description=description),
                         sample_history.events("created", "cancelled")))  # fmt: skip
    history.acts.append(Acted("cancel", 5, 42, 42.1, 200))


def an_unanswered_answer_that_won(history: History) -> None:
    history.answers[0] = Answered(2, 1, "a1", "ann", "red", 7.0, 17.0)


def an_unanswered_cancel_that_happened(history: History) -> None:
    history.acts[0] = Acted("cancel", 4, 42, 52.0, by="bob")


def the_end_of_a_log_lost_with_its_machine(history: History) -> None:
    its_machine_is_replaced(history)
    change_run(history, 4, exit=None)
    failed = sample_history.events("created", "assigned:1", "started", "stage_started", "failed")
    failed[-1]["data"] = {"code": "machine_decommissioned"}
    history.add(TaskSeen(history.tasks[3].task, failed))
    change_log(history, (3, 1), b"3-")


def a_stage_killed_by_a_disruption(history: History) -> None:
    change_run(history, 4, exit=None)
    history.disruptions.append(Disruption(41, "kill stage", "m1", 3, 1))


def the_end_of_a_log_lost_with_its_shim(history: History) -> None:
    change_run(history, 4, exit=None)
    history.disruptions += [
        Disruption(41, "kill shim", "m1", 3, 1),
        Disruption(41, "kill stage", "m1", 3, 1),
    ]
    change_log(history, (3, 1), b"3-1-0")


def a_process_that_ends_within_its_grace(history: History) -> None:
    change_run(history, 4, beats=[40, 41, 42.5], led_until=41, left=[40.5, 42.5])


def a_process_that_was_frozen_when_its_stage_ended(history: History) -> None:
    history.frozen.append(Frozen("m1", 40.9, 50.0, 50.1))
    change_run(history, 4, beats=[40, 40.5, 40.8, 52.5], led_until=40.8, left=[40.5, 52.5])


def an_attempt_given_up_before_it_was_known_to_have_begun(history: History) -> None:
    """Its machine was silent, and its lease not over."""
    seen = history.tasks[1]
    events = [e for e in seen.events if e["attempt"] != 1 or e["type"] not in BEGINNINGS]
    events[3] |= sample_history.at(15.0) | {"data": {"uncounted": True}}
    history.add(TaskSeen(seen.task, [e | {"id": n} for n, e in enumerate(events, start=1)]))
    change_run(history, 0, beats=[1.0, 20.0], led_until=20.0)


def a_process_that_lives_on_where_there_are_no_sandboxes(history: History) -> None:
    """Its shim was killed, and so was the daemon that ends what a dead shim left."""
    history.machines["m1"] = msgspec.structs.replace(history.machines["m1"], sandbox="none")
    history.disruptions.append(Disruption(40.5, "kill shim", "m1", 3, 1))
    change_run(history, 4, beats=[40, 41, 48], led_until=41, left=[48])


def a_stage_killed_with_its_sandbox(history: History) -> None:
    change_run(history, 4, exit=None)
    history.disruptions.append(Disruption(41, KILL_MAKER, "m1", 3, 1))


def a_question_asked_again(history: History) -> None:
    """Its work was lost after the first answer, and once more before its second."""
    seen = history.tasks[2]
    asked, confirmed = seen.events[6], seen.events[7]
    words = ("resumed", "requeued", "assigned", "suspended", "requeued", "assigned", "suspended")
    lost = [asked | {"type": word} for word in words]
    again = confirmed | {"data": {"comment": "a3", "result": "green"}}
    story = [*seen.events[:8], *lost, again, *seen.events[8:]]
    history.add(TaskSeen(seen.task, [e | {"id": n} for n, e in enumerate(story, start=1)]))
    change_task(history, 2, attempt=3, branch="muster/2-3")
    for event in history.tasks[2].events[-2:]:
        event["attempt"] = 3
    branch = history.branches["muster/2-1"]
    history.add(msgspec.structs.replace(branch, name="muster/2-3"))


def a_stage_that_goes_on_after_it_was_stopped(history: History) -> None:
    stopped(history, 42)
    history.runs.pop()
    change_log(history, (3, 1), history.runs[-1].printed.read_bytes() * 2)


def a_question_in_the_middle_while_its_machine_is_silent(history: History) -> None:
    events = sample_history.events("created", "assigned:1", "started", "stage_started", "suspended",
                                   "machine_lost", "machine_back", "suspended", "confirmed",
                                   "resumed", "machine_lost", "machine_back", "suspended",
                                   "warning", "cancelled")  # fmt: skip
    for event in events:
        if event["type"] == "suspended":
            event["data"] = {"reason": "question"}
    events[8]["data"] = {"comment": "a9", "result": "as a9 says"}
    events[-2]["data"] = {"withdrawn": True}
    events[-1]["message"] = "cancelled by bob"
    history.add(TaskSeen(history.tasks[4].task, events))
    history.answers.append(Answered(4, 0, "a9", "ann", "as a9 says", 41, 41.1, 200))
    change_run(history, 5, heard=("as a9 says",))


@pytest.mark.parametrize(
    "allow",
    [
        a_stage_that_goes_on_after_it_was_stopped,
        a_question_in_the_middle_while_its_machine_is_silent,
        an_unanswered_create_that_counted,
        an_unanswered_answer_that_won,
        an_unanswered_cancel_that_happened,
        the_end_of_a_log_lost_with_its_machine,
        a_stage_killed_by_a_disruption,
        the_end_of_a_log_lost_with_its_shim,
        a_process_that_ends_within_its_grace,
        a_process_that_was_frozen_when_its_stage_ended,
        an_attempt_given_up_before_it_was_known_to_have_begun,
        a_process_that_lives_on_where_there_are_no_sandboxes,
        a_stage_killed_with_its_sandbox,
        a_question_asked_again,
        planted_branches.a_dead_attempts_commit_that_the_successor_moves_on,
    ],
    ids=lambda one: one.__name__,
)
def test_what_is_allowed_is_no_violation(tmp_path: Path, allow: Callable[[History], None]) -> None:
    history = sample_history.history(tmp_path)
    allow(history)
    assert check(history) == []
