"""Orders: what a machine should be doing, minus what it says it is doing. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.services.machines.orders import Key, Want, Wanted
from muster.protocol.frames import HeldAttempt


@dataclass(frozen=True)
class Known:
    """What the machine has of an attempt: by its hello, or by what it was sent since.

    `stage_index` is the highest stage it was ordered to run (-1: none).
    """

    stage_index: int = -1
    publishing: bool = False
    stopping: bool = False
    forgetting: bool = False
    terminals: int = 0  # the last time its terminal was asked for


def known_from(held: HeldAttempt) -> Known:
    """The picture that a hello paints."""
    return Known(stage_index=held.stage_index, publishing=held.state in ("publishing", "published"))


def difference(wanted: Iterable[Wanted], known: Mapping[Key, Known]) -> list[Wanted]:
    """The orders to send, in the order of the rows.

    An order is repeated only on a new connection: a machine answers a repeated one with what it
    has already reported, so that an early or a repeated order changes nothing.
    """
    return [w for w in wanted if _is_due(w, known.get((w.task_id, w.attempt)))]


def _is_due(wanted: Wanted, known: Known | None) -> bool:
    match wanted.want:
        case Want.RUN:
            return known is None or known.stage_index < wanted.stage_index
        case Want.PUBLISH:
            return known is None or not known.publishing
        case Want.STOP:
            return known is None or not known.stopping
        case Want.FORGET:
            return known is None or not known.forgetting
        case Want.TERMINAL:
            return known is None or known.terminals < wanted.asked
    return False


def told(known: Known | None, order: Wanted) -> Known:
    """The picture after the order has been sent."""
    before = known or Known()
    match order.want:
        case Want.RUN:
            return replace(before, stage_index=order.stage_index)
        case Want.PUBLISH:
            return replace(before, publishing=True)
        case Want.STOP:
            return replace(before, stopping=True)
        case Want.TERMINAL:
            return replace(before, terminals=order.asked)
    return replace(before, forgetting=True)
