"""Orders: what a machine should be doing, minus what it says it is doing. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.services.machines.orders import DesiredAction, DesiredState
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import TrackedAttempt


@dataclass(frozen=True)
class ObservedState:
    """What the machine has of an attempt: by its hello, or by what it was sent since.

    `stage_index` is the highest stage it was ordered to run (-1: none), `run` that stage's highest.
    """

    stage_index: int = -1
    run: int = 0
    publishing: int = -1  # the number of the last push that it was told to make
    stopping: bool = False
    forgetting: bool = False
    terminals: int = 0  # the last time its terminal was asked for
    suspended: tuple[int, int] = (-1, 0)  # the stage, and run, that it was told to stop last
    answered: int = -1  # the number of the last question whose answer it was told


def build_observed_state(held: TrackedAttempt) -> ObservedState:
    """The picture that a hello paints."""
    return ObservedState(
        stage_index=held.stage_index,
        run=held.run,
        publishing=held.push if held.state in ("publishing", "published") else -1,
    )


def reconcile(
    desired: Iterable[DesiredState], observed: Mapping[AttemptKey, ObservedState]
) -> list[DesiredState]:
    """The orders to send, in the order of the rows.

    An order is repeated only on a new connection: a machine answers a repeated one with what it
    has already reported, so that an early or a repeated order changes nothing.
    """
    return [
        state for state in desired if _is_due(state, observed.get(AttemptKey.from_object(state)))
    ]


def _is_due(desired: DesiredState, observed: ObservedState | None) -> bool:
    match desired.action:
        case DesiredAction.RUN:
            wanted = (desired.stage_index, desired.run)
            return observed is None or (observed.stage_index, observed.run) < wanted
        case DesiredAction.PUBLISH:
            return observed is None or observed.publishing < desired.run
        case DesiredAction.STOP:
            return observed is None or not observed.stopping
        case DesiredAction.FORGET:
            return observed is None or not observed.forgetting
        case DesiredAction.TERMINAL:
            return observed is None or observed.terminals < desired.dial_requests
        case DesiredAction.SUSPEND:
            wanted = (desired.stage_index, desired.run)
            return observed is None or observed.suspended < wanted
        case DesiredAction.ANSWER:
            return observed is None or observed.answered < desired.question
    return False


def apply_sent_order(observed: ObservedState | None, order: DesiredState) -> ObservedState:
    """The picture after the order has been sent."""
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
        case DesiredAction.SUSPEND:
            return replace(before, suspended=(order.stage_index, order.run))
        case DesiredAction.ANSWER:
            return replace(before, answered=order.question)
    return replace(before, forgetting=True)
