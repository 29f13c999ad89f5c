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
from muster.worker.agents.runner.acp.session_updates import Updates
from muster.worker.agents.runner.entries import Told, encoded
from muster.worker.agents.runner.formats import UNEXPECTED
from muster.worker.agents.runner.formats.fields import mapping, optional, string
from muster.worker.agents.runner.questions import Question
from muster.worker.agents.runner.tool_socket import VARIABLE as CALLERS

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.agent_process import Agent
    from muster.worker.agents.runner.questions import Questions

    Answered = Callable[[dict[str, Any]], list[Told]]
    Options = list[dict[str, str]]

VERSION = 1
FAILED = 1
"""The status where the agent has answered, and the stage has failed all the same."""

_UNKNOWN_METHOD, _BAD_PARAMETERS, _NOT_DONE = -32601, -32602, -32603
_WANTS_LOGIN = -32000
_OF_LAST_REQUEST = ("OpenCode",)  # as of 1.18: its answer's usage is that of its last request
_WHY = {
    "max_tokens": "It has reached the most tokens that it may use.",
    "max_turn_requests": "It has asked its model as often as it may in one turn.",
    "refusal": "It refuses to go on.",
    "cancelled": "It was cancelled.",
}


class Conversation:
    """`asked` is {text, permissions, session, servers}: what is said, what may be done without
    asking (edit, run, all), the session to go on with or null, and MCP servers as the protocol has
    them, without `env`."""

    def __init__(self, asked: dict[str, Any], questions: Questions | None = None) -> None:
        """`questions` reach people, where what is not allowed is asked for."""
        self._questions = questions
        self._open: list[tuple[Any, Question]] = []  # requests that wait for a person
        self.outgoing: list[bytes] = []
        self.status: int | None = None
        """What the stage's process ends with, once the conversation is over."""
        self._asked = asked
        self._at = os.getcwd()
        self._updates = Updates()
        self._awaited: dict[int, Answered] = {}
        self._asked_last = 0
        self._session: str | None = None
        self._is_loading = False
        self._name = "acp"
        able = {"fs": {"readTextFile": True, "writeTextFile": True}, "terminal": False}
        self._request(
            "initialize",
            self._greeted,
            protocolVersion=VERSION,
            clientCapabilities=able,
            clientInfo={"name": "muster", "version": "1"},
        )

    # ---- as a format

    def feed(self, event: dict[str, Any]) -> list[Told] | None:
        if "method" not in event:
            return self._answered(event)
        method, content = string(event["method"]), event.get("params")
        if "id" in event:
            return self._asks(event["id"], method, content)
        if method != "session/update":
            return [] if method.startswith("_") else None
        told = self._updates.feed(mapping(mapping(content)["update"]))
        return [] if self._is_loading and told is not None else told

    def aside(self, line: str) -> list[Told]:
        return []

    def end(self) -> list[Told]:
        told = self._updates.end()
        if self.status is None:
            told += self._over(FAILED, self._failed("It has ended in the middle."))
        return [*told, self._updates.ending()]

    def go_on(self, agent: Agent) -> None:
        """Says to it what there is to say; one that is interrupted is asked to stop by itself."""
        if agent.is_interrupted:
            agent.is_interrupted = False
            self._cancel()
            agent.end_soon()
        agent.say(b"".join(self.outgoing))
        self.outgoing.clear()
        if self.status is not None and agent.status is None:
            agent.hang_up(self.status)

    def _cancel(self) -> None:
        if self._session is not None:
            self._say(method="session/cancel", params={"sessionId": self._session})
        for number, question in self._open:
            self._say(id=number, result=permissions.outcome(None))
            if self._questions is not None:
                self._questions.drop(question)
        self._open.clear()

    # ---- what we ask

    def _greeted(self, result: dict[str, Any]) -> list[Told]:
        if result["protocolVersion"] != VERSION:
            spoken = json.dumps(result["protocolVersion"])
            text = f"It speaks version {spoken} of the protocol, and we version {VERSION}."
            return self._over(FAILED, self._failed(text))
        able = mapping(result.get("agentCapabilities") or {})
        info = mapping(result.get("agentInfo") or {})
        self._name = optional(info.get("title")) or optional(info.get("name")) or self._name
        more = mapping(able.get("sessionCapabilities") or {})
        if self._asked["session"] and able.get("loadSession"):
            self._begin("session/load", sessionId=self._asked["session"])
        elif self._asked["session"] and more.get("resume") is not None:
            self._begin("session/resume", sessionId=self._asked["session"])
        else:
            self._begin("session/new")
        return []

    def _begin(self, method: str, **known: str) -> None:
        """Of a session that is loaded the agent tells all again that there was."""
        self._is_loading = bool(known)
        self._request(method, self._begun, **known, cwd=self._at, mcpServers=self._servers())

    def _servers(self) -> list[dict[str, Any]]:
        """With what they need to find us: not each agent hands its environment on."""
        known = [{"name": CALLERS, "value": os.environ[CALLERS]}] if CALLERS in os.environ else []
        return [{**each, "env": known} for each in self._asked["servers"]]

    def _begun(self, result: dict[str, Any]) -> list[Told]:
        if self._is_loading:
            self._is_loading = False
            self._updates = Updates()
            self._session = string(self._asked["session"])
        else:
            self._session = string(result["sessionId"])
        said = [{"type": "text", "text": self._asked["text"]}]
        self._request("session/prompt", self._done, sessionId=self._session, prompt=said)
        return [updates.opening(self._name, self._session)]

    def _done(self, result: dict[str, Any]) -> list[Told]:
        why = string(result["stopReason"])
        if self._name not in _OF_LAST_REQUEST:
            self._updates.used(mapping(result.get("usage") or {}))
        told = self._updates.end()
        if why == "end_turn":
            return [*told, *self._over(0)]
        kind = "refused" if why == "refusal" else "unknown"
        return [*told, *self._over(FAILED, self._failed(_WHY.get(why, why), kind))]

    def _over(self, status: int, *told: Told) -> list[Told]:
        self.status = status
        return [*told]

    def _failed(self, text: str, kind: str = "unknown") -> Told:
        return updates.error(text, failures.failure(kind, text))

    def _answered(self, event: dict[str, Any]) -> list[Told] | None:
        """What it answers to what we have asked. An answer without sense ends the conversation."""
        number = event.get("id")
        if not isinstance(number, int) or number not in self._awaited:
            return None
        then = self._awaited.pop(number)
        try:
            if event.get("error"):
                return self._refused(mapping(event["error"]))
            return then(mapping(event["result"] or {}))
        except UNEXPECTED:
            text = "Its answer is none of the protocol's."
            said = updates.note(json.dumps(event))
            return [*said, *self._over(FAILED, self._failed(text))]

    def _refused(self, error: dict[str, Any]) -> list[Told]:
        text = optional(error.get("message")) or "It refuses, and does not say why."
        if more := error.get("data"):
            text = f"{text} {more if isinstance(more, str) else json.dumps(more)}"
        if self._is_loading:
            self._updates = Updates()
            self._begin("session/new")
            return updates.note(f"It cannot go on with the session, and begins anew: {text}")
        failure = failures.of_message(text)
        if error.get("code") == _WANTS_LOGIN:
            failure["kind"] = "auth"
        told = self._updates.end()
        return [*told, *self._over(FAILED, updates.error(text, failure))]

    # ---- what it asks

    def _asks(self, number: Any, method: str, content: Any) -> list[Told] | None:
        try:
            params = mapping({} if content is None else content)
            match method:
                case "session/request_permission":
                    self._asks_leave(number, params)
                    return []
                case "fs/read_text_file":
                    result = files.read(self._at, params)
                case "fs/write_text_file":
                    result = files.write(self._at, params)
                case _:
                    return self._deny(number, _UNKNOWN_METHOD, f"there is no {method}")
        except OSError as error:
            return self._deny(number, _NOT_DONE, error.strerror or str(error))
        except UNEXPECTED as error:
            self._deny(number, _BAD_PARAMETERS, str(error))
            return None
        self._say(id=number, result=result)
        return []

    def _asks_leave(self, number: Any, params: dict[str, Any]) -> None:
        """What its permissions do not allow a person may."""
        call = self._updates.asked(mapping(params["toolCall"]))
        options = permissions.options(params["options"])
        if permissions.may(self._asked["permissions"], call.get("kind")):
            allowed = permissions.chosen(options, allows=True)
            self._decide(number, call, options, allowed)
        elif self._questions is None:
            self._decide(number, call, options, None)
        else:
            question = Question(
                f"{self._name} wants to do this: {tools.title(call)}",
                list(dict.fromkeys(option["name"] for option in options)),
                lambda answer: self._heard(number, call, options, answer),
            )
            self._open.append((number, question))
            self._questions.ask(question)

    def _heard(
        self, number: Any, call: dict[str, Any], options: Options, answer: dict[str, Any]
    ) -> None:
        """Where nobody has answered, it is denied."""
        self._open = [each for each in self._open if each[0] != number]
        said = [option for option in options if option["name"] == answer.get("choice")]
        allowed = permissions.chosen(said, allows=True)
        self._decide(number, call, said if allowed else options, allowed)

    def _decide(
        self, number: Any, call: dict[str, Any], options: Options, allowed: str | None
    ) -> None:
        if allowed is None:
            self._updates.deny(call)
        taken = allowed or permissions.chosen(options, allows=False)
        self._say(id=number, result=permissions.outcome(taken))

    def _deny(self, number: Any, code: int, why: str) -> list[Told]:
        self._say(id=number, error={"code": code, "message": why})
        return [Told(blocks.note(why))]

    # ---- the wire

    def _request(self, method: str, then: Answered, **params: Any) -> None:
        self._asked_last += 1
        self._awaited[self._asked_last] = then
        self._say(id=self._asked_last, method=method, params=params)

    def _say(self, **content: Any) -> None:
        self.outgoing.append(encoded({"jsonrpc": "2.0", **content}) + b"\n")
