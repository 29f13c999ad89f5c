"""Commands' output: stable for scripts, sanitized for people's terminals."""

import json
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient

from muster.cli import app, fields
from tests.muster.cli import json_schema
from tests.muster.cli.shell import SERVER, Shell

TASK = {
    "id": 7,
    "status": "suspended",
    "suspendReason": "gate",
    "projectKey": "APP",
    "description": "Mend \x1b[31mthe\x1b]0;title\x07 flaky \u202etest\nat once",
    "machineName": None,
    "createdAt": "2020-01-01T00:00:00.000Z",
    "aFieldOfANewerServer": {"deep": True},
}


def answers(**by_path: Any) -> Shell:
    """A shell whose server returns these responses, by the path's last segment."""

    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        return httpx.Response(200, json=by_path[name])

    return Shell(answer)


@pytest.fixture
def tasks(home: Any) -> Shell:
    return answers(tasks={"items": [TASK], "nextCursor": None})


def run(shell: Shell, *arguments: str, is_terminal: bool = False) -> Any:
    return shell("--server", SERVER, *arguments, is_terminal=is_terminal)


def test_the_fields_of_json_are_those_that_are_committed(client: FlaskClient) -> None:
    """After a deliberate change, regenerate the file as its module's docstring says."""
    document = client.get("/api/openapi.json").json
    assert document is not None
    assert json_schema.of_all(document) == json.loads(json_schema.COMMITTED.read_text())


def test_each_field_of_a_shape_is_one_of_the_contracts(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").json
    assert document is not None
    for name, shape in vars(fields).items():
        if name.isupper():
            schema = document["components"]["schemas"][json_schema._camel(name)]
            assert set(shape) <= set(schema["properties"]), name


def test_every_command_that_prints_something_prints_json() -> None:
    silent = {
        name
        for name, command in json_schema.commands(app.command).items()
        if json_schema.printed(command) is None
    }
    files = {"task evidence", "task file", "task recording", "api", "completion", "config path"}
    told_by_status = {"task watch", "task open", "task dismiss", "task interrupt", "attach"}
    removed = {"task withdraw", "task withdraw-message", "task delete-comment"}
    assert {name for name in silent if name.startswith(("task", "machine", "inbox"))} <= (
        files | told_by_status | removed
    )


def test_json_is_an_array_of_objects_with_these_fields(tasks: Shell) -> None:
    result = run(tasks, "task", "list", "--json", "id,status,machineName")
    assert result.json == [{"id": 7, "status": "suspended", "machineName": None}]


def test_a_field_that_an_older_server_does_not_say_is_null(tasks: Shell) -> None:
    assert run(tasks, "task", "list", "--json", "id,waitingFor").json == [
        {"id": 7, "waitingFor": None}
    ]


def test_json_alone_lists_the_fields_and_asks_nobody(tasks: Shell) -> None:
    result = run(tasks, "task", "list", "--json")
    assert result.out.split() == list(fields.TASK_LIST_ITEM)
    assert not tasks.asked


def test_a_field_that_there_is_not_is_named_before_anybody_is_asked(tasks: Shell) -> None:
    result = run(tasks, "task", "list", "--json", "id,nonsense")
    assert (result.status, result.out) == (2, "")
    assert "Unknown field: nonsense" in result.err
    assert not tasks.asked


def test_jq_makes_what_it_likes_of_it(tasks: Shell) -> None:
    assert run(tasks, "task", "list", "--jq", ".[].projectKey").out == "APP\n"
    assert run(tasks, "task", "list", "--json", "id", "--jq", ".").json == [{"id": 7}]
    result = run(tasks, "task", "list", "--jq", ".[")
    assert result.status == 2
    assert "jq: " in result.err


def test_quiet_is_ids_alone(tasks: Shell) -> None:
    assert run(tasks, "task", "list", "--quiet").out == "7\n"


@pytest.mark.parametrize("is_terminal", [False, True])
def test_what_others_wrote_does_not_speak_to_the_terminal(
    tasks: Shell, is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    out = run(tasks, "task", "list", is_terminal=is_terminal).out
    assert "Mend the flaky ⟨U+202E⟩test" in out
    assert "title" not in out
    assert "\u202e" not in out
    assert "\x1b[31m" not in out
    assert ("\x1b[" in out) == is_terminal


def test_what_needs_you_stands_out(tasks: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[33mneeds you" in run(tasks, "task", "list", is_terminal=True).out


def test_no_color_is_none(tasks: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in run(tasks, "task", "list", is_terminal=True).out


@pytest.mark.parametrize("width", [80, 120])
def test_a_table_is_as_wide_as_the_terminal_and_one_line_an_item(
    home: Any, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    long = {**TASK, "description": "words " * 100, "machineName": "a-machine-with-a-name"}
    out = run(answers(tasks={"items": [long] * 3}), "task", "list").out
    lines = out.splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= width
    assert lines[0].split() == ["ID", "STATUS", "PROJECT", "DESCRIPTION", "MACHINE", "AGE"]
    assert "needs you (gate)" in lines[1]


def test_where_there_is_nothing_pipes_stay_empty(home: Any) -> None:
    result = run(answers(tasks={"items": []}), "task", "list")
    assert (result.status, result.out) == (0, "")
    assert result.err == "No matching tasks.\n"


def test_a_problem_is_printed_with_its_fields_and_request_id(home: Any) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        problem = {
            "status": 422,
            "code": "validation_failed",
            "detail": "Some fields are not good.",
            "errors": {"description": ["Shorter than minimum length 1."]},
        }
        return httpx.Response(422, json=problem, headers={"X-Request-ID": "abc123"})

    result = run(Shell(refuse), "task", "create", "-p", "A", "-d", "x")
    assert result.status == 1
    assert "Some fields are not good. (422 validation_failed, request abc123)" in result.err
    assert "  description: Shorter than minimum length 1." in result.err
