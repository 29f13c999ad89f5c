"""Violations of what is promised about people's acts, on tasks and on machines."""

import msgspec

from tests.chaos.history import Acted, AuditSeen, Disruption, History
from tests.chaos.planted_violations import change_log, its_machine_is_replaced
from tests.chaos.rules.orphans import KILL_FIRST
from tests.chaos.rules.sandboxes import WORDS


def a_cancel_without_its_event(history: History) -> None:
    history.acts.append(Acted("cancel", 3, 42, 42.1, 200))


def a_cancel_that_was_refused_and_happened(history: History) -> None:
    history.acts[0] = Acted("cancel", 4, 42, 42.1, 409, "task_ended")


def an_act_that_the_audit_log_does_not_tell(history: History) -> None:
    history.audited.remove(AuditSeen("task.cancelled", "bob", 4))


def an_act_that_the_audit_log_tells_twice(history: History) -> None:
    history.audited *= 2


def an_audit_log_that_is_empty(history: History) -> None:
    history.audited.clear()


def an_entry_about_a_task_that_there_is_not(history: History) -> None:
    history.audited.append(AuditSeen("task.retried", "bob", 77))


def an_act_under_a_name_that_is_not_its_persons(history: History) -> None:
    history.acts[0] = msgspec.structs.replace(history.acts[0], by="eve")


def an_answer_under_a_name_that_is_not_its_persons(history: History) -> None:
    history.tasks[2].events[7]["message"] = "answered by joe: red"
    history.audited.append(AuditSeen("gate.answered", "joe", 2))


def a_drain_that_the_audit_log_does_not_tell(history: History) -> None:
    history.audited.remove(AuditSeen("machine.drained", "ann", machine_id="one"))


def a_drain_that_nobody_asked_for(history: History) -> None:
    history.audited.insert(0, AuditSeen("machine.drained", "eve", machine_id="one"))


def a_drain_told_more_often_than_it_was_tried(history: History) -> None:
    history.audited[:0] = [AuditSeen("machine.drained", "ann", machine_id="one")] * 2


def a_drain_that_was_refused_and_told(history: History) -> None:
    history.operated = [msgspec.structs.replace(o, status=409) for o in history.operated]


def a_machine_that_is_drained_and_was_taken_back(history: History) -> None:
    history.machines["m2"] = msgspec.structs.replace(history.machines["m2"], status="drained")


def a_machine_that_came_back_after_it_was_decommissioned(history: History) -> None:
    history.retired[0] = msgspec.structs.replace(history.retired[0], status="online")


def a_daemon_that_stays_when_it_is_decommissioned(history: History) -> None:
    history.disruptions.append(Disruption(41, "outlived its decommissioning", "m1"))


def a_log_that_lacks_more_than_its_machine_had_to_send(history: History) -> None:
    """It was decommissioned later, and the stage had been taken for finished."""
    its_machine_is_replaced(history)
    change_log(history, (3, 1), b"3-1-0")


def a_failure_by_a_decommissioning_that_there_was_not(history: History) -> None:
    history.operated.clear()
    history.audited = [entry for entry in history.audited if entry.task_id]
    history.tasks[3].events[-1]["data"] = {"code": "machine_decommissioned"}


def a_task_failed_by_a_sandbox_that_was_not_made(history: History) -> None:
    """Its stage has never begun, whatever was done to its machine."""
    history.runs.pop(4)
    history.disruptions.append(Disruption(39, "break rooms", "m1"))
    history.disruptions.append(Disruption(40, KILL_FIRST, "m1", 3, 1))
    history.tasks[3].events[-1]["data"] = {"code": "start_failed"}
    change_log(history, (3, 1), b"")


def an_attempt_lost_for_a_sandbox_that_was_not_made(history: History) -> None:
    event = history.tasks[3].events[-1]
    event |= {"type": "machine_lost", "message": f"m1 lost the attempt: bwrap: {WORDS}"}
    event["data"] = {"uncounted": False}
