"""Violations of what is promised about tasks, each planted into a sound history."""

from dataclasses import replace
from typing import Any

import msgspec

from tests.chaos import sample_history
from tests.chaos.history import (
    Acted,
    Answered,
    AuditSeen,
    Created,
    Disruption,
    History,
    LogSeen,
    Operated,
    Pushed,
    Survived,
    TaskSeen,
)
from tests.chaos.rules.orphans import KILL_FIRST, KILL_MAKER


def change_task(history: History, task_id: int, **changes: Any) -> None:
    seen = history.tasks[task_id]
    history.add(TaskSeen(seen.task | changes, seen.events))


def change_run(history: History, index: int, **changes: Any) -> None:
    history.runs[index] = replace(history.runs[index], **changes)


def change_log(history: History, whose: tuple[int, int], content: bytes) -> None:
    (history.directory / history.logs[whose].file).write_bytes(content)


def a_beat_after_the_successor(history: History) -> None:
    change_run(history, 0, beats=[1.0, 25.5, 31.5])


def a_beat_long_after_the_thaw(history: History) -> None:
    change_run(history, 0, beats=[1.0, 1.2, 33.5])


def a_thaw_of_another_machine(history: History) -> None:
    history.frozen[0] = msgspec.structs.replace(history.frozen[0], machine="m2")


def a_run_that_began_after_the_freeze(history: History) -> None:
    history.frozen[0] = msgspec.structs.replace(history.frozen[0], at=0.5)


def an_attempt_that_begins_after_its_successor(history: History) -> None:
    history.runs.append(sample_history.run(history.directory, 1, 1, 1, 29, 30))
    history.frozen.clear()
    change_run(history, 0, beats=[1.0, 1.2])


def a_stage_begun_twice(history: History) -> None:
    again = sample_history.run(history.directory, 3, 1, 0, 43, 44, pid=7, exit=7)
    history.runs.append(again)


def stopped(history: History, at: int) -> None:
    """Task 3's stage was stopped in its middle at that moment, and has gone on since."""
    events = sample_history.events("created",
                                   "assigned:1", "started", "stage_started", "suspended", "resumed",
                                   "stage_started", "stage_finished", "failed")  # fmt: skip
    events[4] |= sample_history.at(at) | {"data": {"reason": "quota"}}
    events[-1]["data"] = {"code": "stage_failed"}
    history.add(TaskSeen(history.tasks[3].task, events))
    change_run(history, 4, exit=None)
    for began in (43, 46):
        history.runs.append(
            sample_history.run(history.directory, 3, 1, 0, began, began + 1, exit=7)
        )


def a_run_more_than_a_stage_was_stopped(history: History) -> None:
    stopped(history, 42)


def a_beat_after_the_stage_was_stopped_in_its_middle(history: History) -> None:
    stopped(history, 42)
    history.runs.pop()
    change_run(history, 4, beats=[40, 41, 42.5], left=[42.5])


def an_answer_that_two_heard(history: History) -> None:
    change_run(history, 2, heard=("red",))
    change_run(history, 3, heard=("red",))


def an_answer_that_nobody_gave_an_agent(history: History) -> None:
    change_run(history, 3, heard=("blue",))


def an_acknowledged_task_gone(history: History) -> None:
    del history.tasks[3]


def a_request_with_two_tasks(history: History) -> None:
    twin = history.tasks[4]
    history.tasks[9] = TaskSeen(twin.task | {"id": 9}, twin.events)
    history.acts.append(Acted("cancel", 9, 42, 42.1, 200))


def a_refused_task_made(history: History) -> None:
    history.created[3] = Created("r4", "ann", 0, 0.1, 422)


def a_task_of_no_request(history: History) -> None:
    del history.created[3]


def a_task_that_waits_without_a_reason(history: History) -> None:
    history.add(TaskSeen(sample_history.task(3, "queued", 1), history.tasks[3].events))


def a_task_that_waits_for_ever(history: History) -> None:
    waits = {"reason": "slot", "nextAction": "dispatch", "at": None}
    history.add(
        TaskSeen(sample_history.task(3, "assigned", 1, waitingFor=waits), history.tasks[3].events)
    )


def a_failure_without_cause(history: History) -> None:
    history.tasks[3].events[-1]["data"] = {"code": "worker_failed"}


def a_task_failed_by_a_killed_shim(history: History) -> None:
    """A shim is the machine's: without it an attempt is lost, and its task goes on in another."""
    history.runs = [run for run in history.runs if run.task_id != 3]
    history.disruptions.append(Disruption(41, "kill shim", "m1", 3, 1))
    history.tasks[3].events[-1]["data"] = {"code": "worker_failed"}


def a_stage_that_failed_although_it_did_not(history: History) -> None:
    change_run(history, 4, exit=0)


def a_cancel_that_nobody_asked_for(history: History) -> None:
    history.acts.clear()


def a_byte_changed(history: History) -> None:
    change_log(history, (3, 1), b"3-1-0 pRinted\r\n")


def a_byte_missing_at_the_end(history: History) -> None:
    change_log(history, (3, 1), b"3-1-0 printed\r")


def bytes_missing_between_stages(history: History) -> None:
    change_log(history, (2, 1), b"2-1-0 print2-1-1 printed\r\n")


def bytes_that_nobody_printed(history: History) -> None:
    change_log(history, (2, 1), b"2-1-0 printed\r\n2-1-1 printed\r\nand more")


def bytes_twice(history: History) -> None:
    change_log(history, (3, 1), b"3-1-0 printed\r\n3-1-0 printed\r\n")


