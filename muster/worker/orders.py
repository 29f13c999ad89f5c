"""Dispatch the server's orders to their recipients."""

from collections.abc import Callable

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    AgentMessage,
    Answer,
    Author,
    CheckRepository,
    Drain,
    Drained,
    Forget,
    Interrupt,
    Lost,
    OpenTerminal,
    Order,
    Publish,
    Repo,
    RunStage,
    Stale,
    Stop,
    Stopped,
    Suspend,
    TrackedAttempt,
    Tunnel,
    Undrain,
    Upgrade,
    WorkspaceFacts,
)
from muster.worker.attempts.context import AttemptContext, Reporter
from muster.worker.attempts.registry import AttemptRegistry

_MACHINE_KEY = AttemptKey(0, 0)  # reports about the machine itself use this key


class OrderDispatcher:
    """The `Work` of the control channel: nothing here blocks."""

    def __init__(
        self,
        context: AttemptContext,
        upgrade: Callable[[Upgrade], None] = lambda _: None,
        check: Callable[[CheckRepository], None] = lambda _: None,
    ) -> None:
        """`upgrade` is called with the release that the server offers, `check` with a repository
        to check; neither may block."""
        self._context = context
        self._upgrade = upgrade
        self._check = check
        self._is_draining = False
        self.attempts = AttemptRegistry(context, self._on_attempt_idle)
        context.tunnels.settle = self._settle_tunnel

    def list_attempts(self) -> list[TrackedAttempt]:
        return self.attempts.describe_all()

    def handle_order(self, order: Order | Stale) -> None:
        match order:
            case Drain():
                self._is_draining = True
                self._report_drained()
            case Undrain():
                self._is_draining = False
            case RunStage() | Publish(repo=Repo()):
                self.attempts.find_or_create(AttemptKey.from_object(order)).accept_order(order)
            case Upgrade():
                self._upgrade(order)
            case CheckRepository():
                self._check(order)
            case Tunnel():
                self._context.tunnels.handle_order(order)
            case OpenTerminal():
                self._open_terminal(order)
            case Answer():
                if attempt := self.attempts.find(AttemptKey.from_object(order)):
                    attempt.reports.questions.accept_answer(order)
            case AgentMessage() | Interrupt():
                if attempt := self.attempts.find(AttemptKey.from_object(order)):
                    attempt.reports.messages.accept(order)
            case Stop() | Stale() | Publish() | Forget():
                self._forward(order)
            case Suspend():  # the server learns of a finished one in another way
                if (attempt := self.attempts.find(AttemptKey.from_object(order))) is not None:
                    attempt.accept_order(order)

    def _forward(self, order: Stop | Stale | Publish | Forget) -> None:
        key = AttemptKey.from_object(order)
        if (attempt := self.attempts.find(key)) is not None:
            attempt.accept_order(order)
            return
        reporter, answer = Reporter(self._context, key), _report_for_unknown(order)
        # A report on its way already answers this order too.
        if not reporter.is_reporting(type(answer)):
            reporter.report(answer)

    def _open_terminal(self, order: OpenTerminal) -> None:
        if self.attempts.is_finished(AttemptKey.from_object(order)):
            self._context.terminals.refuse(order, "nothing is running here")
        else:
            self._context.terminals.open(order)

    def _settle_tunnel(self, key: AttemptKey, opened_by: Author | None) -> bool:
        attempt = self.attempts.find(key)
        return attempt is None or attempt.checkpoint_user_changes(opened_by)

    def _on_attempt_idle(self) -> None:
        self._context.tunnels.close_ended()
        self._context.terminals.finish(self.attempts.is_finished)
        self._report_drained()

    def _report_drained(self) -> None:
        if not self._is_draining:
            return

        def report() -> None:
            reporter = Reporter(self._context, _MACHINE_KEY)
            if self._is_draining and not reporter.is_reporting(Drained):
                reporter.report(Drained())

        self.attempts.run_if_all_finished(report)


def _report_for_unknown(
    order: Stop | Stale | Publish | Forget,
) -> Stopped | WorkspaceFacts | Lost:
    """Return the report that answers an order for an attempt that isn't on this machine."""
    match order:
        case Forget():
            return WorkspaceFacts("removed")
        case Publish():
            return Lost("this machine doesn't know the attempt")
    return Stopped()
