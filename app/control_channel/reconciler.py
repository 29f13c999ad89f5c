"""Orders: what a machine should be doing, minus what it says it is doing. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.services.machines.orders import DesiredState, Want
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import HeldAttempt


@dataclass(frozen=True)
class Observed:
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


def observed_from(held: HeldAttempt) -> Observed:
    """The picture that a hello paints."""
    return Observed(
        stage_index=held.stage_index,
        run=held.run,
        publishing=held.push if held.state in ("publishing", "published") else -1,
    )


def reconcile(
    desired: Iterable[DesiredState], observed: Mapping[AttemptKey, Observed]
) -> list[DesiredState]:
    """The orders to send, in the order of the rows.

    An order is repeated only on a new connection: a machine answers a repeated one with what it
    has already reported, so that an early or a repeated order changes nothing.
    """
    return [state for state in desired if _is_due(state, observed.get(AttemptKey.of(state)))]


def _is_due(desired: DesiredState, observed: Observed | None) -> bool:
    match desired.want:
        case Want.RUN:
            wanted = (desired.stage_index, desired.run)
            return observed is None or (observed.stage_index, observed.run) < wanted
        case Want.PUBLISH:
            return observed is None or observed.publishing < desired.run
        case Want.STOP:
            return observed is None or not observed.stopping
        case Want.FORGET:
            return observed is None or not observed.forgetting
        case Want.TERMINAL:
            return observed is None or observed.terminals < desired.asked
        case Want.SUSPEND:
            wanted = (desired.stage_index, desired.run)
            return observed is None or observed.suspended < wanted
        case Want.ANSWER:
            return observed is None or observed.answered < desired.question
    return False


def told(observed: Observed | None, order: DesiredState) -> Observed:
    """The picture after the order has been sent."""
    before = observed or Observed()
    match order.want:
        case Want.RUN:
            return replace(before, stage_index=order.stage_index, run=order.run)
        case Want.PUBLISH:
            return replace(before, publishing=order.run)
        case Want.STOP:
            return replace(before, stopping=True)
        case Want.TERMINAL:
            return replace(before, terminals=order.asked)
        case Want.SUSPEND:
            return replace(before, suspended=(order.stage_index, order.run))
        case Want.ANSWER:
            return replace(before, answered=order.question)
    return replace(before, forgetting=True)
