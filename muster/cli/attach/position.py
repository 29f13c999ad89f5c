"""The exact position in an attempt's output. The console has the same in `position.ts`."""

from dataclasses import dataclass, replace

from muster.protocol import terminal as wire


@dataclass(frozen=True)
class Position:
    """The next byte's offset in an attempt's log; `attempt` is None before the first `ready`."""

    attempt: int | None = None
    offset: int = 0

    @property
    def resume_from(self) -> int | None:
        return None if self.attempt is None else self.offset


UNKNOWN_POSITION = Position()


class RestartRequired(Exception):
    """The server continued in another log, so these offsets no longer apply."""


def advance_by(place: Position, length: int) -> Position:
    """Return the position after that many bytes."""
    return replace(place, offset=place.offset + length)


def apply_frame(place: Position, frame: wire.TerminalFrame) -> Position:
    """Return the position after a frame that may set it. Raises RestartRequired."""
    match frame:
        case wire.ViewerReady(attempt=attempt, offset=offset):
            is_new = place.attempt is None
            if not is_new and (attempt != place.attempt or offset < place.offset):
                raise RestartRequired
            return Position(attempt, offset)
        case wire.Gap(end=end):
            return replace(place, offset=max(place.offset, end))
        case wire.Screen(offset=offset):
            return replace(place, offset=offset)
        case _:
            return place
