"""A stage's ACP session: initialize, start or resume a session, one prompt, and its response.

`feed` takes the agent's messages, like a format; `outgoing` has the messages for it. JSON-RPC 2.0,
one object per line. Every request of the agent gets a response, and invalid messages are passed
through unchanged.
"""

from __future__ import annotations

import json
import os

from muster.worker.agents.runner import blocks, updates
from muster.worker.agents.runner.acp import errors, files
from muster.worker.agents.runner.acp.permission_calls import PermissionCalls
from muster.worker.agents.runner.acp.session_updates import SessionUpdates, is_progress
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.formats import PARSE_ERRORS
from muster.worker.agents.runner.formats.fields import (
    optional_string,
    require_mapping,
    require_string,
)
from muster.worker.agents.runner.jsonrpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    Requests,
)
from muster.worker.agents.runner.tool_socket import SOCKET_VARIABLE as CALLERS
from muster.worker.agents.runner.turns import Turns

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.agent_process import AgentProcess
    from muster.worker.agents.runner.mailbox import Mailbox
    from muster.worker.agents.runner.questions import QuestionQueue


VERSION = 1
FAILED_STATUS = 1
"""The exit status if the agent responded but the stage failed."""

_LAST_REQUEST_USAGE_AGENTS = (
    "OpenCode",
)  # as of 1.18: its response has the usage of its last request


