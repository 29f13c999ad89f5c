"""Print the output of commands that run in steps."""

import re
import time
from typing import TextIO

GREEN, RED, DIM, BOLD, RESET = "\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m"
ERASE_LINE = "\r\033[K"
SHOWN_SECONDS = 0.05
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")


class Screen:
    """Writes to a terminal, in colors and with a line for the current step, or to a file."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.is_terminal = out.isatty()
        self._step: str | None = None
        self._started_at = 0.0
        self._has_failed = False
        self._ignores_closed_output = self._is_closed = False

    def ignore_closed_output(self) -> None:
        """From now on, ignore a closed output and drop what would be written to it."""
        self._ignores_closed_output = True

    def step(self, text: str) -> None:
        """Start a step; the one before it is done."""
        self.done()
        self._step, self._started_at = text, time.monotonic()
        if self.is_terminal:
            self._write(f"  … {text}")

    def done(self, outcome: str = "") -> None:
        """End the current step, if there is one, and show how long it took."""
        if self._step is None:
            return
        seconds = time.monotonic() - self._started_at
        text, self._step = self._step + (f": {outcome}" if outcome else ""), None
        # Short times are not shown.
        took = f"  {DIM}{seconds:.1f} s{RESET}" if seconds >= SHOWN_SECONDS else ""
        mark = f"{RED}✗{RESET}" if self._has_failed else f"{GREEN}✓{RESET}"
        self._has_failed = False
        self._finish(f"  {mark} {text}{took}\n")

    def mark_failed(self) -> None:
        """Mark the current step as failed; it is shown so when it ends."""
        self._has_failed = self._step is not None

    def fail(self, problem: str) -> None:
        """End the current step as failed, and show the problem."""
        self.mark_failed()
        self.done()
        self._write(f"{RED}{problem}{RESET}\n")

    def heading(self, text: str) -> None:
        self.done()
        self._write(f"\n{BOLD}{text}{RESET}\n")

    def line(self, text: str = "") -> None:
        """Write a line; a terminal gets its escape sequences."""
        self.done()
        self._write(f"{text}{RESET if chr(27) in text else ''}\n")

    def _finish(self, line: str) -> None:
        self._write((ERASE_LINE if self.is_terminal else "") + line)

    def _write(self, text: str) -> None:
        if self._is_closed:
            return
        try:
            self._out.write(text if self.is_terminal else _ESCAPES.sub("", text))
            self._out.flush()
        except OSError:
            if not self._ignores_closed_output:
                raise
            self._is_closed = True
