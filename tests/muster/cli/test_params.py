"""Which task is meant: by its number, or by the address of its page at the server that is asked."""

import httpx
import pytest

from tests.muster.cli.shell import SERVER, Shell


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("said", ["7", "#7", f"{SERVER}/tasks/7"])
def test_a_task_is_a_number_or_the_address_of_its_page(said: str) -> None:
    shell = Shell(lambda request: httpx.Response(200, json={"id": 7, "status": "queued"}))
    assert shell("--server", SERVER, "task", "show", said, "--json", "id").status == 0
    assert [request.url.path for request in shell.asked] == ["/api/web/tasks/7"]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "said", ["https://other.example/tasks/7", "http://127.0.0.1:9001/tasks/7", "http://[/tasks/7"]
)
def test_the_address_of_another_servers_page_is_no_task_here(said: str) -> None:
    shell = Shell(lambda request: httpx.Response(200, json={"id": 7, "status": "queued"}))
    ended = shell("--server", SERVER, "task", "cancel", said)
    assert (ended.status, shell.asked) == (2, [])
    assert "of another server" in ended.err
