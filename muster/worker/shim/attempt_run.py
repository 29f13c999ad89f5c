"""An attempt in its shim: its stages, its log, its lease; without sockets."""

import contextlib
import os
import selectors
from collections.abc import Callable
from functools import partial
from typing import Any

from muster.protocol.runs import position
from muster.worker.clock import boot_seconds, wall_milliseconds
from muster.worker.shim import refusals
from muster.worker.shim.attempt_transcript import AttemptTranscript
from muster.worker.shim.child_processes import reap_children
from muster.worker.shim.log_notices import LogNotices
from muster.worker.shim.messages import ShimMessages
from muster.worker.shim.pty_process import SHIM_VARIABLE
from muster.worker.shim.questions import ShimQuestions
from muster.worker.shim.record import AttemptRecord
from muster.worker.shim.sizes import Size, SizesWriter
from muster.worker.shim.spool import SpoolWriter
from muster.worker.shim.stage_run import StageRun
from muster.worker.shim.wire import Refusal, ShimState, StageCommand, StageExit, failed_start_exit


class AttemptRun:
    """Runs one stage at a time. `tell` sends notices to all connections, `publish` only to those
    that keep up. `grown` gets the log's end each time it moves, with the new bytes, whether they
    found room or not."""

    def __init__(
        self,
        directory: str,
        selector: selectors.BaseSelector,
        tell: Callable[[dict[str, Any]], None],
        publish: Callable[[dict[str, Any]], None],
        grown: Callable[[int, bytes], None],
        quota: int,
    ) -> None:
        self._directory = directory
        self._selector = selector
        self._notify = tell
        self._on_log_growth = grown
        self._spool = SpoolWriter(directory, quota)
        self._sizes = SizesWriter(directory)
        self._record = AttemptRecord.load(directory) or AttemptRecord(wall_milliseconds(), [])
        self.messages = ShimMessages(directory, lambda: tell({"mail": True}))
        self._questions = ShimQuestions(
            self._record.question_count, self._save_question_number, tell, self.messages.mark_asked
        )
        self._run: StageRun | None = None
        # The stage's descriptors; a closed one's number is reused.
        self._watched_fds: set[int] = set()
        self._transcript = AttemptTranscript(
            directory, lambda: self._spool.end_offset, self._milliseconds, publish
        )
        self._is_unsaved = not self._save()
        self._deadline: float | None = None
        self._log_notices = LogNotices(self._spool.end_offset)
        # Milliseconds continue where an earlier shim stopped, whatever the wall clock did since.
        passed = wall_milliseconds() - self._record.began_at_ms
        self._started_at = boot_seconds() - max(passed, self._spool.milliseconds) / 1000

    @property
    def run(self) -> StageRun | None:
        """The running stage."""
        return self._run

    @property
    def is_running(self) -> bool:
        return self._run is not None

    def is_lease_expired(self, now: float) -> bool:
        """Whether the attempt had a lease and it has expired."""
        return self._deadline is not None and now >= self._deadline

    def has_lease(self, now: float) -> bool:
        return self._deadline is not None and now < self._deadline

    def state(self) -> ShimState:
        stage_index, run = self._record.latest_run or (None, 0)
        return ShimState(
            stage_index=stage_index,
            run=run,
            running=self.is_running,
            ends=self._record.stage_exits,
            log_end=self._spool.end_offset,
            began_at_ms=self._record.began_at_ms,
            deadline=self._deadline,
            pid=os.getpid(),
            question=self._questions.latest,
            facts=self._run.facts if self._run else {},
        )

    # Timers

    def wakes_at(self) -> float:
        """When to call `tick` next, in boot-time seconds."""
        due = self._log_notices.due_at(self._spool.end_offset)
        due = min(due, self._transcript.writer.notice_at)
        if self._run:
            due = min(due, self._run.wakes_at())
            if self._deadline is not None and self._run.cause != "lease":
                due = min(due, self._deadline)
        return due

    def fence(self, now: float) -> None:
        """Kill the running stage if the lease has expired."""
        if self._run and self.is_lease_expired(now):
            self._run.stop("lease", 0, now)
            self._run.tick(now)

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self._run:
            self._run.tick(now)
            if self._run.stage_exit:
                self._finish_run(self._run, self._run.stage_exit)
        elif self._is_unsaved:
            self._is_unsaved = not self._save()
        if now >= self._log_notices.due_at(self._spool.end_offset):
            self._notify_log(now)
        if now >= self._transcript.writer.notice_at:
            self._notify({"transcript": self._transcript.writer.mark_notified(now)})

    def on_child_exit(self, now: float) -> None:
        if self._run:
            self._run.on_child_exit(now)
        else:
            reap_children()

    # Requests

    def start_stage(self, command: StageCommand) -> bool:
        """Starts a run of a stage; does nothing and returns False if it or a later one has begun.

        Raises Refusal: `busy` while another runs, `lease` when the lease is over.
        """
        highest, wanted = self._record.latest_run, position(command.stage_index, command.run)
        if highest is not None and wanted <= position(*highest):
            return False
        if self._run:
            raise Refusal("busy", f"stage {self._run.stage_index} is running")
        if self.is_lease_expired(boot_seconds()):
            raise Refusal("lease", "the lease has expired")
        self._record.add_stage(command.stage_index, command.run, wall_milliseconds())
        try:
            # Written before the process starts: whatever dies in between, no stage runs twice.
            self._record.write(self._directory)
            self._start_run(command)
        except OSError as error:
            if self._run is None:
                self._publish_exit(failed_start_exit(command, error, wall_milliseconds()))
            else:  # it runs, but we can't serve it: it may have done something already
                self.stop(grace=0)
        return True

    def stop(self, grace: float) -> None:
        """Send TERM, and `grace` seconds later KILL, to everything that runs."""
        if self._run:
            now = boot_seconds()
            self._run.stop("stopped", grace, now)
            self._run.tick(now)

    def extend_lease(self, deadline: float) -> None:
        """Never shorten the lease: a delayed answer must not stop anything."""
        self._deadline = max(deadline, self._deadline or deadline)

    def write_input(self, keys: bytes) -> None:
        """Raises Refusal: `idle`, or `full` if the program doesn't read its input."""
        run = self._require_run()
        if not run.process.write_input(keys):
            raise Refusal("full", "too much unread input")
        self._watch_terminal(run)

    def answer(self, number: int, answer: dict[str, Any]) -> None:
        """Pass on the answer to the open question; an answer to another one has no effect."""
        if self._run and self._questions.answer(number):
            self._run.resume_clock()
            self._send_to_runner({"answer": {"number": number, **answer}})

    def resize(self, cols: int, rows: int) -> None:
        """Raises Refusal: `idle`, or `often` if no more sizes can be stored."""
        process = self._require_run().process
        if self._sizes.is_full:
            raise Refusal("often", "the terminal has had too many sizes")
        process.resize(cols, rows)
        self._record_size(cols, rows)
        self._notify({"size": [cols, rows]})

    def _require_run(self) -> StageRun:
        if self._run is None:
            raise Refusal("idle", "no stage is running")
        return self._run

    # The stage

    def _start_run(self, command: StageCommand) -> None:
        env = {**command.env, SHIM_VARIABLE: self._directory}
        place = {"stage": command.stage_index, "run": command.run}
        store, ask = partial(self._transcript.store, place), partial(self._questions.ask, place)
        publish = partial(self._transcript.publish_delta, place)
        mail, now = self.messages.handle_request, boot_seconds()
        run = self._run = StageRun(
            command, env, self._append_output, store, publish, ask, mail, now
        )
        self.messages.open(command, self._send_to_runner)
        self._record_size(command.cols, command.rows)
        self._watch(run.process.master, self._on_terminal)
        self._watch(run.process.status_fd, self._on_status)
        if run.proxy:
            self._watch(run.proxy.fileno(), self._on_refused)
        if run.channel:
            self._watch(run.channel.fileno(), self._on_channel)
        self._record.set_leader((run.process.pid, run.process.started))
        with contextlib.suppress(OSError):
            self._record.write(self._directory, durable=False)

    def _watch(self, handle: int, on_event: Callable[[int], None]) -> None:
        self._selector.register(handle, selectors.EVENT_READ, on_event)
        self._watched_fds.add(handle)

    def _unwatch(self, handle: int) -> None:
        if handle in self._watched_fds:
            self._watched_fds.discard(handle)
            self._selector.unregister(handle)

    def _append_output(self, output: bytes) -> None:
        if output and self._run:
            self._spool.append(output, self._milliseconds(), self._run.stage_index)
            self._on_log_growth(self._spool.end_offset, output)  # viewers see it even if dropped

    def _save_question_number(self, number: int) -> None:
        self._record.question_count = number
        self._record.write(self._directory, durable=False)

    def _record_size(self, cols: int, rows: int) -> None:
        self._sizes.add(Size(self._spool.end_offset, self._milliseconds(), cols, rows))

    def _milliseconds(self) -> int:
        return int((boot_seconds() - self._started_at) * 1000)

    def _on_terminal(self, mask: int) -> None:
        if self._run is None:
            return
        if mask & selectors.EVENT_WRITE:
            self._run.process.flush_input()
            self._watch_terminal(self._run)
        if mask & selectors.EVENT_READ and not self._run.read_output():
            self._unwatch(self._run.process.master)

    def _watch_terminal(self, run: StageRun) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE * run.process.has_pending_input)
        if run.process.master in self._watched_fds:
            self._selector.modify(run.process.master, wanted, self._on_terminal)

    def _on_status(self, _mask: int) -> None:
        if self._run and not self._run.read_status():
            self._unwatch(self._run.process.status_fd)

    def _send_to_runner(self, message: dict[str, Any]) -> None:
        if self._run and self._run.channel:
            self._run.channel.queue_message(message)
            self._on_channel(0)

    def _on_channel(self, _mask: int) -> None:
        if self._run is None or self._run.channel is None:
            return
        channel = self._run.channel
        if wanted := channel.serve():
            self._selector.modify(channel, wanted, self._on_channel)
        else:
            self._unwatch(channel.fileno())
            self._run.resume_clock()
            self._questions.withdraw()
            self.messages.close()

    def _on_refused(self, _mask: int) -> None:
        if self._run is None or self._run.proxy is None:
            return
        hosts = self._run.proxy.read_refused()
        if hosts is None:
            self._unwatch(self._run.proxy.fileno())
        elif hosts:
            with contextlib.suppress(OSError):  # a full disk: it may be refused again
                refusals.append(self._directory, self._run.stage_index, hosts)
            self._notify({"refused": len(hosts)})

    def _finish_run(self, run: StageRun, end: StageExit) -> None:
        self._on_refused(0)  # the last refusals
        for handle in list(self._watched_fds):
            self._unwatch(handle)
        run.close()
        self._run = None
        self._questions.clear()
        self.messages.finish_run()
        self._publish_exit(end)

    def _publish_exit(self, end: StageExit) -> None:
        end = end._replace(log_end=self._spool.end_offset)
        self._record.set_exit(end)
        # A full disk must not cost the result: it is sent anyway, and the file retried.
        self._is_unsaved = not self._save()
        self._notify_log(boot_seconds())
        self._notify({"end": end._asdict()})

    def _notify_log(self, now: float) -> None:
        self._log_notices.mark_noticed(self._spool.end_offset, now)
        self._notify({"log": self._spool.end_offset})

    def _save(self) -> bool:
        """Store the output, then the record; return whether both are stored."""
        saved = True
        record = partial(self._record.write, self._directory)
        for save in (self._spool.sync, self._transcript.writer.sync, record):
            try:
                save()
            except OSError:
                saved = False
        return saved
