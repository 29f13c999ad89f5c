"""Daemon threads survive exceptions, and log them."""

import threading
from typing import Any

import pytest

from app import background_threads


class Log:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, dict[str, Any]]] = []

    def warning(self, event: str, **about: Any) -> None:
        self.said.append(("warning", event, about))

    def exception(self, event: str, **about: Any) -> None:
        self.said.append(("exception", event, about))


class Away(Exception):
    """A service is away."""


class FarAway(Away):
    """Likewise."""


def raising(error: BaseException) -> Any:
    def work() -> None:
        raise error

    return work


def test_what_goes_well_is_not_logged() -> None:
    log, done = Log(), []
    assert background_threads.run_logged(log, "not_done", lambda: done.append(1), Away)
    assert (log.said, done) == ([], [1])


@pytest.mark.parametrize(
    ("error", "entry"),
    [
        (Away("its secret"), ("warning", "not_done", {"error": "Away"})),
        (FarAway("its secret"), ("warning", "not_done", {"error": "FarAway"})),
        (OSError(), ("warning", "not_done", {"error": "OSError"})),
        (ValueError(), ("exception", "not_done", {})),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_goes_wrong_is_logged_once_and_ends_nothing(
    error: Exception, entry: tuple[str, str, dict[str, Any]]
) -> None:
    log = Log()
    assert not background_threads.run_logged(log, "not_done", raising(error), Away, OSError)
    assert log.said == [entry]


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit()], ids=["interrupt", "exit"])
def test_what_ends_a_process_is_not_kept_from_it(end: BaseException) -> None:
    with pytest.raises(type(end)):
        background_threads.run_logged(Log(), "not_done", raising(end), Away)


def test_each_work_has_a_thread_of_its_own_that_keeps_no_process_alive() -> None:
    together, seen = threading.Barrier(3), {}

    def left() -> None:
        seen["left"] = threading.current_thread()
        together.wait(10)

    def right() -> None:
        seen["right"] = threading.current_thread()
        together.wait(10)

    background_threads.start_threads(left, right)
    together.wait(10)
    assert all(thread.daemon and thread.name.endswith(name) for name, thread in seen.items())