def less_than_the_terminal_took(history: History) -> None:
    change_log(history, (4, 1), b"4-1-")


def a_gap_in_a_log(history: History) -> None:
    history.add(LogSeen(3, 1, history.logs[3, 1].file, "4-8"))


def a_log_missing(history: History) -> None:
    del history.logs[3, 1]


def a_log_other_than_its_machines(history: History) -> None:
    (history.directory / "spool").write_bytes(b"3-1-0 printed\r\n and what was not sent")
    history.add(LogSeen(3, 1, "spool", on_machine=True))


def a_second_winner(history: History) -> None:
    events = history.tasks[2].events
    events.insert(8, events[7] | {"data": {"comment": "a3", "result": "green"}})
    for number, event in enumerate(events, start=1):
        event["id"] = number


def a_loser_told_that_it_won(history: History) -> None:
    history.answers[1] = Answered(2, 1, "a2", "bob", "blue", 7.0, 7.1, 200)


def a_winner_told_that_it_lost(history: History) -> None:
    history.answers[0] = Answered(2, 1, "a1", "ann", "red", 7.0, 7.1, 409, "already_answered")


def an_answer_that_nobody_gave(history: History) -> None:
    del history.answers[0]


def a_stage_told_the_losers_choice(history: History) -> None:
    change_run(history, 3, choice="blue")


def a_stage_told_no_choice(history: History) -> None:
    change_run(history, 3, choice="")


def a_branch_moved(history: History) -> None:
    history.pushes.append(Pushed(31.0, "refs/heads/muster/1-2", "other"))


def a_result_of_the_first_attempt(history: History) -> None:
    change_task(history, 1, branch="muster/1-1", result={"commit": "old", "pushed": True})


def a_result_without_its_branch(history: History) -> None:
    del history.branches["muster/1-2"]


def a_result_without_the_first_stages_work(history: History) -> None:
    del history.branches["muster/2-1"].marks["0"]


def a_result_with_work_of_an_unfinished_run(history: History) -> None:
    history.branches["muster/1-2"].marks["0"] = "mark-1-1-0"


def a_failed_task_with_a_result(history: History) -> None:
    change_task(history, 3, result={"commit": "c3", "pushed": True})


def three_at_once_on_two_slots(history: History) -> None:
    history.runs += [sample_history.run(history.directory, 3, 2, 0, 41.5, 43)]
    history.runs += [sample_history.run(history.directory, 2, 2, 0, 41.6, 43)]


def a_slot_never_given_back(history: History) -> None:
    history.machines["m1"] = msgspec.structs.replace(history.machines["m1"], used=1)


def a_hole_in_the_events(history: History) -> None:
    history.tasks[3].events[-1]["id"] = 7


def an_arrow_that_there_is_not(history: History) -> None:
    history.tasks[4].events[1]["type"] = "resumed"


def a_state_that_no_event_led_to(history: History) -> None:
    history.add(TaskSeen(sample_history.task(3, "completed", 1), history.tasks[3].events))


def an_attempt_that_was_never_assigned(history: History) -> None:
    change_task(history, 4, attempt=2)


def a_published_commit_other_than_the_result(history: History) -> None:
    history.tasks[1].events[-2]["data"] = {"commit": "other"}


def its_machine_is_replaced(history: History) -> None:
    history.retired.append(
        msgspec.structs.replace(history.machines["m1"], status="decommissioned", machine_id="old")
    )
    history.operated.append(Operated("decommission", "m1", "old", "o9", "ann", 40.5, 41.2, 200))
    history.audited.append(AuditSeen("machine.decommissioned", "ann", machine_id="old"))


def a_daemon_that_died_by_itself(history: History) -> None:
    history.disruptions.append(Disruption(41, "died by itself", "m1, exit code 1"))


def a_process_that_outlives_its_stage(history: History) -> None:
    """By more than it had to hear TERM and to be killed; nothing was told yet."""
    change_run(history, 4, beats=[40, 41, 44.5], led_until=41, left=[40.5, 44.5])


def a_stage_that_outlives_its_killed_shim(history: History) -> None:
    history.disruptions.append(Disruption(40.2, "kill shim", "m1", 3, 1))
    change_run(history, 4, beats=[40, 41], led_until=41)


def a_stage_that_outlives_its_sandboxs_init(history: History) -> None:
    history.disruptions.append(Disruption(40.2, KILL_FIRST, "m1", 3, 1))
    change_run(history, 4, beats=[40, 41], led_until=41)


def a_stage_that_outlives_its_sandboxs_launcher(history: History) -> None:
    history.disruptions.append(Disruption(40.2, KILL_MAKER, "m1", 3, 1))
    change_run(history, 4, beats=[40, 41], led_until=41)


def a_beat_after_the_machine_told_the_end(history: History) -> None:
    """At once: of its end a machine tells when nothing lives any more."""
    history.tasks[3].events[4] |= sample_history.at(41.2)
    change_run(history, 4, beats=[40, 41, 41.4], led_until=41, left=[41.4])


def a_beat_after_the_push(history: History) -> None:
    history.tasks[2].events[-2] |= sample_history.at(9.2)
    change_run(history, 3, beats=[8, 9, 9.4], led_until=9, left=[9.4])


def a_beat_after_the_lease_long_after_the_thaw(history: History) -> None:
    history.tasks[1].events[5] |= sample_history.at(24.0) | {"data": {"uncounted": False}}
    change_run(history, 0, beats=[1.0, 1.2, 34.5])


def a_process_that_outlives_everything(history: History) -> None:
    history.survivors.append(Survived(77, 3, 1, "sleep"))
