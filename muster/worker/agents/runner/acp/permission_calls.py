"""The agent's permission requests in a session: each is allowed, denied, or asked people."""

from __future__ import annotations

from muster.worker.agents.runner.acp import permissions, tools
from muster.worker.agents.runner.formats.fields import require_mapping
from muster.worker.agents.runner.permissions import PermissionRequests, describe_call
from muster.worker.agents.runner.questions import Question

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.acp.session_updates import SessionUpdates
    from muster.worker.agents.runner.jsonrpc import Requests
    from muster.worker.agents.runner.permissions import Decision
    from muster.worker.agents.runner.questions import QuestionQueue

    Options = list[dict[str, str]]


class _Call:
    """A request that waits for a person."""

    def __init__(
        self, number: Any, call: dict[str, Any], options: Options, known: SessionUpdates
    ) -> None:
        self.number, self.call, self.options, self.known = number, call, options, known
        self.question: Question | None = None


class PermissionCalls:
    """`approvals`: ask (a permission request), deny, or None: a question, with the agent's own
    options as choices. `add_note` sends the agent a text, with its next prompt: why people have
    denied a call, for which the protocol's response has no place.
    """

    def __init__(
        self,
        config: dict[str, Any],
        questions: QuestionQueue | None,
        rpc: Requests,
        add_note: Callable[[str], None],
    ) -> None:
        self._permissions: str = config["permissions"]
        self._approvals: str | None = config.get("approvals")
        self._questions, self._rpc, self._add_note = questions, rpc, add_note
        self._requests = PermissionRequests(questions) if questions is not None else None
        self._open: list[_Call] = []

    def decide(
        self, number: Any, params: dict[str, Any], known: SessionUpdates, agent_name: str
    ) -> None:
        """Respond to the request with that number, now or later. Raises one of `PARSE_ERRORS`."""
        call = known.record_permission_request(require_mapping(params["toolCall"]))
        options = permissions.parse_options(params["options"])
        if permissions.is_allowed(self._permissions, call.get("kind")):
            allowed = permissions.select_option(options, allows=True)
            self._select(number, call, options, known, allowed)
        elif self._questions is None or self._requests is None or self._approvals == "deny":
            self._select(number, call, options, known, None)
        else:
            self._ask(_Call(number, call, options, known), agent_name)

    def cancel(self) -> None:
        """The turn is cancelled: no request waits any longer."""
        waiting, self._open = self._open, []
        for each in waiting:
            self._rpc.queue(id=each.number, result=permissions.outcome(None))
            if self._questions is not None and each.question is not None:
                self._questions.cancel(each.question)

    def _ask(self, waiting: _Call, agent_name: str) -> None:
        assert self._questions is not None
        assert self._requests is not None
        self._open.append(waiting)  # first: the decision may be made at once
        call, options = waiting.call, waiting.options
        if self._approvals == "ask":

            def on_decision(decision: Decision) -> None:
                if not decision.is_allowed and decision.reason:
                    title = tools.call_title(call)
                    self._add_note(f"“{title}” was denied. {decision.reason}")
                self._close(waiting, options, is_allowed=decision.is_allowed)

            request = describe_call(tools.make_call(call))
            key = call.get("rawInput")
            waiting.question = self._requests.ask(request, on_decision, key)
        else:

            def on_answer(answer: dict[str, Any]) -> None:
                chosen = [each for each in options if each["name"] == answer.get("choice")]
                is_allowed = permissions.select_option(chosen, allows=True) is not None
                self._close(waiting, chosen if is_allowed else options, is_allowed=is_allowed)

            title = f"{agent_name} wants to do this: {tools.call_title(call)}"
            choices = list(dict.fromkeys(option["name"] for option in options))
            waiting.question = Question(title, choices, on_answer)
            self._questions.ask(waiting.question)

    def _close(self, waiting: _Call, options: Options, *, is_allowed: bool) -> None:
        self._open = [each for each in self._open if each is not waiting]
        allowed = permissions.select_option(options, allows=True) if is_allowed else None
        self._select(waiting.number, waiting.call, options, waiting.known, allowed)

    def _select(
        self,
        number: Any,
        call: dict[str, Any],
        options: Options,
        known: SessionUpdates,
        allowed: str | None,
    ) -> None:
        if allowed is None:
            known.mark_denied(call)
        taken = allowed or permissions.select_option(options, allows=False)
        self._rpc.queue(id=number, result=permissions.outcome(taken))
