"""The output for the log benchmark: many different lines of 80 bytes."""

from bench import timestamps

LINES = 200_000
_HEAD = "line %07.0f "
_WORDS = "what an agent has to say about what it does is longer than need be"
_FORM = _HEAD + _WORDS.ljust(79 - len(_HEAD % 1), ".")  # and a newline

SCRIPT = f"{timestamps.SCRIPT}; exec seq -f '{_FORM}' 1 {LINES}"
"""For bash: records the start time, then prints."""


def printed(newline: bytes) -> bytes:
    """The complete output; a terminal turns each newline into `\\r\\n`."""
    form = _FORM.encode() + newline
    return b"".join(form % number for number in range(1, LINES + 1))
