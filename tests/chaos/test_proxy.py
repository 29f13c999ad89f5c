"""The network that a chaos run breaks."""

import socket
import threading
from collections.abc import Iterator

import pytest

from app.embedded.ports import LOOPBACK
from tests.chaos.proxy import Door, Proxy


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
def door(proxy: Proxy, echo: Echo) -> Door:
    return proxy.door(echo.port)


def connect(door: Door) -> socket.socket:
    return socket.create_connection((LOOPBACK, door.port), timeout=10)


def says(connection: socket.socket, words: bytes) -> bytes:
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


def test_an_open_door_passes_everything_on(door: Door) -> None:
    content = bytes(range(256)) * 8192
    with connect(door) as connection:
        threading.Thread(target=connection.sendall, args=(content,), daemon=True).start()
        assert received(connection, len(content)) == content


def test_a_cut_hangs_up_on_who_is_there_and_lets_others_in(door: Door) -> None:
    with connect(door) as first:
        assert says(first, b"one") == b"one"
        door.cut()
        with pytest.raises(ConnectionResetError):
            first.recv(1)
    with connect(door) as second:
        assert says(second, b"two") == b"two"


def test_a_refusing_door_lets_nobody_in_until_it_is_healed(door: Door) -> None:
    door.refuse()
    with pytest.raises(ConnectionResetError), connect(door) as refused:
        refused.recv(1)
    door.heal()
    with connect(door) as connection:
        assert says(connection, b"in") == b"in"


@pytest.mark.parametrize("directions", [("up",), ("down",), ("up", "down")], ids="+".join)
def test_what_is_swallowed_arrives_late(door: Door, directions: tuple[str, ...]) -> None:
    with connect(door) as connection:
        assert says(connection, b"before") == b"before"
        door.swallow(*directions)
        connection.sendall(b"during")
        assert is_silent(connection)
        door.heal()
        assert received(connection, 6) == b"during"


def test_one_direction_can_be_swallowed_alone(proxy: Proxy) -> None:
    greeter = Echo(b"hello")
    door = proxy.door(greeter.port)
    door.swallow("up")
    with connect(door) as connection:
        assert received(connection, 5) == b"hello"
        connection.sendall(b"unheard")
        assert is_silent(connection)
    greeter.close()


def test_a_door_leads_to_the_server_that_is_left(proxy: Proxy, echo: Echo) -> None:
    gone = Echo()
    gone.close()
    door = proxy.door(gone.port, echo.port)
    for _ in range(3):
        with connect(door) as connection:
            assert says(connection, b"still") == b"still"
