"""What stages may reach: how hosts are written, and whose list counts."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import network

GOOD = [
    ("packages.example.com", "packages.example.com"),
    ("Packages.Example.COM", "packages.example.com"),
    ("*.example.org", "*.example.org"),
    ("*.example.org:443", "*.example.org:443"),
    ("git.example.org:22", "git.example.org:22"),
    ("mirror", "mirror"),
    ("a_b.example.org", "a_b.example.org"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("192.0.2.7", "192.0.2.7"),
    ("192.0.2.7:5432", "192.0.2.7:5432"),
    ("2001:DB8::7", "[2001:db8::7]"),
    ("[2001:db8:0::7]", "[2001:db8::7]"),
    ("[::1]:8080", "[::1]:8080"),
    ("::", "[::]"),
    ("::ffff:c000:207", "192.0.2.7"),
    ("[::ffff:c000:207]:80", "192.0.2.7:80"),
    ("@agent", "@agent"),
    ("e.example:65535", "e.example:65535"),
]
BAD = [
    *("", " ", "*", "*.", "*.*.example.org", "a.*.example.org", "*example.org"),
    *("example..org", ".example.org", "example.org.", "a b", "a\n", "\na", "https://example.org"),
    *("example.org/x", "user@example.org", "bücher.example", "example.org:", "example.org:0"),
    *("example.org:080", "example.org:65536", "example.org:x", "example.org:1:2", ":80"),
    *("2130706433", "0x7f.1", "127.1", "192.0.2.256", "192.0.2.07", "*.192.0.2.7", "a.0x7f"),
    *("[192.0.2.7]", "[::1", "::1]", "[::1]80", "1::2::3", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0"),
    *("::ffff:192.0.2.7", "@agents", "@agent:443", "*.@agent", "a" * 64 + ".example"),
    "a." * 126 + "aa",
]


@pytest.mark.parametrize(("entry", "canonical"), GOOD)
def test_a_host_is_written_in_one_way(entry: str, canonical: str):
    assert network.canonicalize(entry) == canonical
    assert network.canonicalize(canonical) == canonical


@pytest.mark.parametrize("entry", BAD)
def test_what_is_no_host_is_refused_in_words(entry: str):
    with pytest.raises(ValueError, match="must be a host name"):
        network.canonicalize(entry)


_NAMES = st.from_regex(re.compile(r"(\*\.)?[a-zA-Z0-9_-]{1,9}(\.[a-zA-Z0-9_-]{1,9}){0,3}\Z"))
_ADDRESSES = st.ip_addresses().map(str)
_PORTS = st.none() | st.integers(-1, 70_000)


@given(host=_NAMES | _ADDRESSES | st.text(max_size=12), port=_PORTS)
def test_what_is_taken_is_ascii_and_of_one_form_and_addresses_stay_what_they_are(
    host: str, port: int | None
):
    entry = host if port is None else f"{host}:{port}"
    try:
        written = network.canonicalize(entry)
    except ValueError:
        return
    assert written.isascii()
    assert written == written.lower() == network.canonicalize(written)
    if port is None and (address := _address(host)):
        assert _address(written.strip("[]")) == (getattr(address, "ipv4_mapped", None) or address)


@given(address=st.ip_addresses())
def test_every_address_is_a_host_in_its_usual_form(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
):
    if "." in str(address) and address.version == 6:
        return  # an IPv4 address is written as one
    assert _address(network.canonicalize(str(address)).strip("[]")) in (
        address,
        getattr(address, "ipv4_mapped", None),
    )


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


ALLOW = {"allow": ["b.example", "A.example", "a.example"]}
SAID = [
    ("open", None),
    ("none", []),
    (ALLOW, ["b.example", "a.example"]),
]


@pytest.mark.parametrize(("spec", "hosts"), SAID)
def test_people_and_rows_say_the_same(spec: network.NetworkSpec, hosts: network.Hosts):
    assert network.from_api(spec) == hosts
    assert network.from_api(network.to_api(hosts)) == hosts


@pytest.mark.parametrize("projects", [None, [], ["p.example"]])
@pytest.mark.parametrize(
    ("own", "hosts"), [("open", None), ("none", []), ({"allow": ["s.example"]}, ["s.example"])]
)
def test_a_stage_that_says_something_overrides_its_project(
    own: network.NetworkSpec, hosts: network.Hosts, projects: network.Hosts
):
    assert network.hosts_of_stage(own, projects) == hosts
    assert network.hosts_of_stage(None, projects) == projects
