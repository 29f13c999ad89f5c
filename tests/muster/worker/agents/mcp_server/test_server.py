"""The server of tools, spoken to by the protocol's official client.

Only what uses the client imports it: each process that collects this file would take half a second.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from muster.worker.agents.mcp_server.server import SOCKET_VARIABLE
from tests.muster.worker.agents.mcp_server.runner_stand_in import RunnerStandIn, command

if TYPE_CHECKING:
    from mcp import Client

Act = Callable[["Client"], Awaitable[None]]
QUESTION = {"question": "Which?", "choices": ["red", "blue"]}


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[RunnerStandIn]:
    narrator = RunnerStandIn(tmp_path)
    yield narrator
    narrator.close()


def converse(path: str, act: Act, **more: Any) -> None:
    """Run a client with a server whose runner is there."""
    from mcp import Client, StdioServerParameters

    program, *arguments = command(**more)
    served = StdioServerParameters(command=program, args=arguments, env={SOCKET_VARIABLE: path})

    async def main() -> None:
        async with Client(served) as client:
            await act(client)

    asyncio.run(main())


async def text_of(called: Awaitable[Any], *, is_error: bool = False) -> str:
    result = await called
    assert result.is_error is is_error
    (content,) = result.content
    return str(content.text)


def test_it_offers_three_tools_and_says_what_they_are_for(runner: RunnerStandIn) -> None:
    async def act(client: Client) -> None:
        assert "ask_human" in (client.instructions or "")
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["ask_human", "progress", "reply_comment"]
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)

    converse(runner.path, act)


def test_a_question_waits_for_its_answer(runner: RunnerStandIn) -> None:
    async def act(client: Client) -> None:
        asked = asyncio.create_task(client.call_tool("ask_human", QUESTION))
        call = await asyncio.to_thread(runner.call)
        assert call.said == {"ask": QUESTION}
        assert await text_of(client.call_tool("progress", {"text": ""}), is_error=True)
        assert not asked.done(), "others are served meanwhile"
        call.answer({"number": 0, "choice": "blue"})
        assert await text_of(asked) == "blue"

    converse(runner.path, act)


@pytest.mark.parametrize(
    ("answer", "words", "is_error"),
    [
        ({"input": "It depends.\nOn what?"}, "It depends.\nOn what?", False),
        ({}, "No one answered in time.", False),
        ({"refused": "too many questions"}, "No one was asked: too many questions.", True),
        (["no object"], "You can't ask anyone here.", True),
    ],
    ids=["a text", "nobody came", "refused", "senseless"],
)
def test_the_result_of_a_question_is_a_text(
    runner: RunnerStandIn, answer: object, words: str, is_error: bool
) -> None:
    async def act(client: Client) -> None:
        asked = asyncio.create_task(client.call_tool("ask_human", {"question": "Which?"}))
        (await asyncio.to_thread(runner.call)).answer(answer)
        assert (await text_of(asked, is_error=is_error)).startswith(words)

    converse(runner.path, act)


def test_two_questions_are_told_apart(runner: RunnerStandIn) -> None:
    async def act(client: Client) -> None:
        asked = {}
        for name in ("first", "second"):
            asked[name] = asyncio.create_task(client.call_tool("ask_human", {"question": name}))
        calls = [await asyncio.to_thread(runner.call) for _ in asked]
        for call in reversed(calls):
            call.answer({"input": f"to the {call.said['ask']['question']}"})
        for name, task in asked.items():
            assert await text_of(task) == f"to the {name}"

    converse(runner.path, act)


def test_progress_is_reported_without_waiting(runner: RunnerStandIn) -> None:
    async def act(client: Client) -> None:
        task = asyncio.create_task(client.call_tool("progress", {"text": "half of it"}))
        call = await asyncio.to_thread(runner.call)
        assert call.said == {"progress": "half of it"}
        call.answer({"ok": True})
        assert await text_of(task) == "Sent."

    converse(runner.path, act)


def test_a_cancelled_call_closes_its_connection_to_the_runner(runner: RunnerStandIn) -> None:
    async def act(client: Client) -> None:
        asked = asyncio.create_task(client.call_tool("ask_human", QUESTION))
        call = await asyncio.to_thread(runner.call)
        asked.cancel()
        assert await asyncio.to_thread(call.wait_until_closed)
        call.close()
        assert len((await client.list_tools()).tools) == 3

    converse(runner.path, act)


def test_a_client_that_wants_to_know_hears_that_a_call_is_under_way(
    runner: RunnerStandIn,
) -> None:
    async def act(client: Client) -> None:
        beats: list[float] = []
        enough = asyncio.Event()

        async def beat(progress: float, _total: float | None, _message: str | None) -> None:
            beats.append(progress)
            if len(beats) > 2:
                enough.set()

        asked = client.call_tool("ask_human", QUESTION, progress_callback=beat)
        task = asyncio.create_task(asked)
        call = await asyncio.to_thread(runner.call)
        await asyncio.wait_for(enough.wait(), 20)
        call.answer({"choice": "red"})
        assert await text_of(task) == "red"
        assert beats == sorted(set(beats))

    converse(runner.path, act, beat=0.05)


@pytest.mark.parametrize("path", ["", "/nowhere/asking", "x" * 4000])
def test_where_there_is_no_runner_the_tool_says_so_at_once(path: str) -> None:
    async def act(client: Client) -> None:
        text = await text_of(client.call_tool("ask_human", QUESTION), is_error=True)
        assert text.startswith("You can't ask anyone here.")

    converse(path, act)


def test_a_runner_that_dies_answers_no_more(runner: RunnerStandIn) -> None:
    async def act(client: Client) -> None:
        task = asyncio.create_task(client.call_tool("ask_human", QUESTION))
        (await asyncio.to_thread(runner.call)).close()
        text = await text_of(task, is_error=True)
        assert text.startswith("You can't ask anyone here.")

    converse(runner.path, act)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"question": "  "},
        {"question": 7},
        {"question": "x" * 10_001},
        {"question": "Which?", "choices": "red"},
        {"question": "Which?", "choices": [""]},
        {"question": "Which?", "choices": ["x"] * 21},
        {"question": "Which?", "choices": ["x" * 201]},
    ],
    ids=repr,
)
def test_the_model_learns_why_a_question_is_invalid(
    runner: RunnerStandIn, arguments: dict[str, Any]
) -> None:
    async def act(client: Client) -> None:
        text = await text_of(client.call_tool("ask_human", arguments), is_error=True)
        assert "question" in text or "choices" in text

    converse(runner.path, act)


def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(runner: RunnerStandIn) -> None:
    from mcp import MCPError

    async def act(client: Client) -> None:
        with pytest.raises(MCPError) as raised:
            await client.call_tool("delete_everything", {})
        assert raised.value.error.code == -32602

    converse(runner.path, act)


def test_it_ends_with_its_client_and_takes_its_calls_along(runner: RunnerStandIn) -> None:
    served = subprocess.Popen(
        command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={SOCKET_VARIABLE: runner.path},
    )
    with served:
        assert served.stdin
        served.stdin.write(
            b'{"jsonrpc":"2.0","id":1,"method":"tools/call",'
            b'"params":{"name":"ask_human","arguments":{"question":"Which?"}}}\n'
        )
        served.stdin.flush()
        call = runner.call()
        served.stdin.close()
        assert call.wait_until_closed()
        call.close()
    assert served.returncode == 0
