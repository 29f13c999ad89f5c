"""A stage's session with `codex app-server` (as of 0.169): initialize, log in, start or resume a
thread, and its turns.

`feed` takes codex's messages, like a format; `outgoing` has the messages for it: JSON-RPC 2.0
without the field `jsonrpc`. What we don't understand is passed through unchanged.
"""

from __future__ import annotations

import json
import os

from muster.worker.agents.runner import failures, updates
from muster.worker.agents.runner.codex import items
from muster.worker.agents.runner.codex.approvals import Approvals
from muster.worker.agents.runner.codex.output import ThreadOutput
from muster.worker.agents.runner.codex.turns import Turns
from muster.worker.agents.runner.formats import PARSE_ERRORS
from muster.worker.agents.runner.formats.fields import (
    optional_string,
    require_mapping,
    require_string,
)
from muster.worker.agents.runner.jsonrpc import METHOD_NOT_FOUND, Requests

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.agent_process import AgentProcess
    from muster.worker.agents.runner.entries import Update
    from muster.worker.agents.runner.mailbox import Mailbox
    from muster.worker.agents.runner.questions import QuestionQueue

KEY_VARIABLE = "CODEX_API_KEY"
FAILED_STATUS = 1
"""The exit status if the agent responded but the stage failed."""
INTERRUPTED_STATUS = 130
"""The exit status after an interrupt from the terminal, as in shells."""

_EXIT_SECONDS = 5.0  # seconds to exit once its input is closed: it stores its thread


