"""Whatever an agent prints: nothing controls the terminal, nothing is lost, nothing ends us."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.worker.agents.runner import formats, sanitizer
from muster.worker.agents.runner.output_parser import OutputParser, TextParser
from tests.muster.worker.agents.runner.parsed_output import (
    SGR,
    ParsedOutput,
    parse_bytes,
    parse_events,
)

# Everything that would move a terminal's cursor or more, after removing colors.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
QUICK = settings(max_examples=50, deadline=None)
EVERY = pytest.mark.parametrize("name", formats.JSON_FORMATS)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=8,
)

# Shapes that each format knows; every part of them may turn out to be anything.
SHAPES: dict[str, list[Any]] = {
    "claude": [
        {"type": "system", "subtype": "init", "session_id": "s", "model": "m"},
        {"type": "system", "subtype": "api_retry", "error_status": 529, "retry_delay_ms": 1},
        {
            "type": "assistant",
            "message": {
                "id": "m",
                "model": "x",
                "usage": {"input_tokens": 1},
                "content": [
                    {"type": "text", "text": "said"},
                    {"type": "tool_use", "id": "c", "name": "Bash", "input": {"command": "ls"}},
                    {"type": "tool_use", "id": "d", "name": "Edit", "input": {"file_path": "a"}},
                ],
            },
        },
        {
            "type": "user",
            "message": {"content": [{"type": "tool_result", "tool_use_id": "c", "content": "o"}]},
            "tool_use_result": {"structuredPatch": [{"oldStart": 1, "lines": ["+x"]}]},
        },
        {
            "type": "result",
            "subtype": "success",
            "is_error": True,
            "session_id": "s",
            "result": "said",
            "modelUsage": {"m": {"inputTokens": 1, "costUSD": 0.1}},
            "permission_denials": [{}],
        },
        {"type": "stream_event", "event": {"delta": {"type": "text_delta", "text": "said"}}},
    ],
    "codex": [
        {"type": "thread.started", "thread_id": "t"},
        {"type": "item.completed", "item": {"id": "1", "type": "agent_message", "text": "said"}},
        *(
            {
                "type": f"item.{event}",
                "item": {
                    "id": "2",
                    "type": "command_execution",
                    "command": "bash -lc 'ls'",
                    "aggregated_output": "o",
                    "exit_code": 1,
                    "status": "completed",
                },
            }
            for event in ("started", "completed")
        ),
        {
            "type": "item.started",
            "item": {"id": "3", "type": "file_change", "changes": [{"path": "/x", "kind": "add"}]},
        },
        {"type": "turn.completed", "usage": {"input_tokens": 1}},
        {"type": "turn.failed", "error": {"message": "said"}},
    ],
    "gemini": [
        {"type": "init", "session_id": "g", "model": "m"},
        {"type": "message", "role": "assistant", "content": "said", "delta": True},
        {"type": "tool_use", "tool_id": "c", "tool_name": "replace", "parameters": {}},
        {"type": "tool_result", "tool_id": "c", "status": "error", "output": "o"},
        {"type": "result", "status": "error", "error": {"message": "no"}, "stats": {"cached": 1}},
    ],
    "opencode": [
        {"type": "text", "sessionID": "o", "part": {"text": "said"}},
        {
            "type": "tool_use",
            "part": {
                "tool": "edit",
                "callID": "c",
                "state": {"status": "completed", "input": {"filePath": "a"}, "metadata": {}},
            },
        },
        {"type": "step_finish", "part": {"tokens": {"input": 1, "cache": {"read": 1}}, "cost": 1}},
        {"type": "error", "error": {"name": "APIError", "data": {"message": "said"}}},
    ],
}


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each part of a JSON."""
    parts = (
        value
        if isinstance(value, dict)
        else dict(enumerate(value))
        if isinstance(value, list)
        else {}
    )
    return [way, *(place for key, part in parts.items() for place in places(part, (*way, key)))]


def replaced(value: Any, way: tuple[Any, ...], by: Any) -> Any:
    if not way:
        return by
    copy = value.copy()
    copy[way[0]] = replaced(value[way[0]], way[1:], by)
    return copy


@st.composite
def nearly_known(draw: st.DrawFn, name: str) -> Any:
    """An event as the format knows it, with one part of it turned into anything."""
    event = draw(st.sampled_from(SHAPES[name]))
    way = draw(st.sampled_from(places(event)))
    return replaced(event, way, draw(json_values))


def require_harmless(output: ParsedOutput) -> None:
    assert not CONTROL.search(output.plain), output.plain
    assert output.text.count("\x1b") == len(SGR.findall(output.text))
    json.dumps(output.entries, allow_nan=False).encode()
    json.dumps(output.facts, allow_nan=False).encode()


