"""A program in a sandbox that tries one way out; prints the result in a word."""

import contextlib
import errno
import json
import socket
import struct
import sys

PROXY = ("127.0.0.1", 3128)


def tcp(address: str, port: str) -> str:
    """Connect without the proxy."""
    with socket.create_connection((address, int(port)), timeout=5):
        return "connected"


def udp(address: str, port: str) -> str:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.sendto(
            b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01",
            (address, int(port)),
        )
    return "sent"


def icmp(address: str, _: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.sendto(b"\x08\0\xf7\xff\0\0\0\0", (address, 0))
    return "sent"


def packet(*_: str) -> str:
    """Send a raw frame through every interface."""
    names = sorted(name for _, name in socket.if_nameindex())
    return "only lo" if names == ["lo"] else f"interfaces: {names}"


def resolve(name: str) -> str:
    return str(socket.getaddrinfo(name, 80)[0][4][0])


def abstract(name: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"\0{name}")
    return "connected"


def ask(host: str, port: str) -> str:
    """All that the proxy serves, for one host: CONNECT, a plain request, SOCKS5 by name."""
    host = host.replace("%NUL", "\0")
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    connect = _status(f"CONNECT {authority} HTTP/1.1\r\nHost: packages.example.com\r\n\r\n")
    get = _status(f"GET http://{authority}/hello HTTP/1.1\r\nHost: packages.example.com\r\n\r\n")
    name = host.encode()
    by_name = _socks(b"\x05\x01\0\x03" + bytes((len(name),)) + name, port)
    return f"connect {connect}, get {get}, socks {by_name}"


def socks_address(address: str, port: str) -> str:
    if ":" in address:
        return _socks(b"\x05\x01\0\x04" + socket.inet_pton(socket.AF_INET6, address), port)
    return _socks(b"\x05\x01\0\x01" + socket.inet_aton(address), port)


def socks_command(command: str, host: str, port: str) -> str:
    """BIND is 2, UDP ASSOCIATE 3."""
    return _socks(bytes((5, int(command), 0, 3, len(host))) + host.encode(), port)


def send(text: str) -> str:
    """Send that text, with `\r\n` at ends of lines; return the statuses of all responses."""
    answers = _exchange(text.encode("latin-1").decode("unicode_escape").encode("latin-1"))
    return " ".join(part.split(b" ")[0].decode() for part in answers.split(b"HTTP/1.1 ")[1:])


def _status(request: str) -> str:
    return _exchange(request.encode()).partition(b" ")[2][:3].decode()


def _exchange(request: bytes) -> bytes:
    with socket.create_connection(PROXY, timeout=10) as connection:
        connection.sendall(request)
        if b"CONNECT" in request[:8]:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while received := connection.recv(65536):
                answer += received
        return answer


def _socks(request: bytes, port: str) -> str:
    with socket.create_connection(PROXY, timeout=10) as connection:
        connection.sendall(b"\x05\x01\0" + request + struct.pack("!H", int(port)))
        answer = b""
        while len(answer) < 4 and (received := connection.recv(64)):
            answer += received
        return str(answer[3])


if __name__ == "__main__":
    try:
        result = globals()[sys.argv[1]](*sys.argv[2:])
    except OSError as error:
        result = errno.errorcode.get(error.errno or 0, type(error).__name__)
    print(json.dumps(result))  # noqa: T201
