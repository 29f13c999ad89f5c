"""What is typed: keys for the program, and what begins a line with `~`, as in ssh, for us."""

import enum

TILDE = ord("~")
_ENTERS = b"\r\n"


class Act(enum.Enum):
    """What may follow a `~`, by its key."""

    END = b"."
    SUSPEND = b"\x1a"
    HELP = b"?"
    WHO = b"w"
    TAKE_OVER = b"t"
    REDRAW = b"r"


_ACTS = {act.value: act for act in Act}


class Escapes:
    """Takes bytes however they come in pieces. A `~` is one at the beginning of a line alone, and
    is kept back until it is known what follows."""

    def __init__(self) -> None:
        self._is_at_start = True
        self._is_held = False

    def begin_line(self) -> None:
        """Take what comes next for the beginning of a line."""
        self._is_at_start = True

    def feed(self, data: bytes) -> list[bytes | Act]:
        """Keys and acts, in their order."""
        found: list[bytes | Act] = []
        keys = bytearray()
        for byte in data:
            if self._is_held:
                self._is_held = False
                if act := _ACTS.get(bytes((byte,))):
                    if keys:
                        found.append(bytes(keys))
                        keys.clear()
                    found.append(act)
                    self._is_at_start = True
                    continue
                keys.append(TILDE)
                self._is_at_start = False
                if byte == TILDE:
                    continue
            elif byte == TILDE and self._is_at_start:
                self._is_held = True
                continue
            keys.append(byte)
            self._is_at_start = byte in _ENTERS
        if keys:
            found.append(bytes(keys))
        return found
