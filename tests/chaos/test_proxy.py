"""The network that a chaos run breaks."""

import socket
import threading
from collections.abc import Iterator

import pytest

from app.embedded.ports import LOOPBACK
from tests.chaos.proxy import Proxy, ProxyPort


class Echo:
    """A server that sends back what it gets, after `greeting`."""

    def __init__(self, greeting: bytes = b"") -> None:
        self._listener = socket.create_server((LOOPBACK, 0))
        self._greeting = greeting
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        try:
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._echo, args=(connection,), daemon=True).start()
        except OSError:
            pass

    def _echo(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(self._greeting)
                while piece := connection.recv(4096):
                    connection.sendall(piece)
            except OSError:
                pass


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.fixture
def proxy_port(proxy: Proxy, echo: Echo) -> ProxyPort:
    return proxy.open_port(echo.port)


def connect(door: ProxyPort) -> socket.socket:
    return socket.create_connection((LOOPBACK, door.port), timeout=10)


def send_and_receive(connection: socket.socket, words: bytes) -> bytes:
    connection.sendall(words)
    return received(connection, len(words))


def received(connection: socket.socket, count: int) -> bytes:
    answer = b""
    while len(answer) < count and (piece := connection.recv(count)):
        answer += piece
    return answer


def is_silent(connection: socket.socket) -> bool:
    connection.settimeout(0.2)
    try:
        connection.recv(1)
    except TimeoutError:
        return True
    finally:
        connection.settimeout(10)
    return False


def test_an_open_port_forwards_everything(proxy_port: ProxyPort) -> None:
    content = bytes(range(256)) * 8192
    with connect(proxy_port) as connection:
        threading.Thread(target=connection.sendall, args=(content,), daemon=True).start()
        assert received(connection, len(content)) == content


def test_a_cut_hangs_up_on_who_is_there_and_lets_others_in(proxy_port: ProxyPort) -> None:
    with connect(proxy_port) as first:
        assert send_and_receive(first, b"one") == b"one"
        proxy_port.cut()
        with pytest.raises(ConnectionResetError):
            first.recv(1)
    with connect(proxy_port) as second:
        assert send_and_receive(second, b"two") == b"two"


def test_a_refusing_port_accepts_nobody_until_it_is_healed(proxy_port: ProxyPort) -> None:
    proxy_port.refuse()
    with pytest.raises(ConnectionResetError), connect(proxy_port) as refused:
        refused.recv(1)
    proxy_port.heal()
    with connect(proxy_port) as connection:
        assert send_and_receive(connection, b"in") == b"in"


@pytest.mark.parametrize("directions", [("up",), ("down",), ("up", "down")], ids="+".join)
def test_what_is_swallowed_arrives_late(proxy_port: ProxyPort, directions: tuple[str, ...]) -> None:
    with connect(proxy_port) as connection:
        assert send_and_receive(connection, b"before") == b"before"
        proxy_port.swallow(*directions)
        connection.sendall(b"during")
        assert is_silent(connection)
        proxy_port.heal()
        assert received(connection, 6) == b"during"


def test_one_direction_can_be_swallowed_alone(proxy: Proxy) -> None:
    greeter = Echo(b"hello")
    door = proxy.open_port(greeter.port)
    door.swallow("up")
    with connect(door) as connection:
        assert received(connection, 5) == b"hello"
        connection.sendall(b"unheard")
        assert is_silent(connection)
    greeter.close()


def test_a_port_leads_to_the_server_that_is_left(proxy: Proxy, echo: Echo) -> None:
    gone = Echo()
    gone.close()
    door = proxy.open_port(gone.port, echo.port)
    for _ in range(3):
        with connect(door) as connection:
            assert send_and_receive(connection, b"still") == b"still"
