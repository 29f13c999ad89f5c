"""The tunnels of a machine: one per attempt, opened and closed by orders, ended with the attempt.

`tunnel.json` in the attempt's directory has the last start that this machine has seen, so that a
repeated order opens nothing, and the next daemon ends what a dead one left.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author, Tunnel, TunnelFacts
from muster.worker import atomic_write, processes
from muster.worker.journal.journal import Journal
from muster.worker.lease.lease import Lease
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.tunnels import command as tunnel_command
from muster.worker.tunnels.command import TunnelCommand
from muster.worker.tunnels.tunnel_run import TunnelRun

RECORD_FILE_NAME = "tunnel.json"
_CLOSE_TIMEOUT_SECONDS = 15.0  # seconds for a tunnel to end


log = logging.getLogger(__name__)


class _Record(msgspec.Struct, frozen=True):
    number: int
    is_finished: bool = msgspec.field(default=False, name="over")
    opened_by: Author | None = None


class Tunnels:
    """One daemon's tunnels. `template` is the configured command; `machine_id` returns the ID of
    this machine, which is part of their names."""

    def __init__(
        self,
        rooms: Sandboxes,
        journal: Journal,
        lease: Lease,
        machine_id: Callable[[], str],
        template: str | None = None,
        settle: Callable[[AttemptKey, Author | None], bool] = lambda key, opened_by: True,
    ) -> None:
        """`settle` is called, on a thread that may block, when a tunnel has ended and before that
        is reported, with its opener: users may have changed the work that waits for an answer. If
        it returns False, settling and reporting are left to the next daemon."""
        self._sandboxes, self._layout = rooms, rooms.layout
        self._journal = journal
        self._lease = lease
        self._machine_id = machine_id
        self._template = template
        self.settle = settle
        self._last_numbers: dict[AttemptKey, int] = {}  # the highest ordered number
        self._tunnels: dict[AttemptKey, TunnelRun] = {}
        self._lock = threading.Lock()
        self._orphaned: dict[AttemptKey, _Record] = {}  # by an earlier daemon

    # For the control loop: nothing here blocks

    def handle_order(self, order: Tunnel) -> None:
        """Open or close the attempt's tunnel; a known order changes nothing."""
        key = AttemptKey.from_object(order)
        with self._lock:
            before, seen = self._tunnels.get(key), self._last_numbers.get(key, 0)
            if order.desired_state == "closed":
                self._last_numbers[key] = max(seen, order.number)
                if before is not None and not before.is_finished:
                    before.close()
                elif key not in self._orphaned and not self._is_report_pending(key, order.number):
                    self._report(key, TunnelFacts(order.number, "closed"))
            elif order.number > seen:
                self._last_numbers[key] = order.number
                self._tunnels[key] = self._start_run(key, order, before)

    def close(self, key: AttemptKey, why: str) -> None:
        with self._lock:
            if tunnel := self._tunnels.get(key):
                tunnel.close(why)

    def close_ended(self) -> None:
        """Close the tunnels of finished attempts."""
        with self._lock:
            for key, tunnel in self._tunnels.items():
                if self._journal.progress(key).is_final:
                    tunnel.close("the attempt has ended")

    @property
    def is_any_open(self) -> bool:
        with self._lock:
            return bool(self._orphaned) or any(
                not each.is_finished for each in self._tunnels.values()
            )

    # For threads that may block

    def close_and_wait(self, key: AttemptKey) -> None:
        """Close the attempt's tunnel permanently: nothing of it runs afterwards."""
        with self._lock:
            tunnel = self._tunnels.get(key)
        if tunnel is not None:
            tunnel.close("the attempt has ended")
            if not tunnel.join(_CLOSE_TIMEOUT_SECONDS):
                log.error("the tunnel of task %d doesn't end", key.task_id)

    def forget(self, key: AttemptKey) -> None:
        """Drop the tunnel of a removed attempt."""
        with self._lock:
            self._tunnels.pop(key, None)
            self._last_numbers.pop(key, None)
            self._orphaned.pop(key, None)

    def close_all(self) -> None:
        """Close all tunnels, and wait until they have ended, because the daemon exits."""
        with self._lock:
            tunnels = list(self._tunnels.values())
        for tunnel in tunnels:
            tunnel.close("the worker was stopped")
        for tunnel in tunnels:
            tunnel.join(_CLOSE_TIMEOUT_SECONDS)

    def end_orphaned(self, known: Iterable[AttemptKey]) -> None:
        """End the tunnels that an earlier daemon left open; see `report_orphaned`."""
        for key in known:
            record = _read_record(self._path(key))
            if record is not None:
                self._last_numbers[key] = record.number
                if not record.is_finished:
                    self._orphaned[key] = record
        ending = [self._start_thread("reap", self._reap, key) for key in self._orphaned]
        for thread in ending:
            thread.join()

    def report_orphaned(self) -> None:
        """Report the ends of these tunnels, in the background: once the attempts are known, because
        users' changes come first."""
        for key, record in list(self._orphaned.items()):
            self._start_thread("report", self._report_one_orphaned, key, record)

    # Internal

    def _start_run(self, key: AttemptKey, order: Tunnel, before: TunnelRun | None) -> TunnelRun:
        record = _Record(order.number, opened_by=order.opened_by)

        def command() -> TunnelCommand:
            if before is not None:
                before.close()
                before.join(_CLOSE_TIMEOUT_SECONDS)
            made = tunnel_command.build_command(
                self._sandboxes, key, self._machine_id(), self._template
            )
            self._write_record(key, record)
            return made

        def report(facts: TunnelFacts) -> None:
            if facts.state in ("starting", "connected"):
                self._report(key, facts)
            else:
                self._conclude(key, record, facts)

        if before is not None:
            before.close()
        return TunnelRun(
            key, order.number, order.ttl, command, report, lambda: self._lease.is_expired
        )

    def _conclude(self, key: AttemptKey, record: _Record, facts: TunnelFacts) -> None:
        """Report the end of a tunnel of which nothing runs any more."""
        if self.settle(key, record.opened_by):
            self._report(key, facts)
            self._write_record(key, msgspec.structs.replace(record, is_finished=True))

    def _reap(self, key: AttemptKey) -> None:
        mark = str(self._layout.attempt(key).resolve())
        processes.terminate_all(lambda: tunnel_command.find_marked(mark))

    def _report_one_orphaned(self, key: AttemptKey, record: _Record) -> None:
        why = "the worker was restarted"
        self._conclude(key, record, TunnelFacts(record.number, "failed", error=why))
        with self._lock:
            self._orphaned.pop(key, None)

    def _start_thread(
        self, doing: str, act: Callable[..., None], key: AttemptKey, *more: object
    ) -> threading.Thread:
        thread = threading.Thread(
            target=act, args=(key, *more), name=f"tunnel-{key.name}-{doing}", daemon=True
        )
        thread.start()
        return thread

    def _report(self, key: AttemptKey, facts: TunnelFacts) -> None:
        self._journal.append(key, facts)

    def _is_report_pending(self, key: AttemptKey, number: int) -> bool:
        """Whether the report that tunnel `number` has ended is on its way."""
        bodies = [report.body for report in self._journal.unacked_reports(key)]
        return any(
            isinstance(body, TunnelFacts)
            and body.number == number
            and body.state not in ("starting", "connected")
            for body in bodies
        )

    def _path(self, key: AttemptKey) -> Path:
        return self._layout.attempt(key) / RECORD_FILE_NAME

    def _write_record(self, key: AttemptKey, record: _Record) -> None:
        try:
            atomic_write.replace_file(self._path(key), msgspec.json.encode(record))
        except OSError as error:
            log.warning("%s: %s", self._path(key), error)  # at worst it is reported again


def _read_record(path: Path) -> _Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Record)
    except (OSError, msgspec.DecodeError):
        return None
