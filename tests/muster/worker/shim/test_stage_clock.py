from math import inf

from muster.worker.shim.stage_clock import StageClock
from muster.worker.shim.token_bucket import TokenBucket


def test_a_clock_that_stood_still_ends_so_much_later() -> None:
    clock = StageClock(100.0)
    clock.pause(40.0)
    clock.pause(50.0)
    assert clock.ends_at == inf
    clock.resume(70.0)
    clock.resume(90.0)
    assert clock.ends_at == 130.0


def test_an_allowance_is_used_up_and_comes_back() -> None:
    allowance = TokenBucket(2, 10.0)
    assert [allowance.try_consume(now) for now in (0.0, 0.0, 1.0, 9.0, 12.0, 12.0)] == [
        *(True, True, False, False, True, False)
    ]
    assert [allowance.try_consume(1e6) for _ in range(3)] == [True, True, False]
