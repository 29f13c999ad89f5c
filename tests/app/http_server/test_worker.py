"""Who is let in at all."""

import pytest

from app.http_server.worker import Door

PROXY = "203.0.113.7"


@pytest.mark.parametrize(
    ("door", "peer", "admitted"),
    [
        (Door(), "198.51.100.1", True),
        (Door((PROXY,)), "198.51.100.1", True),
        (Door((PROXY,), only_proxies=True), PROXY, True),
        (Door((PROXY,), only_proxies=True), f"::ffff:{PROXY}", True),
        (Door((PROXY,), only_proxies=True), "198.51.100.1", False),
        (Door((PROXY,), only_proxies=True), "127.0.0.1", False),
        (Door((PROXY,), only_proxies=True, this_machine=True), "127.0.0.1", True),
        (Door((PROXY,), only_proxies=True, this_machine=True), "198.51.100.1", False),
        (Door(("*",), only_proxies=True), "198.51.100.1", True),
    ],
)
def test_who_is_let_in(door: Door, peer: str, admitted: bool) -> None:
    assert door.admits(peer) is admitted
