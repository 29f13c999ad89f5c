"""The updates of a thread, from its notifications."""

from __future__ import annotations

import re

from muster.worker.agents.runner import updates
from muster.worker.agents.runner.codex import errors, items
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.formats.codex import Codex, usage_from_api
from muster.worker.agents.runner.formats.fields import (
    optional_string,
    require_mapping,
    require_string,
)

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_MAX_OUTPUT_CHARS = 64 << 10  # characters of a running command's output that are stored
_SGR = re.compile(r"\x1b\[[0-9;]*m")
_NOTES = ("warning", "guardianWarning", "configWarning", "deprecationNotice")
_IGNORED_PREFIXES = (
    "account/",
    "app/",
    "command/",
    "externalAgentConfig/",
    "fs/",
    "fuzzyFileSearch/",
    "hook/",
    "item/",
    "mcpServer/",
    "model/",
    "modelProvider/",
    "process/",
    "project/",
    "rawResponse",
    "remoteControl/",
    "serverRequest/",
    "skills/",
    "thread/",
    "turn/",
)
_USAGE_FIELDS = {
    "input_tokens": "inputTokens",
    "cached_input_tokens": "cachedInputTokens",
    "output_tokens": "outputTokens",
    "reasoning_output_tokens": "reasoningOutputTokens",
}


class ThreadOutput:
    """What the thread reports is what `codex exec` reports, in other shapes."""

    def __init__(self) -> None:
        self.thread_id = ""
        self._format = Codex()
        self._limits = errors.RateLimits()
        self._usage: dict[str, Any] = {}  # of the thread, in the form of `codex exec`
        self._running: dict[str, str] = {}  # processes of running commands, by item
        self._outputs: dict[str, str] = {}  # of running commands
        self._stopped: set[str] = set()  # items that are already reported

    @property
    def has_failed(self) -> bool:
        """Whether the turn has failed, as far as is known: codex may also try again."""
        return self._format.has_failed

    def feed(self, method: str, params: dict[str, Any]) -> list[Update] | None:
        match method:
            case "item/started":
                return self._start_item(require_mapping(params["item"]))
            case "item/completed":
                return self._finish_item(require_mapping(params["item"]))
            case "item/commandExecution/outputDelta":
                return self._add_output(params)
            case "item/agentMessage/delta":
                return [Update(delta=("message", require_string(params["delta"])))]
            case "item/reasoning/summaryTextDelta" | "item/reasoning/textDelta":
                return [Update(delta=("thought", require_string(params["delta"])))]
            case "turn/plan/updated":
                turn = require_string(params["turnId"])
                return self._format.update_item(items.plan_item(turn, params["plan"]))
            case "thread/tokenUsage/updated":
                return self._update_usage(require_mapping(params["tokenUsage"]))
            case "account/rateLimits/updated":
                self._limits.update(require_mapping(params["rateLimits"]))
                return []
            case "error":
                return self._fail(require_mapping(params["error"]))
        if method in _NOTES:
            return updates.note(_note_text(params))
        return [] if method.startswith(_IGNORED_PREFIXES) else None

    def feed_text_line(self, line: str) -> list[Update]:
        return self._format.feed_text_line(_SGR.sub("", line))

    def finish(self) -> list[Update]:
        """Report what has no end: the agent has exited."""
        for item, output in self._outputs.items():
            self._format.set_output(item, output)
        self._stopped.update(self._running)
        return self._format.finish()

    def finish_turn(self, turn: dict[str, Any]) -> list[Update]:
        new_updates = self.finish()
        if turn["status"] == "failed":
            new_updates += self._fail(require_mapping(turn["error"]))
        elif self._usage or turn["status"] == "completed":
            new_updates += self._format.finish_turn(self._usage)
        self._running.clear()
        self._outputs.clear()
        return new_updates

    def running_commands(self) -> dict[str, str]:
        """Return their processes, by item; empty if unknown."""
        return {**self._running}

    def _start_item(self, item: dict[str, Any]) -> list[Update] | None:
        converted = items.convert_item(item)
        if converted is None:
            return []
        if item["type"] == items.COMMAND:
            self._running[converted["id"]] = optional_string(item.get("processId"))
        return self._format.update_item(converted)

    def _finish_item(self, item: dict[str, Any]) -> list[Update] | None:
        converted = items.convert_item(item)
        if converted is None or converted["id"] in self._stopped:
            return []
        self._running.pop(converted["id"], None)
        self._outputs.pop(converted["id"], None)
        return self._format.finish_item(converted)

    def _add_output(self, params: dict[str, Any]) -> list[Update]:
        item, delta = require_string(params["itemId"]), require_string(params["delta"])
        if item not in self._running:
            return []
        self._outputs[item] = (self._outputs.get(item, "") + delta)[-_MAX_OUTPUT_CHARS:]
        return [Update(delta=("output", delta), key=item)]

    def _update_usage(self, usage: dict[str, Any]) -> list[Update]:
        total = require_mapping(usage["total"])
        self._usage = {name: total.get(field) for name, field in _USAGE_FIELDS.items()}
        return [Update(facts={"usage": [usage_from_api(self._usage)], "isOfSession": True})]

    def _fail(self, error: dict[str, Any]) -> list[Update]:
        failure = errors.failure_from_error(error, self._limits)
        return self._format.fail(errors.error_text(error), failure)


def _note_text(params: dict[str, Any]) -> str:
    text = optional_string(params.get("message")) or optional_string(params.get("summary"))
    details = optional_string(params.get("details"))
    return f"{text} {details}" if details else text
