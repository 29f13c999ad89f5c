"""Addresses of clients, as limits count them."""

import pytest

from app.domain import addresses


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff::2", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("somewhere", None),
        ("", None),
    ],
)
def test_a_client_is_its_network(address: str, network: str | None) -> None:
    assert addresses.client_network(address) == network


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("::1", "::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("somewhere", None),
    ],
)
def test_one_who_runs_many_clients_has_a_network(address: str, site: str | None) -> None:
    assert addresses.site_network(address) == site


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("[::]", False),
        ("10.0.0.1", False),
        ("proxy.local", False),
    ],
)
def test_this_machine_has_several_names(host: str, is_one: bool) -> None:
    assert addresses.is_loopback(host) is is_one


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "client"),
    [
        ("192.0.2.1", "198.51.100.9", ["192.0.2.1"], "198.51.100.9"),
        ("192.0.2.1", "10.9.9.9, 198.51.100.9", ["192.0.2.1"], "198.51.100.9"),
        ("192.0.2.1", "", ["192.0.2.1"], "192.0.2.1"),
        ("192.0.2.2", "198.51.100.9", ["192.0.2.1"], "192.0.2.2"),
        ("192.0.2.2", "198.51.100.9", [], "192.0.2.2"),
        ("192.0.2.2", "198.51.100.9", ["*"], "198.51.100.9"),
    ],
)
def test_a_proxys_last_word_counts_and_nobody_elses(
    peer: str, forwarded: str, proxies: list[str], client: str
) -> None:
    assert addresses.client_address(peer, forwarded, proxies) == client
