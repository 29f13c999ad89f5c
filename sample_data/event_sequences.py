"""The events of a sample task by its status: the first and the last ones."""

from collections.abc import Sequence

from app.domain.task import EventType, TaskStatus

_E, _S = EventType, TaskStatus
_ON_MACHINE = (_E.CREATED, _E.ASSIGNED, _E.STARTED, _E.STAGE_STARTED)
EVENT_SEQUENCES: dict[TaskStatus, tuple[tuple[EventType, ...], tuple[EventType, ...]]] = {
    _S.QUEUED: ((_E.CREATED,), ()),
    _S.SUSPENDED: ((_E.CREATED, _E.SUSPENDED), ()),
    _S.RUNNING: (_ON_MACHINE, ()),
    _S.COMPLETED: (
        _ON_MACHINE,
        (_E.STAGE_FINISHED, _E.CHECKPOINT, _E.PUBLISHED, _E.COMPLETED),
    ),
    _S.FAILED: (_ON_MACHINE, (_E.STAGE_FINISHED, _E.FAILED)),
    _S.CANCELLED: (_ON_MACHINE, (_E.CANCELLED,)),
}
"""Log events are between the two, if the task has been on a machine."""

_MIN_EVENTS = {status: len(head) + len(tail) for status, (head, tail) in EVENT_SEQUENCES.items()}


def event_counts(
    statuses: Sequence[TaskStatus], total: int, deep_events: int, deep: int
) -> list[int]:
    """Return the number of events per task: `total` in all, for the task `deep` at least
    `deep_events`.

    More than `total` if the shortest sequences need more.
    """
    found = [_MIN_EVENTS[status] for status in statuses]
    found[deep] = max(found[deep], deep_events)
    talkative = [
        index
        for index, status in enumerate(statuses)
        if _MIN_EVENTS[status] >= len(_ON_MACHINE) and index != deep
    ]
    left = max(0, total - sum(found))
    each, more = divmod(left, len(talkative))
    for place, index in enumerate(talkative):
        found[index] += each + (place < more)
    return found
