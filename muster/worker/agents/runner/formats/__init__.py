"""The output formats of agents, one per file: each turns an event into updates.

`feed(event)` returns the updates, or None for an unknown shape; for an event that differs from its
documentation it may raise any of `PARSE_ERRORS`. Both are passed through unchanged. `end()` returns
pending updates at the end. `aside(line)` returns the updates for a line of standard error, which is
shown already; for an agent with text output also for a line of its output.
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
"""Agents that output text for people."""


def create_format(name: str) -> Format:
    """Create a format. Raises ValueError for an unknown name."""
    match name:  # each start imports only its own format
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
    raise ValueError(f"no format {name!r}; use {', '.join(JSON_FORMATS + TEXT_FORMATS)}")
