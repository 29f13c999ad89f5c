"""Parse a tunnel command's output: its address, and requests to log in.

The texts are those of the VS Code CLI (microsoft/vscode, cli/src), from which Cursor's is derived.
If its output isn't a terminal, it asks nothing and logs in with GitHub.
"""

import re
from dataclasses import dataclass

_MAX_LINE_BYTES = 8 << 10  # bytes of a line that are parsed
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_ADDRESS = re.compile(
    r"(?:Open this link in your browser|\bOpen:)\s+(https://[^\s\"'<>]+)"
    r"|\b(https://(?:insiders\.)?vscode\.dev/tunnel/[^\s\"'<>]+)"
)
_LOGIN = re.compile(r"log into (https://[^\s\"'<>]+) and use code ([A-Za-z0-9-]{4,20})")


@dataclass(frozen=True)
class Address:
    """The tunnel is connected; its address is `url`."""

    url: str


@dataclass(frozen=True)
class LoginPrompt:
    """A user must first log in at `url` with this code."""

    url: str
    code: str


class OutputReader:
    """Parses the output as it arrives: in chunks, with colors. `last` is the last line with
    text."""

    def __init__(self) -> None:
        self.last_line = ""
        self._rest = b""

    def feed(self, output: bytes) -> list[Address | LoginPrompt]:
        """Return the messages in lines that are now complete."""
        *lines, rest = re.split(rb"[\r\n]", self._rest + output)
        self._rest = rest[:_MAX_LINE_BYTES]
        return [message for line in lines if (message := self._read(line[:_MAX_LINE_BYTES]))]

    def _read(self, line: bytes) -> Address | LoginPrompt | None:
        text = _ESCAPES.sub("", line.decode(errors="replace"))
        text = "".join(letter for letter in text if letter.isprintable()).strip()
        self.last_line = text or self.last_line
        if found := _LOGIN.search(text):
            return LoginPrompt(found[1], found[2])
        if found := _ADDRESS.search(text):
            return Address(found[1] or found[2])
        return None
