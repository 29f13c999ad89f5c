"""What the server orders, handed to whom it concerns."""

from collections.abc import Callable

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Answer,
    Author,
    Drain,
    Drained,
    Forget,
    HeldAttempt,
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
    Tunnel,
    Undrain,
    Upgrade,
    WorkspaceFacts,
)
from muster.worker.attempts.context import AttemptContext, Reporter
from muster.worker.attempts.registry import HeldAttempts

_NO_ATTEMPT = AttemptKey(0, 0)  # what is reported of the machine itself is of this one


class Orders:
    """The `Work` of the control channel: nothing here waits."""

    def __init__(
        self, context: AttemptContext, upgrade: Callable[[Upgrade], None] = lambda _: None
    ) -> None:
        """`upgrade` is called with what release the server offers."""
        self._context = context
        self._upgrade = upgrade
        self._is_draining = False
        self.attempts = HeldAttempts(context, self._on_rest)
        context.tunnels.settle = self._settle

    def held(self) -> list[HeldAttempt]:
        return self.attempts.described()

    def order(self, order: Order | Stale) -> None:
        match order:
            case Drain():
                self._is_draining = True
                self._report_drained()
            case Undrain():
                self._is_draining = False
            case RunStage() | Publish(repo=Repo()):
                self.attempts.find_or_begin(AttemptKey.of(order)).order(order)
            case Upgrade():
                self._upgrade(order)
            case Tunnel():
                self._context.tunnels.order(order)
            case OpenTerminal():
                self._open_terminal(order)
            case Answer():
                if attempt := self.attempts.find(AttemptKey.of(order)):
                    attempt.questions.order(order)
            case Stop() | Stale() | Publish() | Forget():
                self._pass_on(order)
            case Suspend():  # of one that is gone the server hears in another way
                if (attempt := self.attempts.find(AttemptKey.of(order))) is not None:
                    attempt.order(order)

    def _pass_on(self, order: Stop | Stale | Publish | Forget) -> None:
        key = AttemptKey.of(order)
        if (attempt := self.attempts.find(key)) is not None:
            attempt.order(order)
            return
        reporter, answer = Reporter(self._context, key), _answer_for_unknown(order)
        # What is on its way already answers this order, too.
        if not reporter.is_saying(type(answer)):
            reporter.say(answer)

    def _open_terminal(self, order: OpenTerminal) -> None:
        if self.attempts.is_over(AttemptKey.of(order)):
            self._context.terminals.refuse(order, "nothing runs here")
        else:
            self._context.terminals.open(order)

    def _settle(self, key: AttemptKey, opened_by: Author | None) -> bool:
        attempt = self.attempts.find(key)
        return attempt is None or attempt.settle(opened_by)

    def _on_rest(self) -> None:
        self._context.tunnels.close_ended()
        self._context.terminals.finish(self.attempts.is_over)
        self._report_drained()

    def _report_drained(self) -> None:
        if not self._is_draining:
            return

        def report() -> None:
            reporter = Reporter(self._context, _NO_ATTEMPT)
            if self._is_draining and not reporter.is_saying(Drained):
                reporter.say(Drained())

        self.attempts.if_all_are_over(report)


def _answer_for_unknown(
    order: Stop | Stale | Publish | Forget,
) -> Stopped | WorkspaceFacts | Lost:
    """The report that answers an order for an attempt that is not on this machine."""
    match order:
        case Forget():
            return WorkspaceFacts("removed")
        case Publish():
            return Lost("nothing is known of this attempt here")
    return Stopped()
