"""The identifier of an attempt."""

from typing import NamedTuple, Protocol, Self


class _HasAttempt(Protocol):
    @property
    def task_id(self) -> int: ...

    @property
    def attempt(self) -> int: ...


class AttemptKey(NamedTuple):
    """One assignment of a task to a machine; `attempt` counts within the task, from 1."""

    task_id: int
    attempt: int

    @classmethod
    def from_object(cls, named: _HasAttempt) -> Self:
        """Return the key of an object that names an attempt: a frame, an order or a row."""
        return cls(named.task_id, named.attempt)

    @property
    def name(self) -> str:
        """`7-1` for attempt 1 of task 7; machines name directories and branches by it."""
        return f"{int(self.task_id)}-{int(self.attempt)}"
