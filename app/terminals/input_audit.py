"""Counts of each developer's typed bytes per terminal, until they are stored."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.services.clock import now
from app.services.terminals.socket_checks import TypedSpan
from app.services.terminals.terminals import ViewerGrant

_Key = tuple[int, int, int, bool]  # task, attempt, developer, and whether it's the shell


class InputAudit:
    """Counts in memory: a keystroke must not cost a statement. `flush` stores a batch."""

    def __init__(self, write: Callable[[Sequence[TypedSpan]], None]) -> None:
        self._write = write
        self._counts: dict[_Key, TypedSpan] = {}
        self._lock = threading.Lock()

    def counter_for(self, grant: ViewerGrant) -> Callable[[int], None]:
        """Return the function to call with the number of bytes that the grant's developer has
        typed.
        """
        key = (grant.task_id, grant.attempt, grant.session.developer_id, grant.is_shell)

        def count(size: int) -> None:
            moment = now()
            so_far = self._counts.get(key) or TypedSpan(*key[:3], moment, moment, 0, key[3])
            self._counts[key] = replace(so_far, ended_at=moment, bytes=so_far.bytes + size)

        return count

    def flush(self) -> None:
        """Store the counts; commits. If that fails, they are kept.

        Raises SQLAlchemyError.
        """
        with self._lock:
            counts, self._counts = self._counts, {}
            if not counts:
                return
            try:
                self._write(list(counts.values()))
            except Exception:
                self._put_back(counts)
                raise

    def _put_back(self, counts: dict[_Key, TypedSpan]) -> None:
        for key, before in counts.items():
            after = self._counts.get(key)
            if after is None:
                self._counts[key] = before
            else:
                total = before.bytes + after.bytes
                self._counts[key] = replace(after, started_at=before.started_at, bytes=total)
