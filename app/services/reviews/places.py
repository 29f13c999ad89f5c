"""Where threads are in another version of their task's work."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.review import Side
from app.models import ReviewThread, Task
from app.services.reviews import anchoring


@dataclass(frozen=True)
class ThreadPlace:
    """Where a thread is; what is None in the thread is so here. Outdated: what it is about is not
    there any more, and it says where that was."""

    path: str | None
    side: Side | None
    line: int | None
    end_line: int | None
    blob: str | None
    outdated: bool


class Places:
    """Where threads of a task are in `commit` (None: the latest). Raises InvalidFields where the
    task has no such commit."""

    def __init__(self, task: Task, commit: str | None = None) -> None:
        self._commit = anchoring.commit_of(task, commit)
        self.is_spent = False

    def look_for(self, threads: Sequence[ReviewThread]) -> None:
        """Read what `of` needs for these threads."""

    def of(self, thread: ReviewThread) -> ThreadPlace:
        return original(thread, outdated=False)


def original(thread: ReviewThread, *, outdated: bool) -> ThreadPlace:
    """Where the thread was begun."""
    return ThreadPlace(
        thread.path, thread.side, thread.line, thread.end_line, thread.blob, outdated
    )
