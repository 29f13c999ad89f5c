"""TCP ports on the loopback interface."""

import socket

LOOPBACK = "127.0.0.1"


def free() -> int:
    """A port that nothing listens on at this moment. Another process may take it: then try
    again.
    """
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True
