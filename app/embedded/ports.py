"""TCP ports, of the loopback interface where no other is named."""

import socket

LOOPBACK = "127.0.0.1"


def free(host: str = LOOPBACK) -> int:
    """A port of this address that nothing listens on at this moment. Another process may take it:
    then try again.
    """
    with socket.create_server((host, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True
