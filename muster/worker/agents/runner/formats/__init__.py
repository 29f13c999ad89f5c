"""What agents print, one file a format: each makes of an event what is to be told of it.

`feed(event)` returns that, or None for a shape that it does not know; of one that is not as it is
documented it may raise any of `PARSE_ERRORS`. Both are passed on as they came. `end()` tells what
waited for more, when there is no more. `aside(line)` tells what a line of its standard error means,
which is shown already; of an agent that is plain that goes for its output, too.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any, Protocol

    from muster.worker.agents.runner.entries import Update

    class Format(Protocol):
        def feed(self, event: dict[str, Any]) -> list[Update] | None: ...
        def finish(self) -> list[Update]: ...
        def feed_text_line(self, line: str) -> list[Update]: ...


PARSE_ERRORS = (LookupError, TypeError, AttributeError, ValueError, RecursionError)
JSON_FORMATS = ("claude", "codex", "gemini", "opencode")
TEXT_FORMATS = ("aider",)
"""Those whose output is for people."""


def create_format(name: str) -> Format:
    """Raises ValueError for a name that there is not."""
    match name:  # each start pays for its own format alone
        case "aider":
            from muster.worker.agents.runner.formats.aider import Aider

            return Aider()
        case "claude":
            from muster.worker.agents.runner.formats.claude import Claude

            return Claude()
        case "codex":
            from muster.worker.agents.runner.formats.codex import Codex

            return Codex()
        case "gemini":
            from muster.worker.agents.runner.formats.gemini import Gemini

            return Gemini()
        case "opencode":
            from muster.worker.agents.runner.formats.opencode import OpenCode

            return OpenCode()
    raise ValueError(f"no format {name!r}; there are {', '.join(JSON_FORMATS + TEXT_FORMATS)}")
