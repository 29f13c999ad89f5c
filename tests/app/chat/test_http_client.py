"""What leaves cannot reach the inside, takes no longer than it may, and is no larger."""

import ipaddress
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chat import http_client
from app.chat.messages import DeliveryRefused, RetryLater
from app.chat.private_addresses import is_private
from tests.app.chat.loopback import HOSTS, Reply, serving

INSIDE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip
OUTSIDE = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "2606:4700::1111",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_of_the_inside_is_taken_for_the_outside(address: str) -> None:
    assert is_private(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_outside_is_outside(address: str) -> None:
    assert not is_private(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_however_it_is_wrapped(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    translated = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address))
    assert is_private(mapped) == is_private(translated) == is_private(address)
    if not address.is_global:
        assert is_private(address)


def ask(url: str, **more: Any) -> http_client.Response:
    return http_client.request("POST", url, headers={}, content=b"x", **more)


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Has names lead to these addresses, one answer after the other; returns what was connected."""

    def to(*answers: list[str]) -> list[str]:
        waiting = list(answers)
        connected: list[str] = []

        def resolve(host: str, port: int) -> list[str]:
            return waiting.pop(0)

        def connect(place: tuple[str, int], *_: Any, **__: Any) -> Any:
            connected.append(place[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(http_client, "resolve", resolve)
        monkeypatch.setattr(socket, "create_connection", connect)
        return connected

    return to


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001",
     "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0", "localhost.", "127.0.0.1."],
)  # fmt: skip
def test_no_spelling_of_this_host_gets_through(host: str) -> None:
    with serving() as server:
        for scheme in ("http", "https"):
            with pytest.raises((DeliveryRefused, RetryLater)):
                ask(f"{scheme}://{host}:{server.port}/", seconds=2)
        assert server.asked == []


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused(
    resolving: Callable[..., list[str]], address: str
) -> None:
    connected = resolving([address])
    with pytest.raises(DeliveryRefused, match="not on the public Internet"):
        ask("https://innocent.example/")
    assert connected == []


def test_one_address_inside_among_others_is_enough(resolving: Callable[..., list[str]]) -> None:
    connected = resolving(["8.8.8.8", "10.0.0.1"])
    with pytest.raises(DeliveryRefused):
        ask("https://innocent.example/")
    assert connected == []


def test_a_name_that_changes_its_meaning_gains_nothing(
    resolving: Callable[..., list[str]],
) -> None:
    connected = resolving(["8.8.8.8", "1.1.1.1"], ["127.0.0.1"], ["127.0.0.1"])
    with pytest.raises(RetryLater):
        ask("https://rebinding.example/")
    assert connected == ["8.8.8.8", "1.1.1.1"]


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    to = {"Location": "http://169.254.169.254/latest/meta-data/"}
    with serving(Reply(302, headers=to)) as server:
        assert ask(server.url, allowed_hosts=HOSTS).status == 302
        assert len(server.asked) == 1


def test_a_host_that_an_admin_has_allowed_is_reached_and_no_other() -> None:
    with serving(Reply(body=b"yes")) as server:
        assert ask(server.url, allowed_hosts=HOSTS).body == b"yes"
        with pytest.raises(DeliveryRefused):
            ask(f"http://localhost:{server.port}", allowed_hosts=HOSTS)
        assert [asked.body for asked in server.asked] == [b"x"]


@pytest.mark.parametrize(
    "url",
    ["", "x", "file:///etc/passwd", "gopher://h/", "https://", "http:///x", "https://[::1", "//h",
     "https://h:99999/", "https://\x00/", "https://h\r\nX: y/"],
)  # fmt: skip
def test_what_is_no_https_url_is_refused(url: str) -> None:
    with pytest.raises((DeliveryRefused, RetryLater)):
        ask(url, seconds=2)


def test_plain_http_is_for_allowed_hosts() -> None:
    with pytest.raises(DeliveryRefused, match="plain http"):
        ask("http://example.com/")


@pytest.mark.parametrize("reply", [Reply(never=True), Reply(drip=0.02)], ids=["never", "drip"])
def test_time_is_bounded_however_little_comes(reply: Reply) -> None:
    with serving(reply) as server:
        began = time.monotonic()
        with pytest.raises(RetryLater, match=r"did not answer in 0\.4 s"):
            ask(server.url, allowed_hosts=HOSTS, seconds=0.4)
        assert time.monotonic() - began < 10


def test_size_is_bounded() -> None:
    with (
        serving(Reply(body=b"x" * (http_client.MAX_RESPONSE_BYTES + 1))) as server,
        pytest.raises(DeliveryRefused, match="more than 256 KiB"),
    ):
        ask(server.url, allowed_hosts=HOSTS)


def test_a_resolver_that_says_nothing_is_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as server:  # its event ends the thread
        monkeypatch.setattr(http_client, "resolve", lambda *_: server.over.wait() and [])
        with pytest.raises(RetryLater, match="was not resolved"):
            ask("https://slow.example/", seconds=0.2)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("1.5", 1.5), ("-3", None), ("", None), ("soon", None), ("9" * 400, 86_400.0),
     ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0)],
)  # fmt: skip
def test_retry_after_is_read_and_bounded(header: str, seconds: float | None) -> None:
    assert http_client.retry_after({"Retry-After": header}) == seconds
