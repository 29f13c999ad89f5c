"""gunicorn's gevent worker with connection limits.

It counts anonymous connections and limits the time for handshakes, headers and bodies.
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
"""A client that doesn't acknowledge sent data for this long is gone."""


def _encode_refusal(status: int, title: str, code: str, detail: str, *headers: str) -> bytes:
    """Encode a complete response, once."""
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
    "Too many anonymous requests from this address.",
    "Retry-After: 5",
)
_TOO_SLOW = _encode_refusal(
    408, "Request Timeout", "request_timeout", "The body arrived too slowly."
)


class AdmissionPolicy(NamedTuple):
    """Which connections the process admits.

    `proxies` are the peers that are trusted about a request's origin; "*" is all. With
    `only_proxies`, other peers are rejected, except this machine itself with `allow_loopback`.
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
    """A connection's address as sockets have it, with its anonymous connection.

    That's None for a proxy's connection, whose requests are counted one by one.
    """

    connection: AnonymousConnection | None


class Server(StreamServer):  # type: ignore[misc]
    """Accepts connections for the worker, and immediately closes those that aren't admitted."""

    max_accept = 8  # at once; with more, one process would accept a complete burst

    def __init__(self, listener: Any, *, handler_class: "Worker", spawn: Any, **rest: Any) -> None:
        self._worker = handler_class
        encrypted = {name: rest[name] for name in ("ssl_context",) if name in rest}
        handle = partial(handler_class.handle, listener)
        super().__init__(listener, handle=handle, spawn=spawn, **encrypted)

    def do_read(self) -> tuple[Any, Peer] | None:
        """Return the next connection; None if there is none, or it isn't admitted."""
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
    """gunicorn's gevent worker, which limits anonymous connections and their time."""

    server_class = Server
    admission = AdmissionPolicy()
    """Set by gunicorn.conf.py."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.anonymous_connections = AnonymousConnections()

    @property
    def wsgi_handler(self) -> "Worker":
        """The function that gunicorn passes to the server."""
        return self

    def admit(self, sock: Any, address: tuple[Any, ...]) -> Peer | None:
        """Return the peer of a new connection; None: it isn't admitted."""
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
        """Serve one request; its body must arrive in time."""
        visit = addr.connection or self._admit_forwarded(req, sock, addr)
        if visit is None:
            sock.sendall(_TOO_MANY)
            raise StopIteration  # which closes the connection
        # A socket's first frame authenticates it: until then, we wait for its client.
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
        """Return the anonymous connection of a proxied request, by the client that the proxy
        names; None if the limit is reached.
        """
        forwarded_for = ",".join(value for name, value in req.headers if name == "X-FORWARDED-FOR")
        client = addresses.client_address(addr[0], forwarded_for, self.admission.proxies)
        return self.anonymous_connections.admit(addresses.client_network(client) or client, sock)


def _read_body_start(req: Any, sock: Any) -> bool:
    """Read the start of the body, which is mostly all of it: until then a request costs almost
    nothing.

    False: it won't arrive.
    """
    body = req.body
    length = getattr(body.reader, "length", 0)  # of chunks, which report a cut themselves, none
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
