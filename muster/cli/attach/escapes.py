"""Parse input: keys for the program, and ssh-like `~` commands at a line's start for us."""

import enum

TILDE = ord("~")
_LINE_ENDS = b"\r\n"


class EscapeAction(enum.Enum):
    """The commands after a `~`, by key."""

    DETACH = b"."
    SUSPEND = b"\x1a"
    HELP = b"?"
    WHO = b"w"
    TAKE_OVER = b"t"
    REDRAW = b"r"
    INTERRUPT = b"i"


_ACTIONS = {act.value: act for act in EscapeAction}


class EscapeParser:
    """Parses input in chunks of any size. A `~` counts only at the start of a line, and is withheld
    until the next byte."""

    def __init__(self) -> None:
        self._is_at_start = True
        self._is_tilde_pending = False

    def start_line(self) -> None:
        """Treat the next byte as the start of a line."""
        self._is_at_start = True

    def feed(self, data: bytes) -> list[bytes | EscapeAction]:
        """Return keys and actions in order."""
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