class AcpSession:
    """`asked` is {text, permissions, approvals, session, servers}: the prompt, what is allowed
    without asking (edit, run, all), what happens with the rest (`PermissionCalls`), the session to
    resume or null, and MCP servers in the protocol's form, without `env`.
    """

    def __init__(
        self,
        asked: dict[str, Any],
        questions: QuestionQueue | None = None,
        mailbox: Mailbox | None = None,
    ) -> None:
        """`questions` asks people about calls that aren't allowed."""
        self._rpc = Requests(jsonrpc="2.0")
        self._permissions = PermissionCalls(asked, questions, self._rpc, self._add_note)
        self.status: int | None = None
        """The exit status of the stage's process, once the session has finished."""
        self._config = asked
        self._cwd = os.getcwd()
        self._updates = SessionUpdates()
        self._session_id: str | None = None
        self._is_loading = False
        self._agent_name = "acp"
        self._turns = Turns(
            mailbox,
            questions,
            prompt=self._send_prompt,
            cancel=self._cancel,
            end=lambda: self._set_status(0),
        )
        able = {"fs": {"readTextFile": True, "writeTextFile": True}, "terminal": False}
        self._rpc.send(
            "initialize",
            self._on_initialized,
            protocolVersion=VERSION,
            clientCapabilities=able,
            clientInfo={"name": "muster", "version": "1"},
        )

    # ---- format

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        if "method" not in event:
            return self._handle_response(event)
        method, content = require_string(event["method"]), event.get("params")
        if "id" in event:
            return self._handle_request(event["id"], method, content)
        if method != "session/update":
            return [] if method.startswith("_") else None
        update = require_mapping(require_mapping(content)["update"])
        new_updates = self._updates.feed(update)
        if self._is_loading and new_updates is not None:
            return []
        if new_updates is not None and is_progress(update):
            return [*self._turns.confirm_messages(), *new_updates]
        return new_updates

    def feed_text_line(self, line: str) -> list[Update]:
        return []

    def finish(self) -> list[Update]:
        new_updates = self._updates.finish()
        if self.status is None:
            new_updates += self._set_status(
                FAILED_STATUS, errors.failure_update("The agent exited during its turn.")
            )
        return [*new_updates, self._updates.final_update()]

    @property
    def outgoing(self) -> list[bytes]:
        return self._rpc.outgoing

    @property
    def wakes_at(self) -> float | None:
        return self._turns.wakes_at

    def send_pending(self, agent: AgentProcess) -> None:
        """Send the pending messages; after an interrupt, ask the agent to stop."""
        self._turns.process_due()
        if agent.is_interrupted:
            agent.is_interrupted = False
            self._cancel()
            agent.schedule_end()
        agent.write(b"".join(self.outgoing))
        self.outgoing.clear()
        if self.status is not None:
            agent.end_input()

    def _cancel(self) -> None:
        if self._session_id is not None:
            self._rpc.queue(method="session/cancel", params={"sessionId": self._session_id})
        self._permissions.cancel()

    # ---- our requests

    def _on_initialized(self, result: dict[str, Any]) -> list[Update]:
        if result["protocolVersion"] != VERSION:
            spoken = json.dumps(result["protocolVersion"])
            text = f"The agent uses protocol version {spoken}, but Muster uses version {VERSION}."
            return self._set_status(FAILED_STATUS, errors.failure_update(text))
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
        """Start a session. When a session is loaded, the agent repeats its history."""
        self._is_loading = bool(known)
        self._rpc.send(
            method, self._on_session_started, **known, cwd=self._cwd, mcpServers=self._mcp_servers()
        )

    def _mcp_servers(self) -> list[dict[str, Any]]:
        """Return the MCP servers with the variables to find us, because not every agent passes its
        environment on.
        """
        known = [{"name": CALLERS, "value": os.environ[CALLERS]}] if CALLERS in os.environ else []
        return [{**each, "env": known} for each in self._config["servers"]]

    def _on_session_started(self, result: dict[str, Any]) -> list[Update]:
        if self._is_loading:
            self._is_loading = False
            self._updates = SessionUpdates()
            self._session_id = require_string(self._config["session"])
        else:
            self._session_id = require_string(result["sessionId"])
        self._turns.start(self._config["text"])
        return [updates.session_started(self._agent_name, self._session_id)]

    def _send_prompt(self, texts: list[str]) -> None:
        prompt = [{"type": "text", "text": text} for text in texts]
        self._rpc.send(
            "session/prompt", self._on_prompt_finished, sessionId=self._session_id, prompt=prompt
        )

    def _on_prompt_finished(self, result: dict[str, Any]) -> list[Update]:
        why = require_string(result["stopReason"])
        if self._agent_name not in _LAST_REQUEST_USAGE_AGENTS:
            self._updates.set_usage(require_mapping(result.get("usage") or {}))
        new_updates = [*self._turns.confirm_messages(), *self._updates.finish()]
        if why == "end_turn" or (why == "cancelled" and self._turns.has_interrupted):
            self._turns.finish_turn()
            return new_updates
        return [*new_updates, *self._set_status(FAILED_STATUS, errors.stop_update(why))]

    def _set_status(self, status: int, *new_updates: Update) -> list[Update]:
        self.status = status
        return [*new_updates]

    def _handle_response(self, event: dict[str, Any]) -> list[Update] | None:
        """Handle the response to one of our requests. An invalid response ends the session."""
        if (then := self._rpc.pop_handler(event.get("id"))) is None:
            return None
        try:
            if event.get("error"):
                return self._handle_error(require_mapping(event["error"]))
            return then(require_mapping(event["result"] or {}))
        except PARSE_ERRORS:
            text = "The agent's response doesn't follow the protocol."
            notes = updates.note(json.dumps(event))
            return [*notes, *self._set_status(FAILED_STATUS, errors.failure_update(text))]

    def _handle_error(self, error: dict[str, Any]) -> list[Update]:
        text, failure = errors.error_text(error), errors.error_failure(error)
        if self._is_loading:
            self._updates = SessionUpdates()
            self._start_session("session/new")
            return updates.note(f"Can't resume the session; starting a new one: {text}")
        new_updates = self._updates.finish()
        if failure["kind"] == "unknown" and self._turns.prepare_restart():
            self._start_session("session/new")
            note = f"The agent can't continue after the interrupt; starting a new session: {text}"
            return [*new_updates, *updates.note(note)]
        return [*new_updates, *self._set_status(FAILED_STATUS, updates.error(text, failure))]

    # ---- the agent's requests

    def _handle_request(self, number: Any, method: str, content: Any) -> list[Update] | None:
        try:
            params = require_mapping({} if content is None else content)
            match method:
                case "session/request_permission":
                    self._permissions.decide(number, params, self._updates, self._agent_name)
                    return []
                case "fs/read_text_file":
                    result = files.read_file(self._cwd, params)
                case "fs/write_text_file":
                    result = files.write_file(self._cwd, params)
                case _:
                    return self._reject_request(number, METHOD_NOT_FOUND, f"no method {method}")
        except OSError as error:
            return self._reject_request(number, INTERNAL_ERROR, error.strerror or str(error))
        except PARSE_ERRORS as error:
            self._reject_request(number, INVALID_PARAMS, str(error))
            return None
        self._rpc.queue(id=number, result=result)
        return []

    def _add_note(self, text: str) -> None:
        self._turns.add_note(text)

    def _reject_request(self, number: Any, code: int, why: str) -> list[Update]:
        self._rpc.queue(id=number, error={"code": code, "message": why})
        return [Update(blocks.note(why))]
