"""Who is let in at all."""

import pytest

from app.http_server.worker import AdmissionPolicy

PROXY = "203.0.113.7"


@pytest.mark.parametrize(
    ("door", "peer", "admitted"),
    [
        (AdmissionPolicy(), "198.51.100.1", True),
        (AdmissionPolicy((PROXY,)), "198.51.100.1", True),
        (AdmissionPolicy((PROXY,), only_proxies=True), PROXY, True),
        (AdmissionPolicy((PROXY,), only_proxies=True), f"::ffff:{PROXY}", True),
        (AdmissionPolicy((PROXY,), only_proxies=True), "198.51.100.1", False),
        (AdmissionPolicy((PROXY,), only_proxies=True), "127.0.0.1", False),
        (AdmissionPolicy((PROXY,), only_proxies=True, allow_loopback=True), "127.0.0.1", True),
        (AdmissionPolicy((PROXY,), only_proxies=True, allow_loopback=True), "198.51.100.1", False),
        (AdmissionPolicy(("*",), only_proxies=True), "198.51.100.1", True),
    ],
)
def test_who_is_let_in(door: AdmissionPolicy, peer: str, admitted: bool) -> None:
    assert door.is_allowed(peer) is admitted
