"""Where one is in an attempt's output, to the byte. The console has the same in `place.ts`."""

from dataclasses import dataclass, replace

from muster.protocol import terminal as wire


@dataclass(frozen=True)
class Position:
    """Of the next byte. `attempt`: whose offsets these are; None before the first `ready`."""

    attempt: int | None = None
    offset: int = 0

    @property
    def resume_from(self) -> int | None:
        return None if self.attempt is None else self.offset


UNKNOWN_POSITION = Position()


class RestartRequired(Exception):
    """The server has gone on elsewhere: these offsets say nothing of it."""


def advance_by(place: Position, length: int) -> Position:
    """After so many bytes."""
    return replace(place, offset=place.offset + length)


def apply_frame(place: Position, frame: wire.TerminalFrame) -> Position:
    """After a frame that may say where the next byte is. Raises BeginAnew."""
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
