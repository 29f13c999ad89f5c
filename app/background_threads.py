"""Threads that serve a whole process: whatever goes wrong once, they go on."""

import threading
from collections.abc import Callable
from typing import Any


def start_threads(*works: Callable[[], None]) -> None:
    """Run each of the works in a daemon thread of its own, named after it."""
    for work in works:
        threading.Thread(target=work, name=work.__qualname__, daemon=True).start()


def run_logged(log: Any, event: str, work: Callable[[], None], *expected: type[Exception]) -> bool:
    """Do the work; return whether it came to its end, and log the event if it raised instead.

    The expected exceptions are those of services that are away, which are worth a warning. Any
    other is a mistake of ours, and its traceback is logged.
    """
    try:
        work()
    except expected as error:
        # Not what it says: that may hold a statement with its values.
        log.warning(event, error=type(error).__name__)
    except Exception:
        log.exception(event)
    else:
        return True
    return False
