"""Inbox items, and what happens to them by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain import inbox
from app.domain.inbox import DefaultAction, InboxKind, MachineProblem, ProblemDetail
from app.domain.machine import MachineStatus
from app.domain.pipeline import GateKind
from app.domain.task import EventType

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
LATER_STILL = LATER + timedelta(hours=1)


def text(moment: datetime) -> str:
    return moment.isoformat()


def test_each_gate_is_of_one_kind() -> None:
    found = {kind: inbox.gates_of_kind(kind) for kind in inbox.QUESTION_KINDS}
    assert found == {
        InboxKind.GATE: (
            GateKind.CONFIRM,
            GateKind.CHOOSE,
            GateKind.INPUT,
            GateKind.BRANCH,
            GateKind.CHECKPOINT,
        ),
        InboxKind.QUESTION: (GateKind.QUESTION,),
        InboxKind.PERMISSION: (GateKind.PERMISSION,),
        InboxKind.BUDGET: (GateKind.BUDGET,),
    }


@pytest.mark.parametrize(
    ("kind", "expires", "then"),
    [
        (GateKind.CONFIRM, LATER, DefaultAction.FAILS),
        (GateKind.CONFIRM, None, DefaultAction.NOTHING),
        (GateKind.QUESTION, LATER, DefaultAction.CONTINUES),
        (GateKind.QUESTION, None, DefaultAction.NOTHING),
        (GateKind.PERMISSION, LATER, DefaultAction.CONTINUES),
        (GateKind.BUDGET, None, DefaultAction.NOTHING),
    ],
)
def test_what_becomes_of_a_gate(
    kind: GateKind, expires: datetime | None, then: DefaultAction
) -> None:
    assert inbox.default_action_of_gate(kind, expires) is then


WELL = {"agentType": "claude", "healthy": True}
SICK = {"agentType": "codex", "healthy": False, "reason": "auth_failure"}
ABSENT = SICK | {"reason": "binary_missing"}
BACK_SOON = SICK | {"degradedUntil": text(LATER)}
BACK = SICK | {"degradedUntil": text(NOW)}


@pytest.mark.parametrize(
    ("status", "connected", "by_us", "capabilities", "found"),
    [
        ("online", True, False, [WELL], []),
        ("online", True, False, [{"agentType": "acp"}, BACK, ABSENT], []),
        ("online", True, False, [WELL, SICK], [MachineProblem.AGENT]),
        ("online", True, False, [BACK_SOON], [MachineProblem.AGENT]),
        ("offline", False, False, [], [MachineProblem.OFFLINE]),
        ("draining", True, False, [], []),
        ("draining", False, False, [], [MachineProblem.OFFLINE]),
        ("drained", False, False, [], []),  # who drains a machine may turn it off
        ("drained", True, True, [], [MachineProblem.DISK_FULL]),
        (
            "draining",
            False,
            True,
            [SICK],
            [MachineProblem.OFFLINE, MachineProblem.DISK_FULL, MachineProblem.AGENT],
        ),
    ],
)
def test_what_is_wrong_with_a_machine(
    status: str,
    connected: bool,
    by_us: bool,
    capabilities: list[dict[str, Any]],
    found: list[MachineProblem],
) -> None:
    troubles = inbox.find_problems(
        MachineStatus(status), capabilities, NOW, connected=connected, is_drained_by_us=by_us
    )
    assert [each.reason for each in troubles] == found


OFFLINE = ProblemDetail(MachineProblem.OFFLINE)
FULL = ProblemDetail(MachineProblem.DISK_FULL)
FOR_EVER = ProblemDetail(MachineProblem.AGENT, "codex", "auth_failure")
FOR_A_WHILE = ProblemDetail(MachineProblem.AGENT, "codex", "rate_limit", LATER)
FOR_LONGER = ProblemDetail(MachineProblem.AGENT, "claude", "rate_limit", LATER_STILL)


@pytest.mark.parametrize(
    ("troubles", "lease", "at_work", "then", "at"),
    [
        ([OFFLINE], LATER, True, DefaultAction.REQUEUES, LATER),
        ([OFFLINE], LATER, False, DefaultAction.NOTHING, None),
        ([OFFLINE], NOW, True, DefaultAction.NOTHING, None),
        ([OFFLINE, FOR_A_WHILE], LATER, False, DefaultAction.NOTHING, None),
        ([FOR_A_WHILE, FOR_LONGER], LATER, True, DefaultAction.RECOVERS, LATER_STILL),
        ([FOR_A_WHILE, FOR_EVER], LATER, True, DefaultAction.NOTHING, None),
        ([FULL], LATER, True, DefaultAction.NOTHING, None),
        ([FULL, FOR_A_WHILE], LATER, True, DefaultAction.NOTHING, None),
    ],
)
def test_what_becomes_of_a_machine(
    troubles: list[ProblemDetail],
    lease: datetime | None,
    at_work: bool,
    then: DefaultAction,
    at: datetime | None,
) -> None:
    assert inbox.default_action_of_machine(troubles, lease, NOW, is_at_work=at_work) == (then, at)


@pytest.mark.parametrize(
    ("type_", "who"),
    [
        (EventType.SUSPENDED, "answering"),
        (EventType.CONFIRMED, "answering"),
        (EventType.CANCELLED, "answering"),
        (EventType.COMPLETED, "both"),
        (EventType.EGRESS_REFUSED, "both"),
        (EventType.RETRIED, "creating"),
        (EventType.FAILED, "both"),
        (EventType.REVIEWED, "both"),
        (EventType.STAGE_STARTED, "nobody"),
        (EventType.WORKSPACE, "nobody"),
    ],
)
def test_whose_inbox_an_event_changes(type_: EventType, who: str) -> None:
    answering = inbox.is_changed_by(type_, may_answer=True, is_creator=False)
    creating = inbox.is_changed_by(type_, may_answer=False, is_creator=True)
    assert (answering, creating) == (who in ("answering", "both"), who in ("creating", "both"))
    assert not inbox.is_changed_by(type_, may_answer=False, is_creator=False)


# ---- in short ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n \n\r\n", []),
        (b"a\nb\n", ["a", "b"]),
        ("$ \n  ~~~^^^^\n…\né\n".encode(), ["é"]),
        (b"\x1b[1;31mFAILED\x1b[0m tests\r\n", ["FAILED tests"]),
        (b"\x1b]0;a title\x07made\x1b(B it\n", ["made it"]),
        (b"12 %\r80 %\rdone\n", ["done"]),
        (b"\xff\xfebad\n", ["��bad"]),
        (b"x" * 900, ["x" * 300]),
        (b"".join(b"%d\n" % n for n in range(9)), ["3", "4", "5", "6", "7", "8"]),
    ],
)
def test_the_end_of_a_log_is_plain_and_short(data: bytes, lines: list[str]) -> None:
    assert inbox.last_lines(data) == lines


def line(type_: str, content: str = "x") -> dict[str, Any]:
    return {"type": type_, "oldLine": 1, "newLine": 1, "text": content}


@pytest.mark.parametrize(
    ("hunk", "shown"),
    [
        ("", ""),
        ("c", "c"),
        ("ccc-+ccc", "c-+"),
        ("+", "+"),
        ("cc--++++++++", "c--+++++"),
        ("c-ccc+cc", "c-ccc+"),
    ],
)
def test_of_a_hunk_the_first_changed_lines_are_quoted(hunk: str, shown: str) -> None:
    names = {"c": "context", "-": "deleted", "+": "added"}
    quoted = inbox.excerpt([line(names[each]) for each in hunk])
    assert [each["type"] for each in quoted] == [names[each] for each in shown]


def test_long_lines_are_cut() -> None:
    assert inbox.excerpt([line("added", "x" * 900)])[0]["text"] == "x" * 300
