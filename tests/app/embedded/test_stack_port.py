"""A stack whose port another program uses."""

import socket
from pathlib import Path

import pytest

from app.embedded import EmbeddedError, ports
from app.embedded.stack import Stack
from tests.app.embedded.stack_stand_ins import table

ELSEWHERE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://:1/0"}


@pytest.mark.parametrize("is_new", [True, False], ids=["new home", "used home"])
def test_a_port_in_use_is_named_with_another_one(new_home: Path, *, is_new: bool) -> None:
    if not is_new:
        new_home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(EmbeddedError, match=f"port {port} is in use: .*MUSTER_PORT=") as raised:
            Stack(new_home, port, ELSEWHERE, table=table()).start()
    assert ports.is_free(int(str(raised.value).rpartition("=")[2]))
    assert new_home.exists() is not is_new
