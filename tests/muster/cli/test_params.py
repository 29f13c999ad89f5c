"""Parameters of commands: tasks and fields."""

from pathlib import Path

import httpx
import pytest

from muster.cli.params import parse_fields
from tests.muster.cli.shell import SERVER, Shell


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("reference", ["7", "#7", f"{SERVER}/tasks/7"])
def test_a_task_is_a_number_or_the_address_of_its_page(reference: str) -> None:
    shell = Shell(lambda request: httpx.Response(200, json={"id": 7, "status": "queued"}))
    assert shell("--server", SERVER, "task", "show", reference, "--json", "id").status == 0
    assert [request.url.path for request in shell.asked] == ["/api/web/tasks/7"]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "reference",
    ["https://other.example/tasks/7", "http://127.0.0.1:9001/tasks/7", "http://[/tasks/7"],
)
def test_the_address_of_another_servers_page_is_no_task_here(reference: str) -> None:
    shell = Shell(lambda request: httpx.Response(200, json={"id": 7, "status": "queued"}))
    ended = shell("--server", SERVER, "task", "cancel", reference)
    assert (ended.status, shell.asked) == (2, [])
    assert "That task isn't on" in ended.err


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("s3cret\n", "s3cret"),
        ("s3cret\r\n", "s3cret"),
        ("two\nlines\n\n", "two\nlines\n"),
        ("7", "7"),
    ],
)
def test_a_field_of_a_file_is_its_text_without_the_last_line_end(
    tmp_path: Path, written: str, value: str
) -> None:
    file = tmp_path / "secret.txt"
    file.write_bytes(written.encode())
    assert parse_fields([f"clientSecret=@{file}"]) == {"clientSecret": value}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("verb", ["create", "update"])
def test_help_has_no_secret_on_a_command_line(verb: str) -> None:
    result = Shell(lambda request: httpx.Response(500))("admin", "providers", verb, "--help")
    assert "clientSecret=@FILE" in result.out
