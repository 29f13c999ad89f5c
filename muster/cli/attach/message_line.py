"""A line of text that is typed over the screen: a message to the agent."""

import codecs
import enum
import re
from collections.abc import Iterator

from muster.cli.text_format import sanitize

MAX_CHARACTERS = 20_000  # of a message, as the API has it
_MAX_LINES = 6  # of the screen that the message covers
_PASTE = re.compile(rb"\x1b\[20([01])~")
# Cursor and function keys, and the terminal's replies to queries.
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[\]P_^].*?(?:\x07|\x1b\\))", re.DOTALL)
_ALT_ENTER = b"\x1b\r"


class LineEvent(enum.Enum):
    """What input meant besides text."""

    SEND = "send"
    STOP_AND_SEND = "stop and send"
    LEAVE = "leave"  # Ctrl-C without a text


class MessageLine:
    """Edits a message. Enter sends, Ctrl-X stops the agent's step and sends; Ctrl-J, Alt-Enter and
    pasted line ends are line breaks."""

    def __init__(self) -> None:
        self.text = ""
        self._is_pasting = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")

    def feed(self, data: bytes) -> Iterator[LineEvent]:
        """Apply a read of input. On an event that sends, take the text before you continue."""
        while data:
            if mark := _PASTE.match(data):
                self._is_pasting = mark[1] == b"0"
                data = data[mark.end() :]
            elif data.startswith(_ALT_ENTER):
                self._insert("\n")
                data = data[len(_ALT_ENTER) :]
            elif data[0] == 0x1B:
                found = _SEQUENCE.match(data)
                data = data[found.end() if found else 1 :]
            else:
                event, data = self._apply(data[0]), data[1:]
                if event:
                    yield event

    def pop_text(self) -> str:
        """Return the text and clear it."""
        text, self.text = self.text.strip(), ""
        return text

    def draw(self, label: str, cols: int) -> list[str]:
        """Return the screen lines that show the message, the last ones of a long one."""
        width = max(1, cols - 2)
        shown = []
        for part in f"{label}: {self.text}▏".split("\n"):
            clean = sanitize(part)
            shown += [clean[at : at + width] for at in range(0, len(clean), width)] or [""]
        return shown[-_MAX_LINES:]

    def _apply(self, byte: int) -> LineEvent | None:
        match byte:
            case 0x0D if not self._is_pasting:
                return LineEvent.SEND if self.text.strip() else None
            case 0x18 if not self._is_pasting:  # Ctrl-X
                return LineEvent.STOP_AND_SEND if self.text.strip() else None
            case 0x0A | 0x0D:
                self._insert("\n")
            case 0x03:  # Ctrl-C
                if not self.text:
                    return LineEvent.LEAVE
                self.text = ""
            case 0x08 | 0x7F:  # backspace
                self.text = self.text[:-1]
            case 0x15:  # Ctrl-U
                self.text = ""
            case 0x17:  # Ctrl-W
                self.text = re.sub(r"\S*\s*\Z", "", self.text)
            case 0x09:
                self._insert("\t" if self._is_pasting else " ")
            case _ if byte >= 0x20:
                self._insert(self._decoder.decode(bytes((byte,))))
        return None

    def _insert(self, text: str) -> None:
        if len(self.text) < MAX_CHARACTERS:
            self.text += text
