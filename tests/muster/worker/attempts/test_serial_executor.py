import threading
from functools import partial

import pytest

from muster.worker.attempts.serial_executor import SerialExecutor

LIMIT = 10.0


def no_rest() -> None:
    pytest.fail("nothing to rest from")


def test_what_is_added_is_done_in_order_by_one_thread_at_a_time() -> None:
    done: list[int] = []
    finished = threading.Event()
    executor = SerialExecutor("serial-executor", lingers=lambda: False, rest_after=0, rest=no_rest)
    for number in range(500):
        executor.add(lambda number=number: done.append(number))
    executor.add(finished.set)
    assert finished.wait(LIMIT)
    assert done == list(range(500))


def test_nothing_is_lost_where_the_thread_is_about_to_end() -> None:
    executor = SerialExecutor("serial-executor", lingers=lambda: False, rest_after=0, rest=no_rest)
    for _ in range(2_000):
        done = threading.Event()
        executor.add(done.set)
        assert done.wait(LIMIT)
    executor.join(LIMIT)
    assert "serial-executor" not in [thread.name for thread in threading.enumerate()]


def test_who_lingers_rests_and_then_holds_no_thread() -> None:
    warm, rested = threading.Event(), threading.Event()

    def rest() -> None:
        warm.clear()
        rested.set()

    executor = SerialExecutor("serial-executor", lingers=warm.is_set, rest_after=0.05, rest=rest)
    executor.add(warm.set)
    assert rested.wait(LIMIT)
    executor.join(LIMIT)
    done = threading.Event()
    executor.add(done.set)
    assert done.wait(LIMIT)


def test_what_waits_when_it_is_closed_is_not_done() -> None:
    going, done = threading.Event(), threading.Event()
    under_way = threading.Event()
    executor = SerialExecutor("serial-executor", lingers=lambda: False, rest_after=0, rest=no_rest)

    def act() -> None:
        under_way.set()
        going.wait(LIMIT)

    executor.add(act)
    executor.add(done.set)
    assert under_way.wait(LIMIT)
    executor.close()
    going.set()
    executor.join(LIMIT)
    executor.add(done.set)
    assert not done.is_set()


def test_who_has_something_carried_out_waits_for_it_and_for_what_was_there_before() -> None:
    done: list[str] = []
    executor = SerialExecutor("serial-executor", lingers=lambda: False, rest_after=0, rest=no_rest)
    executor.add(lambda: done.append("before"))
    executor.run_and_wait(lambda: done.append("this"), lambda: True)
    assert done == ["before", "this"]


def test_who_has_something_carried_out_waits_no_longer_than_it_is_awaited() -> None:
    going, late, awaited = threading.Event(), threading.Event(), iter([True, False])
    executor = SerialExecutor("serial-executor", lingers=lambda: False, rest_after=0, rest=no_rest)
    executor.add(partial(going.wait, LIMIT))
    executor.run_and_wait(late.set, lambda: next(awaited))
    assert not late.is_set()
    going.set()
    executor.join(LIMIT)
    assert late.is_set()


def test_an_act_that_fails_is_no_end_of_what_follows() -> None:
    done = threading.Event()
    executor = SerialExecutor("serial-executor", lingers=lambda: False, rest_after=0, rest=no_rest)
    executor.add(partial(int, "no number"))
    executor.add(done.set)
    assert done.wait(LIMIT)


def test_an_executor_that_cannot_rest_runs_later_functions() -> None:
    warm, failed, done = threading.Event(), threading.Event(), threading.Event()

    def rest() -> None:
        warm.clear()
        failed.set()
        raise OSError

    executor = SerialExecutor("serial-executor", lingers=warm.is_set, rest_after=0.05, rest=rest)
    executor.add(warm.set)
    assert failed.wait(LIMIT)
    executor.add(done.set)
    assert done.wait(LIMIT)
