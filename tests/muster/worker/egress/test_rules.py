"""The hosts that a list allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.egress.hosts import Address, format_host, parse_host
from muster.worker.egress.rules import Rules
from tests.muster.worker.egress.strategies import ADDRESSES, LABELS, NAMES, PORTS

LIST = [
    "packages.example.com",
    "*.Example.org:443",
    "git.example.net:22",
    "192.0.2.7",
    "[2001:db8::7]:8080",
]


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("packages.example.com", 80, True),
        ("packages.example.com", 443, True),
        ("packages.example.com", 22, False),
        ("packages.example.com", 8080, False),
        ("PACKAGES.example.com.", 443, True),
        ("a.packages.example.com", 443, False),
        ("example.com", 443, False),
        ("a.example.org", 443, True),
        ("b.a.example.org", 443, True),
        ("a.example.org", 80, False),
        ("example.org", 443, False),
        ("aexample.org", 443, False),
        ("a.example.org.evil.net", 443, False),
        ("git.example.net", 22, True),
        ("git.example.net", 443, False),
        ("192.0.2.7", 80, True),
        ("::ffff:192.0.2.7", 80, True),
        ("192.0.2.8", 80, False),
        ("2001:db8::7", 8080, True),
        ("2001:db8::7", 443, False),
    ],
)
def test_a_list_allows_what_is_in_it(host: str, port: int, allowed: bool) -> None:
    assert Rules(LIST).allows(parse_host(host), port) is allowed


@pytest.mark.parametrize(
    "entry",
    [
        *("", "*", "*.", "*.*.example.org", "a.*.org", "*example.org", "@agent", "*.192.0.2.7"),
        *("*.[::1]", "example.org:", "example.org:*", "http://example.org", "example.org/x"),
        *("10.0.0.0/8", "a@b"),
    ],
)
def test_an_entry_that_is_none_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="invalid entry in a list of hosts"):
        Rules(["example.org", entry])


@given(NAMES | ADDRESSES, PORTS)
def test_an_empty_list_allows_nothing(host: str | Address, port: int) -> None:
    assert not Rules([]).allows(host, port)


@given(NAMES | ADDRESSES, PORTS, PORTS)
def test_what_was_refused_and_is_added_as_told_is_allowed(
    host: str | Address, port: int, other: int
) -> None:
    rules = Rules([format_host(host, port)])
    assert rules.allows(host, port)
    assert rules.allows(host, other) is (other == port or {port, other} == {80, 443})


@given(NAMES, LABELS, NAMES, PORTS)
def test_a_wildcard_allows_what_is_below_and_nothing_else(
    parent: str, label: str, other: str, port: int
) -> None:
    rules = Rules([f"*.{parent}:{port}"])
    assert rules.allows(f"{label}.{parent}", port)
    assert not rules.allows(parent, port)
    assert rules.allows(other, port) is (other.endswith(f".{parent}"))


@given(st.lists(NAMES, max_size=4), ADDRESSES, PORTS)
def test_names_never_allow_an_address(names: list[str], address: Address, port: int) -> None:
    assert not Rules([*names, *[f"*.{name}" for name in names]]).lists_address(address, port)
