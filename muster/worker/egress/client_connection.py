"""Serve one client's connection, from its first byte to its end."""

import contextlib
import socket
from time import monotonic

from muster.worker.egress import socks
from muster.worker.egress.body import Body, ChunkedBody, SizedBody, UnboundedBody
from muster.worker.egress.bounded_reader import BoundedReader, ClientDisconnected, Malformed
from muster.worker.egress.dialer import Dialer, HostNotAllowed, Unreachable
from muster.worker.egress.relay import relay
from muster.worker.egress.request import parse_request

_MAX_HEAD_BYTES = 64 << 10
_REQUEST_TIMEOUT_SECONDS = 30.0  # seconds for the request
_IDLE_TIMEOUT_SECONDS = 3600.0  # seconds without a byte; a model may take long to respond
_DRAIN_TIMEOUT_SECONDS = 1.0  # seconds, and bytes, of further input after a rejected request
_MAX_DRAIN_BYTES = 1 << 20


class ClientConnection:
    """Serves one connection; the first byte shows its protocol."""

    def __init__(
        self,
        client: socket.socket,
        way_out: Dialer,
        patience: float = _REQUEST_TIMEOUT_SECONDS,
        idle: float = _IDLE_TIMEOUT_SECONDS,
    ) -> None:
        self._client = client
        self._dialer = way_out
        self._request_timeout = patience
        self._idle = idle

    def serve(self) -> None:
        """Return when it has ended in any way; the connection is closed then."""
        with self._client, contextlib.suppress(ClientDisconnected, OSError, Malformed):
            intake = BoundedReader(self._client, self._request_timeout)
            if intake.peek() == socks.VERSION:
                self._serve_socks(intake)
            else:
                self._serve_http(intake)
            self._drain()

    def _serve_socks(self, intake: BoundedReader) -> None:
        if not socks.accepts_no_authentication(intake):
            return self._send(socks.NO_ACCEPTABLE_METHOD)
        self._send(socks.NO_AUTHENTICATION)
        try:
            server = self._dialer.dial(*socks.read_target(intake))
        except socks.UnsupportedRequest as error:
            return self._send(socks.build_reply(error.code))
        except HostNotAllowed:
            return self._send(socks.build_reply(socks.NOT_ALLOWED))
        except Unreachable as error:
            return self._send(socks.build_reply(socks.reply_code_for(error.number)))
        with server:
            self._send(socks.build_reply(socks.SUCCEEDED))
            return self._relay(server, UnboundedBody(), intake.read_rest())

    def _serve_http(self, intake: BoundedReader) -> None:
        try:
            if not bytes((intake.peek(),)).isalpha():  # TLS, SOCKS4: they would wait for us
                raise Malformed("this port supports HTTP/1 and SOCKS5")
            request = parse_request(intake.read_until(b"\r\n\r\n", _MAX_HEAD_BYTES))
            server = self._dialer.dial(request.host, request.port)
        except Malformed as error:
            return self._send_response(400, "Bad Request", str(error))
        except HostNotAllowed as error:
            return self._send_response(403, "Not allowed by the network of this stage", str(error))
        except Unreachable as error:
            return self._send_response(502, "Bad Gateway", str(error))
        with server:
            if request.is_tunnel:
                self._send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                return self._relay(server, UnboundedBody(), intake.read_rest())
            server.sendall(request.head)
            body: Body = (
                ChunkedBody() if request.body_length < 0 else SizedBody(request.body_length)
            )
            return self._relay(server, body, intake.read_rest())

    def _relay(self, server: socket.socket, body: Body, first: bytes) -> None:
        relay(self._client, server, body, first, self._idle)

    def _send_response(self, status: int, reason: str, sentence: str) -> None:
        text = f"{sentence}\n".encode("ascii", "backslashreplace")
        self._send(
            b"HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n%s" % (status, reason.encode(), len(text), text)
        )

    def _send(self, data: bytes) -> None:
        self._client.settimeout(self._request_timeout)
        self._client.sendall(data)

    def _drain(self) -> None:
        """Read the rest of the input: closing at once would discard our response."""
        self._client.shutdown(socket.SHUT_WR)
        deadline, heard = monotonic() + _DRAIN_TIMEOUT_SECONDS, 0
        while (left := deadline - monotonic()) > 0 and heard < _MAX_DRAIN_BYTES:
            self._client.settimeout(left)
            received = self._client.recv(64 << 10)
            heard += len(received)
            if not received:
                return
