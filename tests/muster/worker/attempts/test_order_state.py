"""An order that comes again is not carried out twice, unless it could not be the first time."""

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author, Forget, Publish, Repo, RunStage, Stale, Stop
from muster.worker.attempts.order_state import AttemptOrder, OrderState
from muster.worker.journal.reported_progress import ReportedProgress
from muster.worker.shim.wire import ShimState

KEY = AttemptKey(7, 1)


def stage(index: int, run: int = 0) -> RunStage:
    return RunStage(
        *KEY,
        stage_index=index,
        run=run,
        stage_name="develop",
        kind="shell",
        text="true",
        variables={},
        agent="custom",
        timeout=60.0,
        repo=Repo("https://host/x", "main", "muster/7-1"),
        project="p",
        author=Author("Ada Dev", "ada@dev.example"),
    )


def is_new(noted: OrderState, order: AttemptOrder) -> bool:
    with noted.record_order(order) as new:
        return new


@pytest.mark.parametrize(
    ("order", "is_new_again"),
    [
        pytest.param(stage(0), False, id="run a stage"),
        pytest.param(Publish(*KEY), False, id="publish"),
        pytest.param(Forget(*KEY), False, id="forget"),
        pytest.param(Stop(*KEY, "cancelled"), True, id="stop"),
        pytest.param(Stale(*KEY), True, id="stale"),
    ],
)
def test_only_a_stop_is_answered_each_time(order: AttemptOrder, is_new_again: bool) -> None:
    noted = OrderState()
    assert is_new(noted, order)
    assert is_new(noted, order) == is_new_again


def test_stages_go_upwards_only() -> None:
    noted = OrderState()
    assert is_new(noted, stage(1))
    assert not is_new(noted, stage(0))
    assert is_new(noted, stage(2))


def test_the_next_run_of_a_stage_is_new_and_one_before_is_not() -> None:
    noted = OrderState()
    assert is_new(noted, stage(1))
    assert is_new(noted, stage(1, run=1))
    assert not is_new(noted, stage(1))
    assert not is_new(noted, stage(1, run=1))
    assert is_new(noted, stage(2))


def test_a_later_turn_goes_back_to_an_earlier_stage_once() -> None:
    noted = OrderState()
    assert is_new(noted, stage(2))
    assert is_new(noted, stage(1, run=1000))
    assert not is_new(noted, stage(2))
    assert not is_new(noted, stage(1, run=1000))
    assert is_new(noted, stage(2, run=1000))


@pytest.mark.parametrize("is_reported", [True, False])
def test_a_turn_that_an_earlier_daemon_began_is_not_begun_again(is_reported: bool) -> None:
    before = {"finished": 2, "checkpointed": 1}
    standing = ReportedProgress(started=2, **before)
    if is_reported:
        standing = ReportedProgress(started=1, started_run=1000, **before)
    noted = OrderState()
    noted.resume_from(ShimState(1, True, (), 0, 0, run=1000), standing)
    assert noted.state(standing) == "working"
    assert not is_new(noted, stage(1, run=1000))
    assert is_new(noted, stage(2, run=1000))


@pytest.mark.parametrize("order", [stage(0), Publish(*KEY), Forget(*KEY)], ids=type)
def test_what_found_no_thread_is_new_when_it_comes_again(order: AttemptOrder) -> None:
    noted = OrderState()
    with pytest.raises(RuntimeError), noted.record_order(order):
        raise RuntimeError("can't start new thread")
    assert is_new(noted, order)


def test_a_stop_stays_wanted_although_it_found_no_thread() -> None:
    noted = OrderState()
    with pytest.raises(RuntimeError), noted.record_order(Forget(*KEY)):
        raise RuntimeError("can't start new thread")
    assert noted.is_stopping


@pytest.mark.parametrize(
    ("shim", "standing"),
    [
        pytest.param(
            ShimState(2, True, (), 0, 0, run=1), ReportedProgress(started=1), id="to its shim"
        ),
        pytest.param(
            ShimState(2, False, (), 0, 0),
            ReportedProgress(started=2, started_run=1, finished=2, finished_run=1),
            id="to the journal",
        ),
        pytest.param(None, ReportedProgress(started=2, started_run=1), id="to the journal alone"),
        pytest.param(
            ShimState(None, False, (), 0, 0),
            ReportedProgress(started=2, started_run=1),
            id="to no stage",
        ),
    ],
)
def test_what_an_earlier_daemon_began_is_not_begun_again(
    shim: ShimState | None, standing: ReportedProgress
) -> None:
    noted = OrderState()
    noted.resume_from(shim, standing)
    assert not is_new(noted, stage(2))
    assert not is_new(noted, stage(2, run=1))
    assert is_new(noted, stage(2, run=2))
    assert is_new(noted, stage(3))


@pytest.mark.parametrize(
    ("begun", "never_began"), [((1, 0), stage(2)), ((2, 0), stage(2, run=1))], ids=["stage", "run"]
)
def test_what_was_reported_and_never_began_is_begun_again(
    begun: tuple[int, int], never_began: RunStage
) -> None:
    at, run = never_began.stage_index, never_began.run
    standing = ReportedProgress(
        started=at, started_run=run, finished=begun[0], finished_run=begun[1]
    )
    noted = OrderState()
    noted.resume_from(ShimState(begun[0], False, (), 0, 0, run=begun[1]), standing)
    assert noted.latest_run == begun
    assert noted.state(standing) == "waiting"
    assert is_new(noted, never_began)


@pytest.mark.parametrize(
    ("orders", "standing", "state"),
    [
        pytest.param([], ReportedProgress(), "waiting", id="nothing was ordered"),
        pytest.param([stage(0)], ReportedProgress(accepted=True), "working", id="a stage runs"),
        pytest.param([stage(0)], ReportedProgress(finished=0), "waiting", id="it has ended"),
        pytest.param(
            [stage(0), stage(0, 1)], ReportedProgress(finished=0), "working", id="it runs once more"
        ),
        pytest.param(
            [stage(0), Publish(*KEY)], ReportedProgress(finished=0), "publishing", id="it pushes"
        ),
        pytest.param(
            [stage(0)], ReportedProgress(finished=0, published=True), "published", id="pushed"
        ),
        *(
            pytest.param(
                [stage(0)],
                ReportedProgress(end_reason=over),
                "stopped" if over == "stopped" else "failed",
                id=over,
            )
            for over in ("stopped", "failed", "lost")
        ),
    ],
)
def test_an_attempt_stands_where_orders_and_reports_have_brought_it(
    orders: list[AttemptOrder], standing: ReportedProgress, state: str
) -> None:
    noted = OrderState()
    for order in orders:
        assert is_new(noted, order)
    assert noted.state(standing) == state
