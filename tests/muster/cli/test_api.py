"""`muster api`: arguments and requests."""

import json
from typing import Any

import httpx
import pytest

from tests.muster.cli.shell import SERVER, Shell


def sent(*arguments: str, input_text: str = "") -> tuple[str, str, Any]:
    """Return the request's method, URL and body."""
    shell = Shell(lambda request: httpx.Response(200, json={}))
    result = shell("--server", SERVER, "api", *arguments, input_text=input_text)
    assert result.status == 0, result.err
    [request] = shell.asked
    body = request.read()
    return request.method, request.url.raw_path.decode(), json.loads(body) if body else None


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        (["tasks/7"], ("GET", "/api/web/tasks/7", None)),
        (["/healthz"], ("GET", "/healthz", None)),
        (
            ["tasks", "-X", "GET", "-f", "status=failed"],
            ("GET", "/api/web/tasks?status=failed", None),
        ),
        (["tasks", "-f", "a=1", "-F", "b=2"], ("POST", "/api/web/tasks", {"a": "1", "b": 2})),
        (["tasks", "-F", "a=x", "-F", "b=null"], ("POST", "/api/web/tasks", {"a": "x", "b": None})),
        (["tasks", "-F", "a=@-"], ("POST", "/api/web/tasks", {"a": '{"from": "stdin"}'})),
        (["tasks", "--input", "-"], ("POST", "/api/web/tasks", {"from": "stdin"})),
        (["x", "-X", "delete"], ("DELETE", "/api/web/x", None)),
    ],
)
def test_a_request_is_as_it_was_said(arguments: list[str], request_: tuple[str, str, Any]) -> None:
    assert sent(*arguments, input_text='{"from": "stdin"}') == request_


@pytest.mark.usefixtures("home")
def test_all_pages_are_one_array() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        is_last = "cursor" in request.url.params
        cursor = None if is_last else "c"
        return httpx.Response(200, json={"items": [2] if is_last else [1], "nextCursor": cursor})

    result = Shell(answer)("--server", SERVER, "api", "tasks", "--paginate", "--jq", ".[]")
    assert result.out == "1\n2\n"


@pytest.mark.usefixtures("home")
def test_a_problem_is_no_answer() -> None:
    problem = {"code": "forbidden", "detail": "No."}
    result = Shell(lambda request: httpx.Response(403, json=problem))(
        "--server", SERVER, "api", "x"
    )
    assert (result.status, result.out) == (3, "")


WRITTEN = "\x1b]0;x\x07 \x9b2J \u202eevil\u2066 \u061c caf\u00e9 \u65e5"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("more", [[], ["--jq", "."]])
def test_what_a_terminal_would_obey_is_an_escape_there_and_as_it_is_in_a_pipe(
    more: list[str],
) -> None:
    ask = ("--server", SERVER, "api", "x", *more)
    shell = Shell(lambda request: httpx.Response(200, json={"text": WRITTEN}))
    piped, shown = shell(*ask), shell(*ask, is_terminal=True)
    assert piped.json == shown.json == {"text": WRITTEN}
    assert "\u202eevil\u2066" in piped.out
    assert r"\u001b]0;x\u0007 \u009b2J \u202eevil\u2066 \u061c caf" in shown.out
    assert "caf\u00e9 \u65e5" in shown.out
