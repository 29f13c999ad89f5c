"""People's messages to an attempt's agent, and interrupts: passed on to the shim, and what became
of each reported once.

The shim stores a message before the agent can see it (`shim.messages`), and the journal knows which
outcomes were reported, so a restarted daemon continues where the last one stopped. The server
repeats a message until it knows the outcome; a known number has no effect.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from muster.protocol.frames import AgentMessage, Interrupt, InterruptIgnored, MessageOutcome
from muster.worker.attempts.attempt_shim import AttemptShim
from muster.worker.attempts.context import Reporter
from muster.worker.shim import messages as shim_messages
from muster.worker.shim.client import ShimGone, ShimLink, ShimRefused
from muster.worker.shim.messages import FINAL_STATES, Mail, Message

_RETRY_SECONDS = 1.0
_FULL = "full"  # the shim's refusal while too many messages wait

log = logging.getLogger(__name__)


class AttemptMessages:
    """For the attempt's thread, except `accept`."""

    def __init__(
        self,
        reporter: Reporter,
        shim: AttemptShim,
        is_wanted: Callable[[], bool],
        add_job: Callable[[Callable[[], None]], None],
    ) -> None:
        """Nothing is passed on once `is_wanted` is false. `add_job` adds a function that runs on
        the attempt's thread after the current order."""
        self._reporter, self._shim, self._is_wanted = reporter, shim, is_wanted
        self._add_job = add_job
        self._lock = threading.Lock()
        self._messages: dict[int, AgentMessage] = {}  # not at the shim
        self._in_prompts: set[int] = set()
        self._interrupt: Interrupt | None = None  # the latest, not at the shim
        self._is_scheduled = False
        self._read_of: tuple[ShimLink | None, int] | None = None

    def accept(self, order: AgentMessage | Interrupt) -> None:
        """Accept an order, on any thread; waits for nothing. Raises RuntimeError, accepting
        nothing, if no thread can start."""
        progress = self._reporter.progress
        with self._lock:
            if isinstance(order, Interrupt):
                self._interrupt = order
            elif order.number in self._in_prompts or progress.has_message_outcome(order.number):
                return
            if not self._is_scheduled:
                self._add_job(self._return_undelivered)
                self._is_scheduled = True
            if isinstance(order, AgentMessage):
                self._messages[order.number] = order
        self._shim.wake()

    def exclude(self, numbers: list[int]) -> None:
        """Messages that a stage's prompt has aren't passed on, too, whenever they come."""
        with self._lock:
            self._in_prompts.update(numbers)
            self._drop(numbers)

    def poll(self) -> float | None:
        """Report what became of messages, and pass new ones on, after each change; return the
        seconds until the next call if some can't be passed on yet."""
        link = self._shim.link
        if link is None or not self._is_wanted():
            return None
        changes = (link, link.mail_changes)
        if self._messages or self._interrupt or changes != self._read_of:
            self._read_of = changes
            mail = self._read_mail()
            self._report(mail)
            self._pass_on(link, mail)
        return _RETRY_SECONDS if self._messages or self._interrupt else None

    def report_rest(self, *, is_lost: bool) -> None:
        """No stage runs any more: report what became of all messages. For those that the shim
        couldn't note at the run's end, that follows from their last state. If the attempt
        `is_lost`, they go with the next one's prompt instead: its agent hasn't seen them."""
        mail = self._read_mail()
        if is_lost:
            self._report(mail)
            return
        settled = {number: message.settled() for number, message in mail.messages.items()}
        self._report(mail._replace(messages=settled))

    def _return_undelivered(self) -> None:
        """Return the messages that no stage has taken. A stage that starts later has none of
        them: the server puts those that wait into its prompt."""
        with self._lock:
            self._is_scheduled = False
            messages, self._messages = self._messages, {}
            self._interrupt = None
        if not self._reporter.progress.end_reason:
            for number in sorted(messages):
                self._report_returned(number)

    def _report(self, mail: Mail) -> None:
        for number in sorted(mail.messages):
            if mail.messages[number].state in FINAL_STATES:
                self._report_outcome(mail.messages[number])
        stopped = mail.interrupt
        last = self._reporter.progress.last_ignored_interrupt
        if stopped is not None and stopped.state == "ignored" and stopped.number > last:
            self._reporter.report(
                InterruptIgnored(stopped.number, stopped.stage_index, stopped.run)
            )

    def _report_returned(self, number: int) -> None:
        progress = self._reporter.progress
        at = (max(progress.started, 0), progress.started_run)
        self._report_outcome(Message(number, *at, "", "", "", state="returned"))

    def _report_outcome(self, message: Message) -> None:
        number, stage, run, *_, state = message
        if not self._reporter.progress.has_message_outcome(number):
            self._reporter.report(MessageOutcome(number, state, stage, run))  # type: ignore[arg-type]

    def _pass_on(self, link: ShimLink, mail: Mail) -> None:
        with self._lock:
            messages = [self._messages[number] for number in sorted(self._messages)]
            interrupt = self._interrupt
        try:
            for each in messages:
                if each.number in mail.messages or self._has_passed_on(link, each):
                    with self._lock:
                        self._drop([each.number])
            if interrupt is not None:
                self._pass_on_interrupt(link, interrupt)
        except (ShimGone, TimeoutError) as error:
            log.warning("can't pass on a message: task %d: %r", self._reporter.key.task_id, error)

    def _drop(self, numbers: list[int]) -> None:
        for number in numbers:
            self._messages.pop(number, None)

    def _has_passed_on(self, link: ShimLink, order: AgentMessage) -> bool:
        """Pass on a message; False while too many wait at the shim. It is returned if the stage
        has just ended, or the shim is of a release that knows no messages."""
        try:
            link.send_message(order.number, order.text, order.author, order.when)
        except ShimRefused as refusal:
            if refusal.code == _FULL:
                return False
            log.info("task %d takes no message: %s", self._reporter.key.task_id, refusal)
            self._report_returned(order.number)
        return True

    def _pass_on_interrupt(self, link: ShimLink, order: Interrupt) -> None:
        with suppress(ShimRefused):  # no agent is running any more
            link.send_interrupt(order.number, order.author)
        with self._lock:
            if self._interrupt is order:
                self._interrupt = None

    def _read_mail(self) -> Mail:
        try:
            return shim_messages.read_mail(self._shim.directory)
        except (OSError, ValueError, TypeError, LookupError) as error:
            log.error("can't read the messages of task %d: %s", self._reporter.key.task_id, error)
            return Mail()
