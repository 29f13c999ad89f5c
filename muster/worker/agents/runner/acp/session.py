"""A stage's conversation: greeting, a session new or gone on with, one prompt, and its answer.

`feed` takes what the agent says, as a format does; `outgoing` is what is to be said to it. JSON-RPC
2.0, an object a line. Whatever an agent asks for is answered, and what it says without sense is
passed on as it came.
"""

from __future__ import annotations

import json
import os

from muster.worker.agents.runner import blocks, failures, updates
from muster.worker.agents.runner.acp import files, permissions, tools
from muster.worker.agents.runner.acp.session_updates import SessionUpdates
from muster.worker.agents.runner.entries import Update, encode_json
from muster.worker.agents.runner.formats import PARSE_ERRORS
from muster.worker.agents.runner.formats.fields import (
    optional_string,
    require_mapping,
    require_string,
)
from muster.worker.agents.runner.questions import Question
from muster.worker.agents.runner.tool_socket import SOCKET_VARIABLE as CALLERS

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.agent_process import AgentProcess
    from muster.worker.agents.runner.questions import QuestionQueue

    ResponseHandler = Callable[[dict[str, Any]], list[Update]]
    Options = list[dict[str, str]]

VERSION = 1
FAILED_STATUS = 1
"""The status where the agent has answered, and the stage has failed all the same."""

_METHOD_NOT_FOUND, _INVALID_PARAMS, _INTERNAL_ERROR = -32601, -32602, -32603
_AUTH_REQUIRED = -32000
_LAST_REQUEST_USAGE_AGENTS = (
    "OpenCode",
)  # as of 1.18: its answer's usage is that of its last request
_STOP_REASON_TEXT = {
    "max_tokens": "It has reached the most tokens that it may use.",
    "max_turn_requests": "It has asked its model as often as it may in one turn.",
    "refusal": "It refuses to go on.",
    "cancelled": "It was cancelled.",
}


