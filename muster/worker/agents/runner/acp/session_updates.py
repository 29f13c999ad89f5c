"""What an agent tells of a session as it goes (`session/update`)."""

from __future__ import annotations

from muster.worker.agents.runner import updates
from muster.worker.agents.runner.acp.tools import made, text_of
from muster.worker.agents.runner.formats.fields import (
    amount,
    count,
    mapping,
    optional,
    string,
    total,
    usage,
)
from muster.worker.agents.runner.tool_calls import Calls

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.entries import Told

_PIECES = {
    "agent_message_chunk": updates.message,
    "agent_thought_chunk": updates.thought,
    "user_message_chunk": updates.heard,
}
_QUIET = (
    "available_commands_update",
    "current_mode_update",
    "config_option_update",
    "session_info_update",
)
_ENDED = ("completed", "failed")


class Updates:
    """A message comes in pieces, and a call bit by bit: each is told of when it is whole."""

    def __init__(self) -> None:
        self._calls = Calls()
        self._known: dict[str, dict[str, Any]] = {}  # what was told of each call that is open
        self._denied: set[str] = set()
        self._saying: str | None = None
        self._pieces: list[str] = []
        self._plan = ""
        self._usage: list[dict[str, Any]] = []
        self._cost: float | None = None

    def feed(self, update: dict[str, Any]) -> list[Told] | None:
        kind = string(update["sessionUpdate"])
        if kind in _QUIET:
            return []
        if kind == "usage_update":
            return self._spent(mapping(update.get("cost") or {}))
        if kind in _PIECES:
            return self._piece(kind, text_of(mapping(update["content"])))
        match kind:
            case "tool_call" | "tool_call_update":
                told = self._call(update)
            case "plan":
                told = self._planned(update["entries"])
            case _:
                return None
        return [*self._said(), *told]

    def asked(self, said: dict[str, Any]) -> dict[str, Any]:
        """All that is known of the call for which permission is asked."""
        return self._noted(said)

    def deny(self, call: dict[str, Any]) -> None:
        """It is told of as denied, when it is told of."""
        self._denied.add(string(call["toolCallId"]))

    def used(self, said: dict[str, Any]) -> None:
        """What its answer says that it took, of the whole session."""
        if not said:
            return
        taken, output = count(said.get("inputTokens")), count(said.get("outputTokens"))
        cached, thought = count(said.get("cachedReadTokens")), count(said.get("thoughtTokens"))
        written = count(said.get("cachedWriteTokens"))
        # Its parts are counted beside each other, or within each other: their sum says which.
        apart = total(taken, output, cached, written, thought) == count(said.get("totalTokens"))
        self._usage = [
            usage(
                None,
                taken=total(taken, cached, written) if apart else taken,
                cached=cached,
                made=total(output, thought) if apart else output,
                reasoning=thought,
                cost=None,
            )
        ]

    def end(self) -> list[Told]:
        """What waited for more, when there is no more."""
        told = self._said()
        for said in list(self._known.values()):
            call = made(said)
            call.is_denied = call.id in self._denied
            call.is_unfinished = not call.is_denied
            told.append(self._calls.end(call))
        self._known.clear()
        return told

    def ending(self) -> Told:
        used = self._usage
        if self._cost is not None:
            empty = usage(None, taken=None, cached=None, made=None, reasoning=None, cost=None)
            used = [{**(used[0] if used else empty), "cost": self._cost}]
        return updates.ending(used, None, len(self._denied), is_of_session=True)

    def _piece(self, kind: str, text: str) -> list[Told]:
        told = self._said() if kind != self._saying else []
        self._saying = kind
        self._pieces.append(text)
        return told

    def _said(self) -> list[Told]:
        if self._saying is None:
            return []
        told = _PIECES[self._saying]("".join(self._pieces))
        self._saying, self._pieces = None, []
        return told

    def _call(self, update: dict[str, Any]) -> list[Told]:
        known = self._noted(update)
        if known.get("status") not in _ENDED:
            return []
        call = made(known)
        call.is_denied = call.id in self._denied
        is_bad = known["status"] == "failed" and call.exit_code is None
        call.has_failed = is_bad and not call.is_denied
        del self._known[call.id]
        return [self._calls.end(call)]

    def _noted(self, said: dict[str, Any]) -> dict[str, Any]:
        name = string(said["toolCallId"])
        if name not in self._known:
            self._calls.require_new(name)
        more = {key: value for key, value in said.items() if value is not None}
        whole = {**self._known.get(name, {}), **more}
        made(whole)  # what is none of the protocol's shall change nothing
        self._known[name] = whole
        return whole

    def _planned(self, entries: list[Any]) -> list[Told]:
        marks = {"completed": "x", "in_progress": "~"}
        lines = [
            f"[{marks.get(optional(each.get('status')), ' ')}] {string(each['content'])}"
            for each in map(mapping, entries)
        ]
        before, self._plan = self._plan, "\n".join(lines)
        return updates.note(self._plan) if self._plan != before else []

    def _spent(self, cost: dict[str, Any]) -> list[Told]:
        if cost.get("currency") == "USD":
            # A price that an agent does not know counts as nothing.
            self._cost = amount(cost.get("amount")) or None
        return []