@EVERY
@QUICK
@given(data=st.data())
def test_events_that_are_nearly_right_are_told_or_passed_on(name: str, data: st.DataObject) -> None:
    events = data.draw(st.lists(nearly_known(name) | json_values, max_size=6))
    require_harmless(parse_events(formats.create_format(name), *events))


@EVERY
@QUICK
@given(chunks=st.lists(st.binary() | st.sampled_from([b"\n", b"{", b'{"type":', b"\x1b[8m"])))
def test_bytes_that_are_no_events_are_passed_on(name: str, chunks: list[bytes]) -> None:
    output = parse_bytes(formats.create_format(name), *chunks)
    require_harmless(output)
    assert output.entries == []
    text = b"".join(chunks).decode(errors="backslashreplace")
    letters = "".join(filter(str.isalnum, SGR.sub("", sanitizer.sanitize_keeping_colors(text))))
    assert "".join(filter(str.isalnum, output.plain)) == letters


WORDS = (
    "Attempt 1 failed with status 429. Retrying",
    "Attempt 1 failed: no",
    "Suggested retry after 5s.. Retrying after 1ms",
    'timestamp=1 level=ERROR error.error="AI_APICallError: rate limit"',
    "1 ERROR codex_core::tools::router: error=patch rejected: no",
)


@EVERY
@QUICK
@given(lines=st.lists(st.text() | st.sampled_from(WORDS)))
def test_what_is_said_aside_is_shown(name: str, lines: list[str]) -> None:
    data = "\n".join(lines).encode(errors="replace")
    aside = TextParser(formats.create_format(name))
    output = ParsedOutput([*aside.feed(data), *aside.finish()])
    require_harmless(output)
    expected = SGR.sub("", sanitizer.sanitize(data.decode()))
    assert "".join(expected.split()) in "".join(output.plain.split())


SAID: dict[str, Any] = {
    "claude": lambda text: {
        "type": "assistant",
        "message": {"content": [{"type": "text", "text": text}]},
    },
    "codex": lambda text: {
        "type": "item.completed",
        "item": {"id": "1", "type": "agent_message", "text": text},
    },
    "gemini": lambda text: {"type": "message", "role": "assistant", "content": text},
    "opencode": lambda text: {"type": "text", "part": {"text": text}},
}


@EVERY
@QUICK
@given(text=st.text().filter(str.strip))
def test_all_that_is_said_appears(name: str, text: str) -> None:
    output = parse_events(formats.create_format(name), SAID[name](text))
    require_harmless(output)
    assert "".join(sanitizer.sanitize(text).split()) in "".join(output.plain.split())


@EVERY
@QUICK
@given(text=st.text().filter(str.strip), at=st.integers(0, 200))
def test_it_does_not_matter_where_the_pipe_cuts(name: str, text: str, at: int) -> None:
    line = json.dumps(SAID[name](text), ensure_ascii=False).encode(errors="replace") + b"\n"
    whole = parse_bytes(formats.create_format(name), line).text
    assert parse_bytes(formats.create_format(name), line[:at], line[at:]).text == whole


@EVERY
def test_json_that_no_one_can_read_is_passed_on(name: str) -> None:
    for line in ("[" * 100_000, '{"a":' * 100_000, '{"type": NaN}', '{"a": 1e999}', "{}", "null"):
        output = parse_bytes(formats.create_format(name), line.encode() + b"\n")
        assert output.plain == line + "\n"
        assert output.entries == []


def test_a_line_without_an_end_is_a_line() -> None:
    line = json.dumps(SAID["claude"]("Hello")).encode()
    assert parse_bytes(formats.create_format("claude"), line).plain == "Hello\n"


def test_a_line_that_is_too_long_is_passed_on_in_pieces() -> None:
    narration = OutputParser(formats.create_format("claude"))
    letters = 1 << 20
    piece = "é".encode() * letters
    updates = [each for _ in range(5) for each in narration.feed(piece)]
    assert updates, "nothing is shown before its end"
    updates += narration.feed(b"\xc3")
    updates += narration.feed(b"\xa9 end\n" + json.dumps(SAID["claude"]("Hello")).encode() + b"\n")
    text = ParsedOutput(updates).plain
    assert text.count("é") == 5 * letters + 1
    assert text.endswith("é end\nHello\n")


def test_no_other_format_is_known() -> None:
    with pytest.raises(ValueError, match="no format 'cursor'"):
        formats.create_format("cursor")
