"""Addresses that a name must not lead to."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.egress.addresses import is_off_limits, is_special
from muster.worker.egress.hosts import Address, address_from, host_from


def address(text: str) -> Address:
    host = host_from(text)
    assert isinstance(host, Address)
    return host


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "127.255.0.9", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("100.100.100.200", "168.63.129.16", "fd00:ec2::254"),
        *("::1", "::", "fe80::1", "febf::1", "ff02::1", "::ffff:127.0.0.1"),
        *("::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::169.254.169.254", "2002:7f00:1::"),
    ],
)
def test_special_addresses_are_off_limits(text: str) -> None:
    assert is_special(address(text))
    assert is_off_limits(address(text))


@pytest.mark.parametrize(
    "text", ["192.0.2.7", "10.1.2.3", "192.168.1.1", "2001:db8::7", "fd12::7", "64:ff9b::192.0.2.7"]
)
def test_those_of_a_company_and_of_the_world_are_not(text: str) -> None:
    assert not is_special(address(text))


@given(st.ip_addresses())
def test_what_the_standard_library_calls_special_is(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified
    assert is_special(address_from(ip.packed)) or not special


def test_the_machines_own_addresses_are_off_limits() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.7", 9))
        except OSError:
            pytest.skip("this machine has loopback alone")
        own = probe.getsockname()[0]
    assert not is_special(address(own))
    assert is_off_limits(address(own))
