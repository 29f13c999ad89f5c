"""Whatever codex sends: each of its requests gets one response, and nothing ends its runner."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.muster.worker.agents.runner.codex.app_server import RECORDED, AppServer, started
from tests.muster.worker.agents.runner.test_output_parser import (
    QUICK,
    json_values,
    places,
    replaced,
    require_harmless,
)

REQUESTS = [
    {"id": "r", "method": method, "params": {"threadId": "thread-1"}}
    for method in ("item/commandExecution/requestApproval", "item/tool/call", "anything")
]


def _recorded_shapes() -> list[Any]:
    """One message of each method, and of each type of item."""
    shapes = {}
    for path in sorted(RECORDED.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            message = json.loads(line).get("in", {})
            params = message.get("params", {})
            params |= {"threadId": "thread-1"} if "threadId" in params else {}
            shapes[message.get("method"), params.get("item", {}).get("type")] = message
    return [*shapes.values(), *REQUESTS]


SHAPES = _recorded_shapes()


@st.composite
def nearly_known(draw: st.DrawFn) -> Any:
    message = draw(st.sampled_from(SHAPES))
    way = draw(st.sampled_from(places(message)))
    return replaced(message, way, draw(json_values))


@QUICK
@given(st.lists(nearly_known() | json_values, max_size=8))
def test_whatever_it_sends_is_harmless_and_answered(messages: list[Any]) -> None:
    server = started()
    asked = [each for each in messages if _is_request(each)]
    before = sum("method" not in each for each in server.sent)
    for message in messages:
        server.send(message)
    server.exit()
    answers = [each for each in server.sent if "method" not in each]
    assert len(answers) - before == len(asked)
    require_harmless(server.output)


@QUICK
@given(st.lists(nearly_known() | json_values, max_size=8), st.text(max_size=40))
def test_a_message_is_handed_over_once(messages: list[Any], text: str) -> None:
    server = started()
    server.deliver(7, text)
    for message in messages:
        server.send(message)
    assert server.people.log.count(("handed", 7)) == 1
    assert server.people.log.count(("receipt", 7)) <= 1


def test_responses_that_nobody_asked_for_have_no_effect() -> None:
    server = AppServer()
    for number in (None, True, 99, "1", [1]):
        server.send({"id": number, "result": {}})
    assert len(server.sent) == 1


def _is_request(message: Any) -> bool:
    return isinstance(message, dict) and "id" in message and isinstance(message.get("method"), str)
