"""Control sequences for the local terminal, besides the remote terminal's output."""

import unicodedata
from collections.abc import Sequence

from muster.cli.text_format import sanitize

_SOFT_RESET = "\x1b[!p"  # resets also the cursor, margins and keypad modes
_MODES_OFF = "".join(
    f"\x1b[?{mode}l"
    # Cursor keys, reverse screen, origin; all mouse modes; focus, bracketed paste, synchronized
    # updates.
    for mode in (1, 5, 6, 9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026)
)
_KEYS_PLAIN = "\x1b>\x1b[>4m\x1b[=0u"  # keypad; xterm's and kitty's extended keys
_PLAIN = "\x1b(B\x0f\x1b[4l\x1b[r\x1b[?7h\x1b[?25h\x1b[0 q\x1b[m"
_BOTTOM = "\x1b[999;1H"
_STRING_TERMINATOR = "\x1b\\"  # ends a link or the like that was cut off
_ALTERNATE_SCREEN_OFF = "\x1b[?1049l"  # leaves the screen of full-screen programs

RESET = (
    f"\x18{_STRING_TERMINATOR}{_SOFT_RESET}{_MODES_OFF}{_KEYS_PLAIN}{_ALTERNATE_SCREEN_OFF}{_PLAIN}"
)
"""Resets all modes that a program may have set; the screen's contents stay."""

PASTE_MARKS_ON = b"\x1b[?2004h"
"""Have the terminal mark what is pasted, so that its line ends don't count as Enter."""


def scroll_into_scrollback(rows: int) -> bytes:
    """Scroll the screen's contents into the scrollback, where they aren't overwritten."""
    return f"{_BOTTOM}{chr(10) * rows}".encode()


def clear_screen() -> bytes:
    """Clear the screen."""
    return f"{RESET}\x1b[H\x1b[2J".encode()


def leave_screen() -> bytes:
    """Reset the terminal and put the cursor below the screen's contents."""
    return f"{RESET}{_BOTTOM}\r\n".encode()


def overlay_note(lines: Sequence[str], cols: int, rows: int) -> bytes:
    """Draw lines over the last ones of a screen of that size; the cursor stays."""
    shown = [_pad_or_cut(line, cols) for line in lines][-rows:]
    first = rows - len(shown) + 1
    drawn = "".join(f"\x1b[{first + n};1H{line}" for n, line in enumerate(shown))
    return f"\x1b7\x1b[m\x1b[7m{drawn}\x1b[m\x1b8".encode()


def _pad_or_cut(line: str, cols: int) -> str:
    """Pad or cut a line to a number of columns."""
    taken, width = [], 0
    for character in f" {sanitize(line)}":
        wide = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width + wide > cols:
            break
        taken.append(character)
        width += wide
    return "".join(taken) + " " * (cols - width)
