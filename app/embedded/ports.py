"""TCP ports, of the loopback interface where no other is named."""

import random
import socket
from pathlib import Path

from app.embedded.errors import EmbeddedError

LOOPBACK = "127.0.0.1"
# Systems give outgoing connections ports above these by themselves, and one of those that has
# a port keeps a server from it: for a moment, or when an installed one starts again.
_CANDIDATE_PORTS = range(20_000, 32_768)
_MAX_TRIES = 100


def find_free_port(host: str = LOOPBACK) -> int:
    """A port of this address that nothing listens on at this moment. Another process may take it:
    then try again.
    """
    for port in random.SystemRandom().sample(
        _CANDIDATE_PORTS, _MAX_TRIES
    ):  # others may have our seed
        if is_free(port, host):
            return port
    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])


def check_before_start(port: int, home: Path) -> None:
    """Refuse a port in use before anything is made in a new home. In other homes an earlier stack
    may still be about to release it. Raises EmbeddedError.
    """
    if not home.exists():
        require_free(port)


def require_free(port: int) -> None:
    """Raise EmbeddedError, which names another port, if this one is in use."""
    if not is_free(port):
        raise EmbeddedError(
            f"port {port} is in use: stop the program that uses it, or choose another port: "
            f"export MUSTER_PORT={find_next_free_port(port)}"
        )


def find_next_free_port(port: int) -> int:
    """The nearest port above this one that nothing listens on, for people to choose instead."""
    nearest = range(port + 1, min(port + _MAX_TRIES, 65536))
    return next(filter(is_free, nearest), 0) or find_free_port()


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port now."""
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True
