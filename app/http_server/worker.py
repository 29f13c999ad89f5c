"""gunicorn's gevent worker with a door: strangers' connections are counted, and nobody may take as
long as they like over a handshake, headers or a body.
"""

import io
import json
from functools import partial
from typing import Any, NamedTuple

import gevent
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker
from werkzeug.exceptions import RequestTimeout

from app.domain import addresses
from app.http_server import MAX_ANONYMOUS_BODY_BYTES
from app.http_server.anonymous_connections import AnonymousConnection, AnonymousConnections
from app.http_server.body_timeout import BodyTimeoutSocket
from app.sockets import set_user_timeout

HANDSHAKE_TIMEOUT_SECONDS = 10.0
TCP_USER_TIMEOUT_SECONDS = 60.0
"""A client that acknowledges nothing for so long, though something was sent, is gone."""


def _encode_refusal(status: int, title: str, code: str, detail: str, *headers: str) -> bytes:
    """A whole answer, made once."""
    body = json.dumps(
        {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    )
    head = [
        f"HTTP/1.1 {status} {title}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*head, "", body]).encode()


_TOO_MANY = _encode_refusal(
    429,
    "Too Many Requests",
    "too_many_requests",
    "Too many requests of strangers from this address are under way.",
    "Retry-After: 5",
)
_TOO_SLOW = _encode_refusal(408, "Request Timeout", "request_timeout", "The body came too slowly.")


class AdmissionPolicy(NamedTuple):
    """Whom the process lets in. `proxies` are the peers whose word counts about where a request
    comes from; "*" is all. `only_proxies`: nobody else is served but, with `this_machine`, this
    machine itself.
    """

    proxies: tuple[str, ...] = ()
    only_proxies: bool = False
    allow_loopback: bool = False

    def is_proxy(self, peer: str) -> bool:
        return addresses.is_proxy(peer, self.proxies)

    def is_allowed(self, peer: str) -> bool:
        if not self.only_proxies or self.is_proxy(peer):
            return True
        return self.allow_loopback and addresses.is_loopback(peer)


class Peer(tuple):  # type: ignore[type-arg]
    """The address of a connection, as sockets have it, with its visit (None: a proxy's, whose
    requests are counted one by one).
    """

    connection: AnonymousConnection | None


class Server(StreamServer):  # type: ignore[misc]
    """Accepts connections for the worker, and closes at once those that are not let in."""

    max_accept = 8  # at once: more, and one process would take all connections of a burst

    def __init__(self, listener: Any, *, handler_class: "Worker", spawn: Any, **rest: Any) -> None:
        self._worker = handler_class
        encrypted = {name: rest[name] for name in ("ssl_context",) if name in rest}
        handle = partial(handler_class.handle, listener)
        super().__init__(listener, handle=handle, spawn=spawn, **encrypted)

    def do_read(self) -> tuple[Any, Peer] | None:
        """The next connection; None where there is none, or it is not let in."""
        arrived = super().do_read()
        if not arrived:
            return None
        sock, address = arrived
        peer = self._worker.admit(sock, address)
        if peer is None:
            sock.close()
            return None
        return sock, peer

    def wrap_socket_and_handle(self, client_socket: Any, address: Peer) -> None:
        """Shake hands in time, then serve."""
        sock = self.wrap_socket(client_socket, do_handshake_on_connect=False, **self.ssl_args)
        if address.connection is not None:
            address.connection.sock = sock
        try:
            with gevent.Timeout(HANDSHAKE_TIMEOUT_SECONDS, TimeoutError):
                sock.do_handshake()
        except (OSError, ValueError):
            sock.close()
            return
        self.handle(sock, address)

    def do_close(self, sock: Any, *address: Any) -> None:
        """Called at the end of each connection, however it ends."""
        super().do_close(sock)
        for peer in address:
            if peer.connection is not None:
                peer.connection.finish()


class Worker(GeventWorker):  # type: ignore[misc]
    """gunicorn's gevent worker, which counts strangers and keeps time."""

    server_class = Server
    admission = AdmissionPolicy()
    """gunicorn.conf.py says which it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.anonymous_connections = AnonymousConnections()

    @property
    def wsgi_handler(self) -> "Worker":
        """What gunicorn hands to the server."""
        return self

    def admit(self, sock: Any, address: tuple[Any, ...]) -> Peer | None:
        """The peer of a new connection; None: it is not let in."""
        host = addresses.normalize(address[0])
        if not self.admission.is_allowed(host):
            self.anonymous_connections.on_rejected("no_proxy")
            return None
        peer = Peer(address)
        peer.connection = None
        if not self.admission.is_proxy(host):
            peer.connection = self.anonymous_connections.admit(
                addresses.client_network(host) or host, sock
            )
            if peer.connection is None:
                return None
        set_user_timeout({"gunicorn.socket": sock}, TCP_USER_TIMEOUT_SECONDS)
        return peer

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Peer) -> Any:
        """Serve one request; its body has to come in time."""
        visit = addr.connection or self._admit_forwarded(req, sock, addr)
        if visit is None:
            sock.sendall(_TOO_MANY)
            raise StopIteration  # which closes the connection
        # A socket's first frame says who it is of: until then its client is waited for.
        visit.is_waiting = any(name == "UPGRADE" for name, _ in req.headers)
        req.body.connection = visit
        req.unreader.sock = BodyTimeoutSocket(sock, visit)
        try:
            if not req._expected_100_continue and not _read_body_start(req, sock):
                raise StopIteration
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            req.unreader.sock = sock
            visit.is_waiting = True
            if visit is not addr.connection:
                visit.finish()

    def _admit_forwarded(self, req: Any, sock: Any, addr: Peer) -> AnonymousConnection | None:
        """The visit of a proxy's request, by the client whom the proxy names; None: there is no
        room for it.
        """
        forwarded_for = ",".join(value for name, value in req.headers if name == "X-FORWARDED-FOR")
        client = addresses.client_address(addr[0], forwarded_for, self.admission.proxies)
        return self.anonymous_connections.admit(addresses.client_network(client) or client, sock)


def _read_body_start(req: Any, sock: Any) -> bool:
    """Read the beginning of the body, which mostly is all of it: until then a request costs next to
    nothing. False: it will not come.
    """
    body = req.body
    length = getattr(body.reader, "length", 0)  # of chunks, which say when they are cut off, none
    try:
        data = body.read(MAX_ANONYMOUS_BODY_BYTES)
    except RequestTimeout:
        sock.sendall(_TOO_SLOW)
        return False
    if len(data) < min(length, MAX_ANONYMOUS_BODY_BYTES):
        return False
    rest = body.buf.getvalue()
    body.buf = io.BytesIO()
    body.buf.write(data + rest)  # as if nothing had been read
    return True
