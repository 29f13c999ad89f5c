"""Requests to our own web server on the loopback interface."""

import http.client
import ssl

from app.embedded.ports import LOOPBACK


def probe(port: int, path: str, *, tls: bool) -> tuple[int, str]:
    """Return the response's status and the start of its body; 0 and the reason if there is none."""
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
    # The certificate has the host's public name, but our own child listens here.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(LOOPBACK, port, timeout=5, context=context)
