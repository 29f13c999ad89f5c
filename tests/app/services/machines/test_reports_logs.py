"""Log bytes that come with reports: each is stored once, and none is missed unnoticed."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, Task
from app.services.logs import logs
from app.services.machines.orders import DesiredAction
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, log_frame, log_of, make_driven
from tests.factories import make_attempt
from tests.factories import make_task as a_task


def test_a_hole_in_the_log_is_answered_with_what_is_missing(
    machine: FakeMachine, task: Task
) -> None:
    outcome = machine.apply([], [log_frame(task, b"0123"), log_frame(task, b"89", 8)])
    key = (task.id, 1)
    assert (outcome.logs, outcome.gaps) == ({key: 4}, {key: 4})


PRINTED = b"one\ntwo, and three\n\nfour \xc3\xa9\n" * 3
WINDOWS = st.tuples(st.integers(0, 1), st.integers(0, len(PRINTED) - 1), st.integers(1, 40))


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(st.lists(WINDOWS, min_size=1, max_size=5), max_size=6))
def test_logs_are_the_sent_bytes_however_often_and_in_which_parts_they_come(
    admin: Developer, batches: list[list[tuple[int, int, int]]]
) -> None:
    """Of two attempts at once, each part any run of the text, also too early, twice, or across."""
    machine = make_driven(slots=2)
    two = [a_task(status=TaskStatus.RUNNING) for _ in range(2)]
    for task in two:
        make_attempt(task, machine.row)
    ids = [task.id for task in two]
    ends = [0, 0]
    for batch in batches:
        missing: dict[int, int] = {}
        for which, start, length in batch:
            if start > ends[which]:
                missing.setdefault(which, ends[which])
            elif which not in missing:  # what comes behind a hole is not looked at
                ends[which] = max(ends[which], min(start + length, len(PRINTED)))
        parts = [frames.Log(ids[i], 1, 0, at, 0, PRINTED[at : at + n]) for i, at, n in batch]
        outcome = machine.apply([], parts)
        assert outcome.logs == {(ids[i], 1): ends[i] for i in {i for i, _, _ in batch}}
        assert outcome.gaps == {(ids[i], 1): end for i, end in missing.items()}
    for task_id, end in zip(ids, ends, strict=True):
        attempt = db.session.get_one(Attempt, (task_id, 1))
        assert (attempt.log_bytes, attempt.log_lines) == (end, PRINTED[:end].count(b"\n"))
        raw = logs.raw_log(admin, task_id)
        assert b"".join(raw.read(0, raw.size)) == PRINTED[:end]


def test_log_bytes_for_which_a_stages_end_waits_end_the_stage(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, frames.StageFinished(stage_index=0, log_end=4, how="exit"))
    machine.apply([], [log_frame(task, b"do")])
    assert machine.orders() == []
    machine.apply([], [log_frame(task, b"ne", 2)])
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]


def test_a_range_declared_lost_in_the_same_batch_leaves_no_hole(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    behind = log_frame(task, b"89", 8)
    outcome = machine.report_on(task, frames.LogLost(0, 8), logs=[behind])
    if outcome.gaps:  # logs are stored before reports: it is asked for again, and taken then
        outcome = machine.apply([], [behind])
    assert outcome.logs == {(task.id, 1): 10}
    assert log_of(admin, task) == b"89"
