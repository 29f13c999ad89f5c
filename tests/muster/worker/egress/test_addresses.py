"""Addresses that a name must not lead to."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.egress.addresses import is_off_limits, is_special
from muster.worker.egress.hosts import Address, address_from_bytes, parse_host


def address(text: str) -> Address:
    host = parse_host(text)
    assert isinstance(host, Address)
    return host


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "127.255.0.9", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("100.100.100.200", "168.63.129.16", "fd00:ec2::254"),
        *("fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", "192.0.0.192"),
        *("::1", "::", "fe80::1", "febf::1", "ff02::1", "::ffff:127.0.0.1"),
        *("::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::169.254.169.254", "2002:7f00:1::"),
        *("64:ff9b:1::169.254.169.254", "64:ff9b:1:fffe::127.0.0.1", "64:ff9b:1::192.0.0.192"),
        # Behind prefixes of 48, 56 and 64 bits.
        *("64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:12a9:fe:a9fe::", "64:ff9b:1:1234:a9:fea9:fe00:0"),
        *("64:ff9b:1:7f00:0:100::", "64:ff9b:1:c000:0:c000::"),
    ],
)
def test_special_addresses_are_off_limits(text: str) -> None:
    assert is_special(address(text))
    assert is_off_limits(address(text))


@pytest.mark.parametrize(
    "text",
    [
        *("192.0.2.7", "10.1.2.3", "192.168.1.1", "192.0.0.9", "2001:db8::7", "fd12::7", "fd00::7"),
        *("64:ff9b::192.0.2.7", "64:ff9b:1::192.0.2.7", "64:ff9b:1:fffe::192.0.2.7"),
        *("64:ff9b:1:c000:2:700::", "64:ff9b:1:1234:c0:2:700:0"),
    ],
)
def test_those_of_a_company_and_of_the_world_are_not(text: str) -> None:
    assert not is_special(address(text))


@given(st.ip_addresses())
def test_what_the_standard_library_calls_special_is(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified
    assert is_special(address_from_bytes(ip.packed)) or not special


def test_the_machines_own_addresses_are_off_limits() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.7", 9))
        except OSError:
            pytest.skip("this machine has loopback alone")
        own = probe.getsockname()[0]
    assert not is_special(address(own))
    assert is_off_limits(address(own))
