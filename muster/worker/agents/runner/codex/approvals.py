"""The agent's requests to us: for approvals, and for what only a person could provide.

Changes of files in its folder are within its permissions; commands that codex doesn't know to be
harmless, and other changes, are asked people. Its protocol has no place for their reason: it's sent
as a note.
"""

from __future__ import annotations

import os
import shlex

from muster.worker.agents.runner.codex import items
from muster.worker.agents.runner.formats import PARSE_ERRORS
from muster.worker.agents.runner.formats.fields import optional_string, require_mapping
from muster.worker.agents.runner.permissions import PermissionRequests, describe_call
from muster.worker.agents.runner.tool_calls import ToolCall

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.jsonrpc import Requests
    from muster.worker.agents.runner.permissions import Decision
    from muster.worker.agents.runner.questions import Question, QuestionQueue

COMMAND, FILE_CHANGE = "item/commandExecution/requestApproval", "item/fileChange/requestApproval"
_ACCEPTED, _DECLINED = {"decision": "accept"}, {"decision": "decline"}
_DENIED = {"decision": "denied"}  # the protocol's first version
_DENIALS: dict[str, dict[str, Any]] = {
    COMMAND: _DECLINED,
    FILE_CHANGE: _DECLINED,
    "item/permissions/requestApproval": {"permissions": {}, "scope": "turn"},
    "mcpServer/elicitation/request": {"action": "decline", "content": None},
    "item/tool/requestUserInput": {"answers": {}},
    "execCommandApproval": _DENIED,
    "applyPatchApproval": _DENIED,
}
_MAX_ITEMS = 100


class Approvals:
    """Without `questions`, all requests are denied. `add_note` sends the agent a text."""

    def __init__(
        self, rpc: Requests, questions: QuestionQueue | None, add_note: Callable[[str], None]
    ) -> None:
        self._rpc, self._add_note = rpc, add_note
        self._requests = PermissionRequests(questions) if questions is not None else None
        self._changes: dict[str, dict[str, Any]] = {}  # the latest ones, by item
        self._open: list[tuple[Any, Question | None]] = []  # by the request's number

    def observe(self, item: dict[str, Any]) -> None:
        """Remember the changes of a file-change item: its request for approval names only that."""
        if item.get("type") == "fileChange" and isinstance(item.get("id"), str):
            self._changes[item["id"]] = item
            if len(self._changes) > _MAX_ITEMS:
                del self._changes[next(iter(self._changes))]

    def decide(self, number: Any, method: str, params: Any) -> bool:
        """Respond to the request, now or later; False for a method that we don't have."""
        if method not in _DENIALS:
            return False
        try:
            call = self._find_call(method, params)
        except PARSE_ERRORS:
            call = None
        if call is None or self._requests is None:
            self._rpc.queue(id=number, result=_DENIALS[method])
        elif method == FILE_CHANGE and _is_in_folder(call):
            self._rpc.queue(id=number, result=_ACCEPTED)
        else:
            self._ask(self._requests, number, call, params)
        return True

    def cancel(self, number: Any) -> None:
        """The agent no longer waits for that request's response."""
        if self._requests is None:
            return
        for waiting in [each for each in self._open if each[0] == number]:
            self._open.remove(waiting)
            if waiting[1] is not None:
                self._requests.cancel(waiting[1])

    def _ask(
        self, requests: PermissionRequests, number: Any, call: ToolCall, params: dict[str, Any]
    ) -> None:
        def on_decision(decision: Decision) -> None:
            self._open = [each for each in self._open if each[0] != number]
            if not decision.is_allowed and decision.reason:
                # Before the response: the turn has to wait for that, and so reads the note.
                self._add_note(f"“{request['title']}” was denied. {decision.reason}")
            self._rpc.queue(id=number, result=_ACCEPTED if decision.is_allowed else _DECLINED)

        request = describe_call(call)
        request["folder"] = optional_string(params.get("cwd")) or request["folder"]
        key = [call.command, call.diff, request["folder"]]
        question = requests.ask(request, on_decision, key)
        if question is not None:
            self._open.append((number, question))

    def _find_call(self, method: str, params: Any) -> ToolCall | None:
        """Return what codex asks about; None if it's nothing that people can judge. Raises one of
        `PARSE_ERRORS`.
        """
        fields = require_mapping(params)
        if method == COMMAND and isinstance(command := fields.get("command"), str):
            return ToolCall("", "shell", {}, command=_unwrap_shell(command))
        if method == FILE_CHANGE and fields.get("itemId") in self._changes:
            item = items.convert_item(self._changes[fields["itemId"]]) or {}
            files = [(each["path"], each["kind"]) for each in item["changes"]]
            return ToolCall("", "apply_patch", {}, files=files, diff=item["diff"])
        return None


def _is_in_folder(call: ToolCall) -> bool:
    """Whether it changes only files below the agent's folder."""
    folder = os.path.realpath(os.getcwd())
    paths = [os.path.realpath(os.path.join(folder, each["path"])) for each in call.files]
    return bool(paths) and all(path.startswith(folder + "/") for path in paths)


def _unwrap_shell(command: str) -> str:
    """Return the command inside `bash -lc '…'`, which codex runs all commands with."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    is_shell = len(words) == 3 and words[1] in ("-lc", "-c") and words[0].endswith("sh")
    return words[2] if is_shell else command
