"""What is typed: keys for the program, and what begins a line with `~`, as in ssh, for us."""

import enum

TILDE = ord("~")
_LINE_ENDS = b"\r\n"


class EscapeAction(enum.Enum):
    """What may follow a `~`, by its key."""

    DETACH = b"."
    SUSPEND = b"\x1a"
    HELP = b"?"
    WHO = b"w"
    TAKE_OVER = b"t"
    REDRAW = b"r"


_ACTIONS = {act.value: act for act in EscapeAction}


class EscapeParser:
    """Takes bytes however they come in pieces. A `~` is one at the beginning of a line alone, and
    is kept back until it is known what follows."""

    def __init__(self) -> None:
        self._is_at_start = True
        self._is_tilde_pending = False

    def start_line(self) -> None:
        """Take what comes next for the beginning of a line."""
        self._is_at_start = True

    def feed(self, data: bytes) -> list[bytes | EscapeAction]:
        """Keys and acts, in their order."""
        found: list[bytes | EscapeAction] = []
        keys = bytearray()
        for byte in data:
            if self._is_tilde_pending:
                self._is_tilde_pending = False
                if act := _ACTIONS.get(bytes((byte,))):
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
                self._is_tilde_pending = True
                continue
            keys.append(byte)
            self._is_at_start = byte in _LINE_ENDS
        if keys:
            found.append(bytes(keys))
        return found
