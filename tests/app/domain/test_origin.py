"""Which pages are ours, and which hosts are this machine itself."""

import pytest

from app.domain.origin import is_allowed_origin, is_loopback

ALLOWED = ["https://ide.example.org"]


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("https://muster.example.org", "muster.example.org", True),
        ("https://muster.example.org:9000", "muster.example.org:9000", True),
        ("http://localhost:9000", "localhost:9000", True),
        ("https://MUSTER.example.org", "muster.example.org", True),
        ("https://ide.example.org", "muster.example.org", True),
        ("https://muster.example.org:9001", "muster.example.org:9000", False),
        ("https://evil.example.org", "muster.example.org", False),
        ("https://muster.example.org.evil.example", "muster.example.org", False),
        ("https://muster.example.org@evil.example", "muster.example.org", False),
        ("https://ide.example.org.evil.example", "muster.example.org", False),
        ("ftp://muster.example.org", "muster.example.org", False),
        ("//muster.example.org", "muster.example.org", False),
        ("https://[", "[", False),
        ("null", "null", False),
        ("", "", False),
    ],
)
def test_a_page_is_ours_by_its_host_and_port(origin: str, host: str, ours: bool) -> None:
    assert is_allowed_origin(origin, host, ALLOWED) is ours


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("localhost:9000", True),
        ("127.0.0.1:9000", True),
        ("[::1]:9000", True),
        ("muster.localhost:9000", True),
        ("127.0.0.1.example.org", False),
        ("localhost.example.org", False),
        ("muster.example.org", False),
        ("[", False),
        ("", False),
    ],
)
def test_a_host_is_this_machine_by_its_name_alone(host: str, here: bool) -> None:
    assert is_loopback(host) is here
