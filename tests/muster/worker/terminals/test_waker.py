"""A thread that waits for sockets is woken from another one."""

import os
import select
import threading

from muster.worker.terminals.waker import Waker


def is_woken(waker: Waker, seconds: float = 0) -> bool:
    return bool(select.select([waker], [], [], seconds)[0])


def test_a_thread_that_waits_is_woken_until_it_has_noticed() -> None:
    waker = Waker()
    assert not is_woken(waker)
    threading.Thread(target=waker.wake).start()
    assert is_woken(waker, 10)
    waker.clear()
    assert not is_woken(waker)
    waker.close()


def test_waking_never_waits_however_often() -> None:
    waker = Waker()
    for _ in range(100_000):  # more than a pipe can hold
        waker.wake()
    assert is_woken(waker)
    waker.close()


def test_who_wakes_too_late_writes_into_nobody_elses_pipe() -> None:
    waker = Waker()
    waker.close()
    reading, writing = os.pipe()  # with the numbers that were the waker's
    waker.wake()
    assert not select.select([reading], [], [], 0)[0]
    os.close(reading)
    os.close(writing)
