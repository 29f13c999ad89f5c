"""Judging, resolving and dialling."""

import errno
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from muster.worker.egress import dialer
from muster.worker.egress.dialer import Dialer, HostNotAllowed, Unreachable
from muster.worker.egress.hosts import Address, parse_host
from muster.worker.egress.rules import Rules
from tests.muster.worker.egress.outside import Caller


@pytest.fixture
def caller() -> Iterator[Caller]:
    there = Caller("127.0.0.1")
    yield there
    there.close()


def test_a_name_in_the_list_is_dialled(caller: Caller) -> None:
    refused_hosts: list[str] = []
    rules = Rules([f"a.example:{caller.port}", f"127.0.0.1:{caller.port}"])
    with Dialer(rules, refused_hosts.append, {"a.example": ["127.0.0.1"]}).dial(
        "a.example", caller.port
    ):
        assert caller.was_called(5)
    assert refused_hosts == []


def test_an_address_in_the_list_is_dialled_though_it_is_the_machines_own(caller: Caller) -> None:
    with Dialer(Rules([f"127.0.0.1:{caller.port}"]), print).dial(
        parse_host("127.0.0.1"), caller.port
    ):
        assert caller.was_called(5)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["::1"], ["0.0.0.0"], ["169.254.169.254"], ["127.0.0.1", "::1"]]
)
def test_a_name_in_the_list_that_leads_here_is_refused(
    caller: Caller, addresses: list[str]
) -> None:
    refused_hosts: list[str] = []
    rules = Rules([f"*.example:{caller.port}", f"127.0.0.1:{caller.port + 1}"])
    with pytest.raises(HostNotAllowed, match="an address of the machine itself"):
        Dialer(rules, refused_hosts.append, {"a.example": addresses}).dial("a.example", caller.port)
    assert refused_hosts == [f"a.example:{caller.port}"]
    assert not caller.was_called(0.05)


def test_a_name_that_leads_somewhere_else_each_time_is_asked_for_once(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["192.0.2.7", "127.0.0.1"])
    dialled: list[Address] = []

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), caller.port))]

    def connect(addresses: list[Address], *_: object) -> None:
        dialled.extend(addresses)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(dialer, "_connect_any", connect)
    Dialer(Rules([f"a.example:{caller.port}"]), print).dial("a.example", caller.port)
    assert dialled == [Address(ip_address("192.0.2.7").packed)]


def test_a_name_that_is_not_in_the_list_is_not_even_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise AssertionError("somebody's name server heard of it")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(HostNotAllowed, match="A maintainer of the project can allow it"):
        Dialer(Rules(["a.example"]), print).dial("secret.b.example", 80)


def test_what_cannot_be_reached_says_why(caller: Caller) -> None:
    port = caller.port
    caller.close()
    way = Dialer(Rules([f"127.0.0.1:{port}"]), print)
    with pytest.raises(Unreachable, match="Connection refused") as refused:
        way.dial(parse_host("127.0.0.1"), port)
    assert refused.value.number == errno.ECONNREFUSED


def test_a_machine_without_ipv6_reaches_what_has_an_address_of_either_kind(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = socket.socket

    def of_ipv4_alone(family: int, *more: Any, **named: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no such family")
        return made(family, *more, **named)

    known = {"a.example": ["::1", "127.0.0.1"]}
    rules = Rules([f"{host}:{caller.port}" for host in ("a.example", "[::1]", "127.0.0.1")])
    monkeypatch.setattr(socket, "socket", of_ipv4_alone)
    with Dialer(rules, print, known).dial("a.example", caller.port):
        assert caller.was_called(5)


def test_a_name_that_leads_nowhere_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Unreachable, match="doesn't resolve: Name or service not known"):
        Dialer(Rules(["a.example"]), print).dial("a.example", 80)
