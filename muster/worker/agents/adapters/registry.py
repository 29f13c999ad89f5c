"""The registry of agents: Muster's own, and those that the machine's operator added."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import (
    OPTIONS,
    RESUMED_RUNS,
    SESSION,
    TEXT,
    Adapter,
    MessagesConfig,
)
from muster.worker.agents.adapters.aider import AIDER
from muster.worker.agents.adapters.claude import CLAUDE
from muster.worker.agents.adapters.codex import CODEX
from muster.worker.agents.adapters.copilot import COPILOT
from muster.worker.agents.adapters.cursor import CURSOR
from muster.worker.agents.adapters.custom import CUSTOM
from muster.worker.agents.adapters.gemini import GEMINI
from muster.worker.agents.adapters.opencode import OPENCODE
from muster.worker.agents.adapters.qwen import QWEN
from muster.worker.agents.runner import conversation, formats

_SERVER_PLACEHOLDERS = {"{command}", "{program}", "{arguments}", "{seconds}", "{milliseconds}"}
_PLACEHOLDER = re.compile(r"\{[a-z]+\}")


class BadAdapter(Exception):
    """An operator's file isn't a valid adapter; the message has the file and the problem."""


class AdapterRegistry:
    """Adapters by name; later ones override earlier ones."""

    def __init__(self, adapters: Iterable[Adapter]) -> None:
        self._adapters = {adapter.name: adapter for adapter in adapters}

    def __iter__(self) -> Iterator[Adapter]:
        return iter(self._adapters.values())

    def get(self, agent: str) -> Adapter | None:
        return self._adapters.get(agent)

    def resolve_hosts(self, agent: str, network: Iterable[str]) -> list[str]:
        """Return the hosts of a stage's network, with the agent's hosts in place of `@agent`."""
        adapter = self.get(agent)
        own = adapter.hosts if adapter else ()
        named = (own if host == "@agent" else (host,) for host in network)
        return [*dict.fromkeys(host for hosts in named for host in hosts)]


BUILTIN_ADAPTERS = AdapterRegistry((CLAUDE, CODEX, CURSOR, GEMINI, OPENCODE, COPILOT, QWEN, AIDER))


def load_adapters(directory: Path | None) -> AdapterRegistry:
    """Load the built-in adapters, and those of the directory's `*.toml`, one adapter per file with
    Adapter's fields. Raises BadAdapter.
    """
    if directory is None:
        return BUILTIN_ADAPTERS
    try:
        files = sorted(directory.iterdir())
    except OSError as error:
        raise BadAdapter(f"{directory}: {error.strerror}") from error
    return AdapterRegistry(
        [*BUILTIN_ADAPTERS, *(_load_adapter(file) for file in files if file.suffix == ".toml")]
    )


def _load_adapter(file: Path) -> Adapter:
    try:
        adapter = msgspec.convert(tomllib.loads(file.read_text()), Adapter)
        _validate_adapter(adapter, file.stem)
    except OSError as error:
        raise BadAdapter(f"{file}: {error.strerror}") from error
    except ValueError as error:  # includes tomllib's and msgspec's
        raise BadAdapter(f"{file}: {error}") from error
    return adapter


def _validate_adapter(adapter: Adapter, stem: str) -> None:
    """Check an adapter. Raises ValueError."""
    if adapter.name in (CUSTOM, ACP, "shell"):
        raise ValueError(f"the name {adapter.name} is reserved")
    if adapter.name != stem:
        raise ValueError(f"its name is {adapter.name}, but its file's is {stem}")
    for field in ("headless", "terminal"):
        words: tuple[str, ...] = getattr(adapter, field)
        if words and words[0] != adapter.binary:
            raise ValueError(f"{field} must start with {adapter.binary}")
        if (
            field == "headless"
            and adapter.format != ACP
            and not any(TEXT in word for word in words)
        ):
            raise ValueError(f"{field} has no {TEXT}")
        _require_placeholders(field, words, {TEXT, OPTIONS, SESSION})
        if misplaced := [w for w in words if w not in (OPTIONS, SESSION) and _has_splice(w)]:
            raise ValueError(f"{field}: {misplaced[0]!r} must be a separate word")
    for field, place in (("session", "{id}"), ("model", "{model}"), ("allowed_tool", "{tool}")):
        _require_placeholders(field, getattr(adapter, field), {place})
    if adapter.mcp and not adapter.format:
        raise ValueError("mcp needs a format")
    if adapter.mcp:
        _require_placeholders("mcp", adapter.mcp.arguments, _SERVER_PLACEHOLDERS)
    if adapter.messages:
        _validate_messages(adapter, adapter.messages)
    if adapter.format != ACP and bool(adapter.structured) != bool(adapter.format):
        raise ValueError("structured and format need each other")
    if adapter.format and adapter.format not in (*formats.JSON_FORMATS, ACP):
        raise ValueError(f"format: use {', '.join((*formats.JSON_FORMATS, ACP))}")
    for field, patterns in (("failures", adapter.failures.values()), ("waiting", adapter.waiting)):
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{field}: {pattern!r}: {error}") from error


def _validate_messages(adapter: Adapter, messages: MessagesConfig) -> None:
    """Raises ValueError."""
    if not adapter.format:
        raise ValueError("messages needs a format")
    if messages.format not in conversation.NAMES:
        raise ValueError(f"messages: format: use {', '.join(conversation.NAMES)}")
    if messages.headless[:1] != (adapter.binary,):
        raise ValueError(f"messages: headless must start with {adapter.binary}")
    known = {OPTIONS, SESSION}
    if messages.format == RESUMED_RUNS:
        if not adapter.session or adapter.format not in formats.JSON_FORMATS:
            raise ValueError(f"messages: {RESUMED_RUNS} needs a session, and a format with events")
        if not any(TEXT in word for word in messages.headless):
            raise ValueError(f"messages: headless has no {TEXT}")
        known.add(TEXT)
    _require_placeholders("messages", messages.headless, known)


def _require_placeholders(field: str, words: tuple[str, ...], known: set[str]) -> None:
    for word in words:
        if unknown := set(_PLACEHOLDER.findall(word)) - known:
            raise ValueError(f"{field}: {min(unknown)} isn't one of {', '.join(sorted(known))}")


def _has_splice(word: str) -> bool:
    return OPTIONS in word or SESSION in word
