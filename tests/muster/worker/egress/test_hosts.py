"""One way of writing each host."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.egress.hosts import Address, format_host, parse_host, split_port
from tests.muster.worker.egress.strategies import ADDRESSES, NAMES, PORTS


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Packages.Example.COM", "packages.example.com"),
        ("packages.example.com.", "packages.example.com"),
        ("localhost", "localhost"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("_dmarc.example.org", "_dmarc.example.org"),
        ("192.0.2.7", Address(bytes([192, 0, 2, 7]))),
        ("192.0.2.7.", Address(bytes([192, 0, 2, 7]))),
        ("::ffff:192.0.2.7", Address(bytes([192, 0, 2, 7]))),
        ("[::FFFF:c000:207]", Address(bytes([192, 0, 2, 7]))),
        ("[2001:DB8:0::7]", Address(ipaddress.ip_address("2001:db8::7").packed)),
    ],
)
def test_each_way_of_writing_is_one_host(text: str, host: str | Address) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        *("0x7f.1", "0x7f000001", "2130706433", "127.1", "0177.0.0.1", "127.0.0.01", "1.2.3.4.5"),
        *("256.1.1.1", "example.0x10", "example.1", "999"),
        *("", ".", "a..b", ".example.org", "example.org..", "a" * 64, ".".join(["a" * 50] * 6)),
        *(
            "bücher.example",
            "\uff45xample.org",
            "example\u3002org",
            "\u212aelvin.example",
            "\uff11.0.0.1",
        ),
        *(
            "exa mple.org",
            "example.org\0",
            "example.org\0.evil.org",
            "ex%61mple.org",
            "a/b",
            "a\\b",
        ),
        *("user@example.org", "example.org\r\n", "*", "*.example.org", "example.org:80"),
        *("[::1", "::1]", "[]", "[fe80::1%eth0]", "[192.0.2.7]", "[::1]x", "1::2::3", "::\0"),
    ],
)
def test_what_can_be_read_in_more_than_one_way_is_no_host(text: str) -> None:
    with pytest.raises(ValueError):
        parse_host(text)


@given(st.text(max_size=80) | st.text("0123456789abcdefx.:[]%-*", max_size=40))
def test_any_text_is_one_host_or_none(text: str) -> None:
    try:
        host = parse_host(text)
    except ValueError:
        return
    assert parse_host(format_host(host)) == host
    assert str(host).isascii()


@given(NAMES | ADDRESSES, PORTS)
def test_what_is_written_is_read_back(host: str | Address, port: int) -> None:
    text, read = split_port(format_host(host, port))
    assert parse_host(text) == host
    assert read == (None if port in (80, 443) else port)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("example.org", ("example.org", None)),
        ("example.org:22", ("example.org", 22)),
        ("[::1]:22", ("[::1]", 22)),
        ("[::1]", ("[::1]", None)),
        ("::1", ("::1", None)),
    ],
)
def test_a_port_is_split_off(text: str, parts: tuple[str, int | None]) -> None:
    assert split_port(text) == parts


@pytest.mark.parametrize(
    "text",
    ["a:", "a:0", "a:65536", "a:+80", "a: 80", "a:8_0", "a:\u0668", "[::1]80", "[::1", "[::1]:"],
)
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        split_port(text)
