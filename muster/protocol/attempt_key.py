"""The name of an attempt, wherever two of them have to be told apart."""

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
        """The key of whatever names an attempt: a frame, an order, a row."""
        return cls(named.task_id, named.attempt)

    @property
    def name(self) -> str:
        """`7-1` for attempt 1 of task 7: a machine names directories and branches so."""
        return f"{int(self.task_id)}-{int(self.attempt)}"
