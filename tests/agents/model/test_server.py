"""What holds in each protocol."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pytest

from tests.agents.model.clients import ANTHROPIC, CHAT, CLIENTS, RESPONSES, Client, events
from tests.agents.model.script import Refusal, ThinkingPart, Usage, call, turn
from tests.agents.model.server import Model
from tests.flows.running_stack import wait_for

each = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with Model() as model:
        yield model


@each
def test_a_request_gets_the_next_turn(client: Client, model: Model) -> None:
    play = model.play(turn("One."), turn("Two."))
    texts = [client.text(client.ask(model.url, play.key).json()) for _ in range(2)]
    assert (texts, play.left) == (["One.", "Two."], 0)
    assert [seen.text for seen in play.main] == ["Hello", "Hello"]


def test_an_answer_is_not_given_before_it_may_be(model: Model) -> None:
    due = Event()
    play = model.play(turn("One.", after=due), turn("Two."))
    with ThreadPoolExecutor() as threads:
        first = threads.submit(ANTHROPIC.ask, model.url, play.key)
        wait_for(lambda: play.left == 1, "request")
        assert ANTHROPIC.text(ANTHROPIC.ask(model.url, play.key).json()) == "Two."
        assert not first.done()
        due.set()
        assert ANTHROPIC.text(first.result().json()) == "One."


@each
def test_a_stream_tells_the_same_in_pieces(client: Client, model: Model) -> None:
    long = "This is long enough to come in more than one piece of what is streamed."
    play = model.play(turn(ThinkingPart("Hm."), long))
    answer = client.ask(model.url, play.key, stream=True)
    assert answer.headers["content-type"] == "text/event-stream"
    pieces = [piece for piece in map(client.piece, events(answer)) if piece]
    assert "".join(pieces) == long
    assert len(pieces) > 1


@each
@pytest.mark.parametrize("stream", [False, True])
def test_tokens_are_told_as_they_are_billed(client: Client, stream: bool, model: Model) -> None:
    usage = Usage(input=10, cached=20, output=5, reasoning=2)
    play = model.play(turn("One.", usage=usage), turn("Two.", usage=usage))
    for _ in range(2):
        answer = client.ask(model.url, play.key, stream=stream)
        message = events(answer)[-1] if stream else answer.json()
        if stream and client is ANTHROPIC:
            message = events(answer)[-2]
        if stream and client is RESPONSES:
            message = message["response"]
        assert client.usage(message) == client.counted
    assert play.billed == {"large": usage + usage}
    assert play.total == Usage(20, 40, 10, 4)


@each
def test_a_call_has_the_arguments_that_the_tool_wants(client: Client, model: Model) -> None:
    play = model.play(turn(call("run", command="make test")))
    answer = client.ask(model.url, play.key).text.replace('\\"', '"')
    assert '"command": "make test"' in answer
    assert '"description": "description"' in answer


@each
def test_who_offers_no_tools_uses_up_no_turn(client: Client, model: Model) -> None:
    play = model.play(turn("One."))
    answer = client.ask(model.url, play.key, **{client.tools: None})
    assert client.text(answer.json()) == "Repair the package"
    assert (play.left, [seen.kind for seen in play.seen]) == (1, ["side"])


@each
def test_another_key_is_refused(client: Client, model: Model) -> None:
    before = len(model.strangers)
    answer = client.ask(model.url, "sk-other")
    assert answer.status_code in {400, 401}
    assert "invalid api key" in answer.text
    assert len(model.strangers) == before + 1


STATUSES = {
    "anthropic": {"rate_limited": 429, "quota": 429, "overloaded": 529, "broken": 500},
    "responses": {"rate_limited": 429, "quota": 429, "overloaded": 503, "broken": 500},
    "chat": {"rate_limited": 429, "quota": 429, "overloaded": 503, "broken": 500},
    "gemini": {"rate_limited": 429, "quota": 429, "overloaded": 503, "broken": 500},
}


@each
def test_a_refusal_answers_one_request(client: Client, model: Model) -> None:
    for kind, status in STATUSES[client.name].items():
        play = model.play(Refusal(kind), turn("One."))  # type: ignore[arg-type]
        answers = [client.ask(model.url, play.key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [status, 200]


@each
def test_a_limit_lasts_until_its_end_for_its_own_key(client: Client, model: Model) -> None:
    play = model.play(Refusal("rate_limited", last=0.3), turn("One."))
    begun = time.monotonic()
    while client.ask(model.url, play.key).status_code == 429:
        other = model.play(turn("Two."))
        assert client.ask(model.url, other.key).status_code == 200
    assert time.monotonic() - begun >= 0.3
    assert play.left == 0


@each
@pytest.mark.parametrize("stream", [False, True])
def test_a_connection_is_cut_in_the_middle(client: Client, stream: bool, model: Model) -> None:
    play = model.play(turn("This is cut.", problem="cut"), turn("One."))
    with pytest.raises(httpx.RemoteProtocolError):
        client.ask(model.url, play.key, stream=stream)
    assert client.ask(model.url, play.key, stream=stream).status_code == 200
    assert play.total == turn().usage  # of the second alone


@each
@pytest.mark.parametrize("stream", [False, True])
def test_one_that_hangs_holds_nobody_up(client: Client, stream: bool) -> None:
    with Model() as model:
        play = model.play(turn("This hangs.", problem="hang"))
        address = f"{model.url}{client.streaming if stream else client.path}"
        body = client.body | ({"stream": stream} if client.path == client.streaming else {})
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(address, json=body, headers=client.header(play.key), timeout=0.3)
        assert play.total == Usage()


def test_events_come_slowly(model: Model) -> None:
    play = model.play(turn("One.", pace=0.05))
    begun = time.monotonic()
    count = len(events(CHAT.ask(model.url, play.key, stream=True)))
    assert time.monotonic() - begun >= count * 0.05


@each
def test_a_script_that_is_over_is_a_problem(client: Client) -> None:
    with Model() as model:
        play = model.play()
        assert client.ask(model.url, play.key).status_code == 400
        path = client.path
        assert model.problems == [f"{path}: the script has no more turns"]


def test_a_tool_that_is_not_offered_is_a_problem() -> None:
    with Model() as model:
        play = model.play(turn(call("ask_human", question="Which?")))
        assert CHAT.ask(model.url, play.key).status_code == 400
        assert model.problems == ["/v1/chat/completions: no tool for ask_human among bash"]


def test_what_no_protocol_has_is_noted() -> None:
    with Model() as model:
        assert httpx.get(f"{model.url}/v1/models").status_code == 404
        assert httpx.head(f"{model.url}/").status_code == 404
        assert model.strays == ["GET /v1/models", "HEAD /"]