class CodexSession:
    """`asked` is {text, session, model, sandbox, approvals}: the prompt, the thread to resume or
    null, the model or null, the sandbox's mode, and the approval policy.
    """

    def __init__(
        self,
        asked: dict[str, Any],
        questions: QuestionQueue | None = None,
        mailbox: Mailbox | None = None,
    ) -> None:
        self.status: int | None = None
        self._config = asked
        self._rpc = Requests()
        self._output = ThreadOutput()
        self._turns = Turns(self._rpc, self._output, mailbox, questions, self._set_status)
        asks = asked["approvals"] != "never"
        self._approvals = Approvals(self._rpc, questions if asks else None, self._turns.add_note)
        self._rpc.send(
            "initialize",
            self._on_initialized,
            clientInfo={"name": "muster", "title": "Muster", "version": "1"},
            # Without it, an interrupted command can't be ended.
            capabilities={"experimentalApi": True, "requestAttestation": False},
        )

    @property
    def outgoing(self) -> list[bytes]:
        return self._rpc.outgoing

    @property
    def wakes_at(self) -> float | None:
        return self._turns.wakes_at

    # ---- format

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        if "method" not in event:
            return self._on_response(event)
        method = require_string(event["method"])
        if "id" in event:
            return self._on_request(event["id"], method, event.get("params"))
        params = require_mapping(event.get("params") or {})
        if params.get("threadId") not in (None, self._output.thread_id):
            return []  # of a thread that ours has started
        return self._on_notification(method, params)

    def feed_text_line(self, line: str) -> list[Update]:
        return self._output.feed_text_line(line)

    def finish(self) -> list[Update]:
        new_updates = self._output.finish()
        if self.status is None and not self._turns.is_cancelled:
            self.status = FAILED_STATUS
            if not self._output.has_failed:
                new_updates += self._fail("The agent exited during its turn.")
        return new_updates

    def send_pending(self, agent: AgentProcess) -> None:
        """Send the pending messages, and do what is due."""
        self.process_due()
        if agent.is_interrupted:  # someone typed it
            agent.is_interrupted = False
            self._turns.cancel()
            agent.schedule_end()
        agent.write(b"".join(self.outgoing))
        self.outgoing.clear()
        if self.status is not None:
            agent.end_input(_EXIT_SECONDS)

    def process_due(self) -> None:
        self._turns.process_due()

    # ---- messages from codex

    def _on_notification(self, method: str, params: dict[str, Any]) -> list[Update] | None:
        match method:
            case "turn/started":
                self._turns.on_started(require_mapping(params["turn"]))
                return []
            case "turn/completed":
                return self._on_turn_completed(require_mapping(params["turn"]))
            case "serverRequest/resolved":
                self._approvals.cancel(params.get("requestId"))
                return []
            case "item/started" | "item/completed":
                item = require_mapping(params["item"])
                self._approvals.observe(item)
                if item.get("type") == items.USER_MESSAGE:
                    return self._turns.confirm_messages(item)
        return self._output.feed(method, params)

    def _on_turn_completed(self, turn: dict[str, Any]) -> list[Update]:
        outcome = self._turns.on_completed(turn)
        if outcome is None:
            return []
        new_updates = self._output.finish_turn(turn)
        match outcome:
            case "cancelled":
                self.status = INTERRUPTED_STATUS
            case "failed":
                self.status = FAILED_STATUS
            case "interrupted":
                new_updates += self._fail("The agent was cancelled.")
        return new_updates

    def _on_response(self, event: dict[str, Any]) -> list[Update] | None:
        """Handle the response to one of our requests. An invalid one ends the session."""
        if (then := self._rpc.pop_handler(event.get("id"))) is None:
            return None
        try:
            return then(event)
        except PARSE_ERRORS:
            notes = updates.note(json.dumps(event))
            return [*notes, *self._fail("The agent's response doesn't follow the protocol.")]

    def _on_request(self, number: Any, method: str, params: Any) -> list[Update]:
        """Respond to a request of codex, now or once people have answered."""
        if self._approvals.decide(number, method, params):
            return []
        why = f"no method {method}"
        self._rpc.queue(id=number, error={"code": METHOD_NOT_FOUND, "message": why})
        return updates.note(why)

    # ---- our requests

    def _on_initialized(self, event: dict[str, Any]) -> list[Update]:
        if "error" in event:
            return self._fail_by_response(event)
        self._rpc.queue(method="initialized")
        if key := os.environ.get(KEY_VARIABLE):
            # Unlike `codex exec`, it doesn't use this variable by itself.
            self._rpc.send("account/login/start", self._on_logged_in, type="apiKey", apiKey=key)
        else:
            self._start_thread()
        return []

    def _on_logged_in(self, event: dict[str, Any]) -> list[Update]:
        """Without a login, a turn that needs one fails, with the reason."""
        self._start_thread()
        return updates.note(_error_text(event)) if "error" in event else []

    def _start_thread(self) -> None:
        if self._config["session"]:
            params = {"threadId": self._config["session"], "excludeTurns": True}
            self._rpc.send("thread/resume", self._on_resumed, **params, **self._thread_settings())
        else:
            self._rpc.send("thread/start", self._on_thread_started, **self._thread_settings())

    def _thread_settings(self) -> dict[str, Any]:
        given = {
            "cwd": os.getcwd(),
            "model": self._config["model"],
            "sandbox": self._config["sandbox"],
            "approvalPolicy": self._config["approvals"],
        }
        return {name: value for name, value in given.items() if value is not None}

    def _on_resumed(self, event: dict[str, Any]) -> list[Update]:
        if "error" not in event:
            return self._on_thread_started(event)
        self._rpc.send("thread/start", self._on_thread_started, **self._thread_settings())
        return updates.note(f"Can't resume the session; starting a new one: {_error_text(event)}")

    def _on_thread_started(self, event: dict[str, Any]) -> list[Update]:
        if "error" in event:
            return self._fail_by_response(event)
        result = require_mapping(event["result"])
        self._output.thread_id = require_string(require_mapping(result["thread"])["id"])
        self._turns.start(require_string(self._config["text"]), self._on_turn_accepted)
        model = optional_string(result.get("model"))
        return [updates.session_started("codex", self._output.thread_id, model)]

    def _on_turn_accepted(self, event: dict[str, Any]) -> list[Update]:
        return self._fail_by_response(event) if "error" in event else []

    # ---- status

    def _set_status(self, status: int) -> None:
        self.status = status

    def _fail(self, text: str) -> list[Update]:
        self.status = FAILED_STATUS
        return [updates.error(text, failures.make_failure("unknown", text))]

    def _fail_by_response(self, event: dict[str, Any]) -> list[Update]:
        self.status = FAILED_STATUS
        text = _error_text(event)
        return [updates.error(text, failures.failure_from_message(text))]


def _error_text(event: dict[str, Any]) -> str:
    error = require_mapping(event["error"])
    return optional_string(error.get("message")) or "The agent refuses and gives no reason."
