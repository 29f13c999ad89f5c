"""Half-sent logins from many addresses of this machine's: `flood.py PORT EACH ADDRESS…`.

Says `held` when all have been tried once; then, every two seconds, tries those again that were
closed. Until it is killed.
"""

import contextlib
import resource
import socket
import sys
import time

HALF = (
    b"POST /api/auth/login HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    b'Content-Length: 100\r\n\r\n{"username": "n'
)


def called(port: int, address: str) -> socket.socket | None:
    caller = socket.socket()
    try:
        caller.bind((address, 0))
        caller.settimeout(10)
        caller.connect(("127.0.0.1", port))
        caller.sendall(HALF)
        caller.setblocking(False)
    except OSError:
        caller.close()
        return None
    return caller


def is_open(caller: socket.socket) -> bool:
    with contextlib.suppress(BlockingIOError):
        with contextlib.suppress(ConnectionError):
            caller.recv(4096)
        caller.close()
        return False
    return True


def main(port: int, each: int, addresses: list[str]) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    held: list[tuple[str, socket.socket | None]] = []
    for address in addresses * each:
        held.append((address, called(port, address)))
    sys.stdout.write("held\n")
    sys.stdout.flush()
    while True:
        time.sleep(2)
        for number, (address, caller) in enumerate(held):
            if caller is None or not is_open(caller):
                held[number] = address, called(port, address)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
