"""Inbox items with their commands."""

import httpx
import pytest

from tests.muster.cli.shell import SERVER, Shell


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("name", "command"),
    [("whimbrel", "machine show whimbrel"), ("a; rm -rf ~", "machine show 'a; rm -rf ~'")],
)
def test_a_machines_name_can_be_pasted_into_a_shell(name: str, command: str) -> None:
    item = {"kind": "machine", "machine": {"id": "x", "name": name, "problems": []}}
    page = {"items": [item], "nextCursor": None}
    shell = Shell(lambda request: httpx.Response(200, json=page))
    assert shell("--server", SERVER, "inbox").out.splitlines()[1].endswith(command)
