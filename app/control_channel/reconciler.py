"""Orders: what a machine should do, minus what it reports to be doing. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.services.machines.orders import DesiredAction, DesiredState
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import TrackedAttempt
from muster.protocol.runs import position


@dataclass(frozen=True)
class ObservedState:
    """What the machine has of an attempt, by its hello and by what was sent since.

    `stage_index` and `run` are those of the last stage that was ordered (-1: none).
    """

    stage_index: int = -1
    run: int = 0
    publishing: int = -1  # the number of the last push order sent
    stopping: bool = False
    forgetting: bool = False
    terminals: int = 0  # the last request for its terminal
    shells: int = 0  # the last request for its shell
    suspended: tuple[int, int] = (-1, 0)  # the stage, and run, of the last stop order
    answered: int = -1  # the number of the last question whose answer was sent
    messaged: int = 0  # the number of the last message sent
    interrupted: int = 0  # the number of the last interrupt sent


def build_observed_state(held: TrackedAttempt) -> ObservedState:
    """Return the state that a hello reports."""
    return ObservedState(
        stage_index=held.stage_index,
        run=held.run,
        publishing=held.push if held.state in ("publishing", "published") else -1,
    )


def reconcile(
    desired: Iterable[DesiredState], observed: Mapping[AttemptKey, ObservedState]
) -> list[DesiredState]:
    """Return the orders to send, in row order.

    An order is repeated only on a new connection. A machine answers a repeated one with what it has
    already reported, so early or repeated orders change nothing.
    """
    return [
        state for state in desired if _is_due(state, observed.get(AttemptKey.from_object(state)))
    ]


def _is_due(desired: DesiredState, observed: ObservedState | None) -> bool:
    match desired.action:
        case DesiredAction.RUN:
            wanted = position(desired.stage_index, desired.run)
            return observed is None or position(observed.stage_index, observed.run) < wanted
        case DesiredAction.PUBLISH:
            return observed is None or observed.publishing < desired.run
        case DesiredAction.STOP:
            return observed is None or not observed.stopping
        case DesiredAction.FORGET:
            return observed is None or not observed.forgetting
        case DesiredAction.TERMINAL:
            return observed is None or observed.terminals < desired.dial_requests
        case DesiredAction.SHELL:
            return observed is None or observed.shells < desired.dial_requests
        case DesiredAction.SUSPEND:
            wanted = position(desired.stage_index, desired.run)
            return observed is None or position(*observed.suspended) < wanted
        case DesiredAction.ANSWER:
            return observed is None or observed.answered < desired.question
        case DesiredAction.MESSAGE:
            return observed is None or observed.messaged < desired.number
        case DesiredAction.INTERRUPT:
            return observed is None or observed.interrupted < desired.number
    return False


def apply_sent_order(observed: ObservedState | None, order: DesiredState) -> ObservedState:
    """Return the state after the order has been sent."""
    before = observed or ObservedState()
    match order.action:
        case DesiredAction.RUN:
            return replace(before, stage_index=order.stage_index, run=order.run)
        case DesiredAction.PUBLISH:
            return replace(before, publishing=order.run)
        case DesiredAction.STOP:
            return replace(before, stopping=True)
        case DesiredAction.TERMINAL:
            return replace(before, terminals=order.dial_requests)
        case DesiredAction.SHELL:
            return replace(before, shells=order.dial_requests)
        case DesiredAction.SUSPEND:
            return replace(before, suspended=(order.stage_index, order.run))
        case DesiredAction.ANSWER:
            return replace(before, answered=order.question)
        case DesiredAction.MESSAGE:
            return replace(before, messaged=order.number)
        case DesiredAction.INTERRUPT:
            return replace(before, interrupted=order.number)
    return replace(before, forgetting=True)
