"""TCP ports, on the loopback interface by default."""

import random
import socket
from pathlib import Path

from app.embedded.errors import EmbeddedError

LOOPBACK = "127.0.0.1"
# Below the ports that systems assign to outgoing connections, which would keep a server from
# listening: briefly, or when an installed one restarts.
_CANDIDATE_PORTS = range(20_000, 32_768)
_MAX_TRIES = 100


def find_free_port(host: str = LOOPBACK) -> int:
    """Return a port of this address that is free at the moment. Another process may take it: then
    try again.
    """
    for port in random.SystemRandom().sample(
        _CANDIDATE_PORTS, _MAX_TRIES
    ):  # others may have our seed
        if is_free(port, host):
            return port
    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])


def check_before_start(port: int, home: Path) -> None:
    """Refuse a port in use before anything is created in a new home. In an existing home, an
    earlier stack may be about to release it. Raises EmbeddedError.
    """
    if not home.exists():
        require_free(port)


def require_free(port: int) -> None:
    """Raise EmbeddedError if this port is in use; the message suggests another one."""
    if not is_free(port):
        raise EmbeddedError(
            f"port {port} is in use: stop the program that uses it, or choose another port: "
            f"export MUSTER_PORT={find_next_free_port(port)}"
        )


def find_next_free_port(port: int) -> int:
    """Return the nearest higher port that is free, as a suggestion."""
    nearest = range(port + 1, min(port + _MAX_TRIES, 65536))
    return next(filter(is_free, nearest), 0) or find_free_port()


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server can listen on this port now."""
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True
