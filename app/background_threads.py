"""Daemon threads that survive exceptions."""

import threading
from collections.abc import Callable
from typing import Any


def start_threads(*works: Callable[[], None]) -> None:
    """Run each function in its own daemon thread, named after it."""
    for work in works:
        threading.Thread(target=work, name=work.__qualname__, daemon=True).start()


def run_logged(log: Any, event: str, work: Callable[[], None], *expected: type[Exception]) -> bool:
    """Do the work; return whether it completed, and log the event if it raised instead.

    Expected exceptions come from services that are down: they log a warning. Any other is a bug,
    and its traceback is logged.
    """
    try:
        work()
    except expected as error:
        # Don't log the message: it may contain SQL parameters.
        log.warning(event, error=type(error).__name__)
    except Exception:
        log.exception(event)
    else:
        return True
    return False