class AcpSession:
    """`asked` is {text, permissions, session, servers}: what is said, what may be done without
    asking (edit, run, all), the session to go on with or null, and MCP servers as the protocol has
    them, without `env`."""

    def __init__(self, asked: dict[str, Any], questions: QuestionQueue | None = None) -> None:
        """`questions` reach people, where what is not allowed is asked for."""
        self._questions = questions
        self._open_permissions: list[tuple[Any, Question]] = []  # requests that wait for a person
        self.outgoing: list[bytes] = []
        self.status: int | None = None
        """What the stage's process ends with, once the conversation is over."""
        self._config = asked
        self._cwd = os.getcwd()
        self._updates = SessionUpdates()
        self._pending_requests: dict[int, ResponseHandler] = {}
        self._last_request_id = 0
        self._session_id: str | None = None
        self._is_loading = False
        self._agent_name = "acp"
        able = {"fs": {"readTextFile": True, "writeTextFile": True}, "terminal": False}
        self._send_request(
            "initialize",
            self._on_initialized,
            protocolVersion=VERSION,
            clientCapabilities=able,
            clientInfo={"name": "muster", "version": "1"},
        )

    # ---- as a format

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        if "method" not in event:
            return self._handle_response(event)
        method, content = require_string(event["method"]), event.get("params")
        if "id" in event:
            return self._handle_request(event["id"], method, content)
        if method != "session/update":
            return [] if method.startswith("_") else None
        new_updates = self._updates.feed(require_mapping(require_mapping(content)["update"]))
        return [] if self._is_loading and new_updates is not None else new_updates

    def feed_text_line(self, line: str) -> list[Update]:
        return []

    def finish(self) -> list[Update]:
        new_updates = self._updates.finish()
        if self.status is None:
            new_updates += self._set_status(
                FAILED_STATUS, self._failure_update("It has ended in the middle.")
            )
        return [*new_updates, self._updates.final_update()]

    def send_pending(self, agent: AgentProcess) -> None:
        """Says to it what there is to say; one that is interrupted is asked to stop by itself."""
        if agent.is_interrupted:
            agent.is_interrupted = False
            self._cancel()
            agent.schedule_end()
        agent.write(b"".join(self.outgoing))
        self.outgoing.clear()
        if self.status is not None and agent.exit_status is None:
            agent.finish(self.status)

    def _cancel(self) -> None:
        if self._session_id is not None:
            self._queue_message(method="session/cancel", params={"sessionId": self._session_id})
        for number, question in self._open_permissions:
            self._queue_message(id=number, result=permissions.outcome(None))
            if self._questions is not None:
                self._questions.cancel(question)
        self._open_permissions.clear()

    # ---- what we ask

    def _on_initialized(self, result: dict[str, Any]) -> list[Update]:
        if result["protocolVersion"] != VERSION:
            spoken = json.dumps(result["protocolVersion"])
            text = f"It speaks version {spoken} of the protocol, and we version {VERSION}."
            return self._set_status(FAILED_STATUS, self._failure_update(text))
        able = require_mapping(result.get("agentCapabilities") or {})
        info = require_mapping(result.get("agentInfo") or {})
        self._agent_name = (
            optional_string(info.get("title"))
            or optional_string(info.get("name"))
            or self._agent_name
        )
        more = require_mapping(able.get("sessionCapabilities") or {})
        if self._config["session"] and able.get("loadSession"):
            self._start_session("session/load", sessionId=self._config["session"])
        elif self._config["session"] and more.get("resume") is not None:
            self._start_session("session/resume", sessionId=self._config["session"])
        else:
            self._start_session("session/new")
        return []

    def _start_session(self, method: str, **known: str) -> None:
        """Of a session that is loaded the agent tells all again that there was."""
        self._is_loading = bool(known)
        self._send_request(
            method, self._on_session_started, **known, cwd=self._cwd, mcpServers=self._mcp_servers()
        )

    def _mcp_servers(self) -> list[dict[str, Any]]:
        """With what they need to find us: not each agent hands its environment on."""
        known = [{"name": CALLERS, "value": os.environ[CALLERS]}] if CALLERS in os.environ else []
        return [{**each, "env": known} for each in self._config["servers"]]

    def _on_session_started(self, result: dict[str, Any]) -> list[Update]:
        if self._is_loading:
            self._is_loading = False
            self._updates = SessionUpdates()
            self._session_id = require_string(self._config["session"])
        else:
            self._session_id = require_string(result["sessionId"])
        prompt = [{"type": "text", "text": self._config["text"]}]
        self._send_request(
            "session/prompt", self._on_prompt_finished, sessionId=self._session_id, prompt=prompt
        )
        return [updates.session_started(self._agent_name, self._session_id)]

    def _on_prompt_finished(self, result: dict[str, Any]) -> list[Update]:
        why = require_string(result["stopReason"])
        if self._agent_name not in _LAST_REQUEST_USAGE_AGENTS:
            self._updates.set_usage(require_mapping(result.get("usage") or {}))
        new_updates = self._updates.finish()
        if why == "end_turn":
            return [*new_updates, *self._set_status(0)]
        kind = "refused" if why == "refusal" else "unknown"
        return [
            *new_updates,
            *self._set_status(
                FAILED_STATUS, self._failure_update(_STOP_REASON_TEXT.get(why, why), kind)
            ),
        ]

    def _set_status(self, status: int, *new_updates: Update) -> list[Update]:
        self.status = status
        return [*new_updates]

    def _failure_update(self, text: str, kind: str = "unknown") -> Update:
        return updates.error(text, failures.make_failure(kind, text))

    def _handle_response(self, event: dict[str, Any]) -> list[Update] | None:
        """What it answers to what we have asked. An answer without sense ends the conversation."""
        number = event.get("id")
        if not isinstance(number, int) or number not in self._pending_requests:
            return None
        then = self._pending_requests.pop(number)
        try:
            if event.get("error"):
                return self._handle_error(require_mapping(event["error"]))
            return then(require_mapping(event["result"] or {}))
        except PARSE_ERRORS:
            text = "Its answer is none of the protocol's."
            notes = updates.note(json.dumps(event))
            return [*notes, *self._set_status(FAILED_STATUS, self._failure_update(text))]

    def _handle_error(self, error: dict[str, Any]) -> list[Update]:
        text = optional_string(error.get("message")) or "It refuses, and does not say why."
        if more := error.get("data"):
            text = f"{text} {more if isinstance(more, str) else json.dumps(more)}"
        if self._is_loading:
            self._updates = SessionUpdates()
            self._start_session("session/new")
            return updates.note(f"It cannot go on with the session, and begins anew: {text}")
        failure = failures.failure_from_message(text)
        if error.get("code") == _AUTH_REQUIRED:
            failure["kind"] = "auth"
        new_updates = self._updates.finish()
        return [*new_updates, *self._set_status(FAILED_STATUS, updates.error(text, failure))]

    # ---- what it asks

    def _handle_request(self, number: Any, method: str, content: Any) -> list[Update] | None:
        try:
            params = require_mapping({} if content is None else content)
            match method:
                case "session/request_permission":
                    self._request_permission(number, params)
                    return []
                case "fs/read_text_file":
                    result = files.read_file(self._cwd, params)
                case "fs/write_text_file":
                    result = files.write_file(self._cwd, params)
                case _:
                    return self._reject_request(number, _METHOD_NOT_FOUND, f"there is no {method}")
        except OSError as error:
            return self._reject_request(number, _INTERNAL_ERROR, error.strerror or str(error))
        except PARSE_ERRORS as error:
            self._reject_request(number, _INVALID_PARAMS, str(error))
            return None
        self._queue_message(id=number, result=result)
        return []

    def _request_permission(self, number: Any, params: dict[str, Any]) -> None:
        """What its permissions do not allow a person may."""
        call = self._updates.record_permission_request(require_mapping(params["toolCall"]))
        options = permissions.parse_options(params["options"])
        if permissions.is_allowed(self._config["permissions"], call.get("kind")):
            allowed = permissions.select_option(options, allows=True)
            self._decide(number, call, options, allowed)
        elif self._questions is None:
            self._decide(number, call, options, None)
        else:
            question = Question(
                f"{self._agent_name} wants to do this: {tools.call_title(call)}",
                list(dict.fromkeys(option["name"] for option in options)),
                lambda answer: self._on_permission_answer(number, call, options, answer),
            )
            self._open_permissions.append((number, question))
            self._questions.ask(question)

    def _on_permission_answer(
        self, number: Any, call: dict[str, Any], options: Options, answer: dict[str, Any]
    ) -> None:
        """Where nobody has answered, it is denied."""
        self._open_permissions = [each for each in self._open_permissions if each[0] != number]
        chosen_options = [option for option in options if option["name"] == answer.get("choice")]
        allowed = permissions.select_option(chosen_options, allows=True)
        self._decide(number, call, chosen_options if allowed else options, allowed)

    def _decide(
        self, number: Any, call: dict[str, Any], options: Options, allowed: str | None
    ) -> None:
        if allowed is None:
            self._updates.mark_denied(call)
        taken = allowed or permissions.select_option(options, allows=False)
        self._queue_message(id=number, result=permissions.outcome(taken))

    def _reject_request(self, number: Any, code: int, why: str) -> list[Update]:
        self._queue_message(id=number, error={"code": code, "message": why})
        return [Update(blocks.note(why))]

    # ---- the wire

    def _send_request(self, method: str, then: ResponseHandler, **params: Any) -> None:
        self._last_request_id += 1
        self._pending_requests[self._last_request_id] = then
        self._queue_message(id=self._last_request_id, method=method, params=params)

    def _queue_message(self, **content: Any) -> None:
        self.outgoing.append(encode_json({"jsonrpc": "2.0", **content}) + b"\n")
