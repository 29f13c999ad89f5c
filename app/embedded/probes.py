"""Asking our own server on the loopback interface whether it is there."""

import http.client
import ssl

from app.embedded.ports import LOOPBACK


def get(port: int, path: str, *, tls: bool) -> tuple[int, str]:
    """Status and beginning of the answer; status 0 and the reason where there is no answer."""
    connection = _connection(port, tls)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read(500).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as problem:
        return 0, str(problem)
    finally:
        connection.close()


def _connection(port: int, tls: bool) -> http.client.HTTPConnection:
    if not tls:
        return http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    # The certificate names the outside's host; what listens here is our own child.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(LOOPBACK, port, timeout=5, context=context)
