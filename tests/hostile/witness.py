"""A fake server that looks at the kernel's list of processes the moment it is told something."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Body, Frame, Report
from tests.hostile.cage import Running
from tests.muster.worker.fake_server import LIMIT, FakeServer
from tests.muster.worker.repositories import wait_for
from tests.wait import find_first, wait_until


class Sight(NamedTuple):
    """What the daemon said, and what of that attempt was alive when it did."""

    key: AttemptKey
    body: Body
    alive: list[Running]


class Witness(FakeServer):
    """`look` is asked, for an attempt, what of it is alive."""

    def __init__(self, look: Callable[[AttemptKey], list[Running]]) -> None:
        self._look = look
        self.sights: list[Sight] = []
        super().__init__()

    def send(self, frame: Frame) -> None:
        """Also where the line has just been lost: a machine under attack may be late to answer."""

        def sent() -> bool:
            with suppress(ConnectionClosed):
                super(Witness, self).send(frame)
                return True
            return False

        wait_for(sent)

    def seen_with(self, key: AttemptKey, kind: type) -> list[Sight]:
        with self.changed:
            return [each for each in self.sights if each.key == key and isinstance(each.body, kind)]

    def wait_until_seen(
        self, key: AttemptKey, *kinds: type, number: int = 1, limit: float = LIMIT
    ) -> Any:
        """The sight of the attempt's report of one of these kinds, in the order of their coming."""

        def seen() -> list[Sight]:
            self.bodies(kinds)
            ours = [each for each in self.sights if each.key == key]
            return [each for each in ours if isinstance(each.body, kinds)][number - 1 :]

        what = " or ".join(kind.__name__ for kind in kinds)
        problem = find_first(lambda: self.find_failure(key), self.find_problem)
        return wait_until(seen, what, limit, problem=problem)[0]

    def find_failure(self, key: AttemptKey | None = None) -> str | None:
        """Only of an attempt that is asked for: others may fail as they like."""
        return super().find_failure(key) if key else None

    def _store(self, journal_id: str, report: Report) -> None:
        key = AttemptKey.from_object(report)
        alive = self._look(key) if report.task_id else []
        known = len(self.reports)
        super()._store(journal_id, report)
        if len(self.reports) > known:
            self.sights.append(Sight(key, report.body, alive))
