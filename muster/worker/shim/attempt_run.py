"""An attempt as its shim knows it: its stages, its log, its lease; nothing of sockets."""

import contextlib
import os
import selectors
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

from muster.worker.clock import boot_seconds, wall_milliseconds
from muster.worker.shim import refusals
from muster.worker.shim.pty_process import MARK
from muster.worker.shim.questions import Questions
from muster.worker.shim.record import AttemptRecord
from muster.worker.shim.sizes import Size, SizesWriter
from muster.worker.shim.spool import SpoolWriter
from muster.worker.shim.stage_run import StageRun, reap
from muster.worker.shim.token_bucket import Allowance
from muster.worker.shim.transcript import TranscriptWriter
from muster.worker.shim.wire import Refusal, ShimState, StageCommand, StageEnd, unstarted

_NOTICE = 0.01  # seconds between two notices of a growing log
_TRICKLE = 0.25  # and while it grows by little: each costs the server a transaction
_LITTLE = 4 << 10  # bytes since the last notice
_AT_ONCE, _EACH = 20, 10.0  # so many words of progress are events, and then one in so many seconds


class AttemptRun:
    """Runs one stage at a time.

    `tell` takes the notices for all that are connected. `grown` takes the log's end each time that
    it has moved, with the bytes that are new, whether they found room or not.
    """

    def __init__(
        self,
        directory: str,
        selector: selectors.BaseSelector,
        tell: Callable[[dict[str, Any]], None],
        grown: Callable[[int, bytes], None],
        quota: int,
    ) -> None:
        self._directory = directory
        self._selector = selector
        self._tell = tell
        self._grown = grown
        self._spool = SpoolWriter(directory, quota)
        self._sizes = SizesWriter(directory)
        self._transcript = TranscriptWriter(directory)
        self._record = AttemptRecord.load(directory) or AttemptRecord(wall_milliseconds(), [])
        self._progress = Allowance(_AT_ONCE, _EACH)
        self._questions = Questions(self._record.asked, self._keep_number, tell)
        self._run: StageRun | None = None
        self._watched: set[int] = set()  # the stage's handles; a closed one's number is reused
        self._unsaved = not self._save()
        self._deadline: float | None = None
        self._noticed = self._spool.end
        self._noticed_at = 0.0
        # Milliseconds go on where an earlier shim stopped, whatever the wall clock did since.
        passed = wall_milliseconds() - self._record.began_at_ms
        self._zero = boot_seconds() - max(passed, self._spool.milliseconds) / 1000

    @property
    def is_running(self) -> bool:
        return self._run is not None

    def is_lapsed(self, now: float) -> bool:
        """Whether the attempt had a lease and it is over."""
        return self._deadline is not None and now >= self._deadline

    def is_leased(self, now: float) -> bool:
        return self._deadline is not None and now < self._deadline

    def state(self) -> ShimState:
        stage_index, run = self._record.highest or (None, 0)
        return ShimState(
            stage_index=stage_index,
            run=run,
            running=self.is_running,
            ends=self._record.ends,
            log_end=self._spool.end,
            began_at_ms=self._record.began_at_ms,
            deadline=self._deadline,
            pid=os.getpid(),
            question=self._questions.latest,
            facts=self._run.facts if self._run else {},
        )

    # The passing of time

    def wakes_at(self) -> float:
        """When `tick` wants to be called next, in boot-time seconds."""
        due = self._notice_at() if self._spool.end != self._noticed else inf
        due = min(due, self._transcript.notice_at)
        if self._run:
            due = min(due, self._run.wakes_at())
            if self._deadline is not None and self._run.cause != "lease":
                due = min(due, self._deadline)
        return due

    def fence(self, now: float) -> None:
        """Kills the stage that runs if the lease is over."""
        if self._run and self.is_lapsed(now):
            self._run.stop("lease", 0, now)
            self._run.tick(now)

    def tick(self, now: float) -> None:
        """Does what is due."""
        if self._run:
            self._run.tick(now)
            if self._run.end:
                self._conclude(self._run, self._run.end)
        elif self._unsaved:
            self._unsaved = not self._save()
        if self._spool.end != self._noticed and now >= self._notice_at():
            self._notice(now)
        if now >= self._transcript.notice_at:
            self._tell({"transcript": self._transcript.notice(now)})

    def child_died(self, now: float) -> None:
        if self._run:
            self._run.child_died(now)
        else:
            reap()

    # The requests

    def begin(self, command: StageCommand) -> bool:
        """Starts a run of a stage; False, and nothing happens, if it or a later one was begun
        before.

        Raises Refusal: `busy` while another runs, `lease` when the lease is over.
        """
        highest = self._record.highest
        if highest is not None and (command.stage_index, command.run) <= highest:
            return False
        if self._run:
            raise Refusal("busy", f"stage {self._run.stage_index} is running")
        if self.is_lapsed(boot_seconds()):
            raise Refusal("lease", "the lease is over")
        self._record.begin(command.stage_index, command.run, wall_milliseconds())
        try:
            # Before the process is: whatever dies in between, no stage is run twice.
            self._record.write(self._directory)
            self._start(command)
        except OSError as error:
            if self._run is None:
                self._tell_end(unstarted(command, error, wall_milliseconds()))
            else:  # it runs, but we cannot attend to it: it may have done something by now
                self.stop(grace=0)
        return True

    def stop(self, grace: float) -> None:
        """TERM, and `grace` seconds later KILL, for all that runs."""
        if self._run:
            now = boot_seconds()
            self._run.stop("stopped", grace, now)
            self._run.tick(now)

    def extend_lease(self, deadline: float) -> None:
        """Never to an earlier moment: an answer that was overtaken must not stop anything."""
        self._deadline = max(deadline, self._deadline or deadline)

    def type(self, keys: bytes) -> None:
        """Raises Refusal: `idle`, or `full` when nobody reads what was typed."""
        run = self._running()
        if not run.process.type(keys):
            raise Refusal("full", "too much input waits to be read")
        self._watch_terminal(run)

    def answer(self, number: int, answer: dict[str, Any]) -> None:
        """Passes on the answer to the question that is open; that to another changes nothing."""
        if self._run and self._questions.answer(number):
            self._run.answered({"number": number, **answer})
            self._on_channel(0)

    def resize(self, cols: int, rows: int) -> None:
        """Raises Refusal: `idle`, or `often` when no more sizes can be remembered."""
        process = self._running().process
        if self._sizes.is_full:
            raise Refusal("often", "the terminal has had too many sizes")
        process.resize(cols, rows)
        self._note_size(cols, rows)
        self._tell({"size": [cols, rows]})

    def _running(self) -> StageRun:
        if self._run is None:
            raise Refusal("idle", "no stage is running")
        return self._run

    # The stage

    def _start(self, command: StageCommand) -> None:
        env = {**command.env, MARK: self._directory}
        place = {"stage": command.stage_index, "run": command.run}
        note, ask = partial(self._note, place), partial(self._questions.ask, place)
        run = self._run = StageRun(command, env, self._append, note, ask, boot_seconds())
        self._note_size(command.cols, command.rows)
        self._watch(run.process.master, self._on_terminal)
        self._watch(run.process.failures, self._on_told)
        if run.proxy:
            self._watch(run.proxy.fileno(), self._on_refused)
        if run.channel:
            self._watch(run.channel.fileno(), self._on_channel)
        self._record.lead((run.process.pid, run.process.started))
        with contextlib.suppress(OSError):
            self._record.write(self._directory, durable=False)

    def _watch(self, handle: int, on_event: Callable[[int], None]) -> None:
        self._selector.register(handle, selectors.EVENT_READ, on_event)
        self._watched.add(handle)

    def _unwatch(self, handle: int) -> None:
        if handle in self._watched:
            self._watched.discard(handle)
            self._selector.unregister(handle)

    def _append(self, output: bytes) -> None:
        if output and self._run:
            self._spool.append(output, self._milliseconds(), self._run.stage_index)
            # Also what found no room: whoever looks is still shown it.
            self._grown(self._spool.end, output)

    def _note(self, place: dict[str, int], entry: dict[str, Any], pending: int) -> int:
        """Writes an entry of the transcript down; where the log goes on with what it is about."""
        offset = self._spool.end + pending
        if "progress" in entry["data"] and not self._progress.take(boot_seconds()):
            del entry["data"]["progress"]
        when = {"atMs": self._milliseconds(), "logOffset": offset}
        self._transcript.append({**place, **when}, entry)
        return offset

    def _keep_number(self, number: int) -> None:
        self._record.asked = number
        self._record.write(self._directory, durable=False)

    def _note_size(self, cols: int, rows: int) -> None:
        self._sizes.add(Size(self._spool.end, self._milliseconds(), cols, rows))

    def _milliseconds(self) -> int:
        return int((boot_seconds() - self._zero) * 1000)

    def _on_terminal(self, mask: int) -> None:
        if self._run is None:
            return
        if mask & selectors.EVENT_WRITE:
            self._run.process.pass_input()
            self._watch_terminal(self._run)
        if mask & selectors.EVENT_READ and not self._run.take_output():
            self._unwatch(self._run.process.master)

    def _watch_terminal(self, run: StageRun) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE * run.process.input_waits)
        if run.process.master in self._watched:
            self._selector.modify(run.process.master, wanted, self._on_terminal)

    def _on_told(self, _mask: int) -> None:
        if self._run and not self._run.take_told():
            self._unwatch(self._run.process.failures)

    def _on_channel(self, _mask: int) -> None:
        if self._run is None or self._run.channel is None:
            return
        channel = self._run.channel
        if wanted := channel.serve():
            self._selector.modify(channel, wanted, self._on_channel)
        else:
            self._unwatch(channel.fileno())
            self._run.unasked()
            self._questions.withdraw()

    def _on_refused(self, _mask: int) -> None:
        if self._run is None or self._run.proxy is None:
            return
        hosts = self._run.proxy.refused()
        if hosts is None:
            self._unwatch(self._run.proxy.fileno())
        elif hosts:
            with contextlib.suppress(OSError):  # a full disk: it may be refused again
                refusals.append(self._directory, self._run.stage_index, hosts)
            self._tell({"refused": len(hosts)})

    def _conclude(self, run: StageRun, end: StageEnd) -> None:
        self._on_refused(0)  # what was refused last
        for handle in list(self._watched):
            self._unwatch(handle)
        run.close()
        self._run = None
        self._questions.forget()
        self._tell_end(end)

    def _tell_end(self, end: StageEnd) -> None:
        end = end._replace(log_end=self._spool.end)
        self._record.finish(end)
        # A full disk must not cost the result: it is told anyway, and the file tried again.
        self._unsaved = not self._save()
        self._notice(boot_seconds())
        self._tell({"end": end._asdict()})

    def _notice_at(self) -> float:
        is_little = self._spool.end < self._noticed + _LITTLE
        return self._noticed_at + (_TRICKLE if is_little else _NOTICE)

    def _notice(self, now: float) -> None:
        self._noticed, self._noticed_at = self._spool.end, now
        self._tell({"log": self._spool.end})

    def _save(self) -> bool:
        """Saves what was said, then the record, which is worth saving alone; whether all was."""
        saved = True
        record = partial(self._record.write, self._directory)
        for save in (self._spool.sync, self._transcript.sync, record):
            try:
                save()
            except OSError:
                saved = False
        return saved
