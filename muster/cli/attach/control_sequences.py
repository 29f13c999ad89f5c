"""What is written to the local terminal beside the bytes of the other one."""

import unicodedata
from collections.abc import Sequence

from muster.cli.text_format import sanitize

_SOFT_RESET = "\x1b[!p"  # also the cursor, the margins, the keypad's modes
_MODES_OFF = "".join(
    f"\x1b[?{mode}l"
    # Cursor keys, reverse screen, origin; the mouse in all its ways; focus, paste in brackets,
    # updates that are held back.
    for mode in (1, 5, 6, 9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026)
)
_KEYS_PLAIN = "\x1b>\x1b[>4m\x1b[=0u"  # keypad; xterm's and kitty's ways to tell more keys
_PLAIN = "\x1b(B\x0f\x1b[4l\x1b[r\x1b[?7h\x1b[?25h\x1b[0 q\x1b[m"
_BOTTOM = "\x1b[999;1H"
_STRING_TERMINATOR = "\x1b\\"  # of a link or the like that was cut in the middle
_ALTERNATE_SCREEN_OFF = "\x1b[?1049l"  # the screen that full-screen programs draw on

RESET = (
    f"\x18{_STRING_TERMINATOR}{_SOFT_RESET}{_MODES_OFF}{_KEYS_PLAIN}{_ALTERNATE_SCREEN_OFF}{_PLAIN}"
)
"""All that a program may have set is as it was; what the screen shows stays."""


def scroll_into_scrollback(rows: int) -> bytes:
    """What the screen shows goes into the scrollback, where it is not drawn over."""
    return f"{_BOTTOM}{chr(10) * rows}".encode()


def clear_screen() -> bytes:
    """An empty screen, for what comes."""
    return f"{RESET}\x1b[H\x1b[2J".encode()


def leave_screen() -> bytes:
    """The shell goes on below what is there."""
    return f"{RESET}{_BOTTOM}\r\n".encode()


def overlay_note(lines: Sequence[str], cols: int, rows: int) -> bytes:
    """Words over the last lines of a screen of that size. What was there is drawn over, and the
    cursor stays."""
    shown = [_pad_or_cut(line, cols) for line in lines][-rows:]
    first = rows - len(shown) + 1
    drawn = "".join(f"\x1b[{first + n};1H{line}" for n, line in enumerate(shown))
    return f"\x1b7\x1b[m\x1b[7m{drawn}\x1b[m\x1b8".encode()


def _pad_or_cut(line: str, cols: int) -> str:
    """Filled up, or cut, to the columns of a screen."""
    taken, width = [], 0
    for character in f" {sanitize(line)}":
        wide = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width + wide > cols:
            break
        taken.append(character)
        width += wide
    return "".join(taken) + " " * (cols - width)
