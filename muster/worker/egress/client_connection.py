"""One client's connection, from its first byte to its end."""

import contextlib
import socket
from time import monotonic

from muster.worker.egress import socks
from muster.worker.egress.body import Body, Chunked, Everything, Sized
from muster.worker.egress.bounded_reader import HungUp, Intake, Malformed
from muster.worker.egress.dialer import Refused, Unreachable, WayOut
from muster.worker.egress.relay import relay
from muster.worker.egress.request import request_from

_HEAD = 64 << 10
_PATIENCE = 30.0  # seconds for saying what is wanted
_IDLE = 3600.0  # seconds without a byte; a model may think for long before it answers
_FAREWELL = 1.0  # seconds, and bytes, of what is still sent by who was told no
_FAREWELL_BYTES = 1 << 20


class Visit:
    """Serves one connection; which protocol it speaks is known by its first byte."""

    def __init__(
        self,
        client: socket.socket,
        way_out: WayOut,
        patience: float = _PATIENCE,
        idle: float = _IDLE,
    ) -> None:
        self._client = client
        self._way_out = way_out
        self._patience = patience
        self._idle = idle

    def serve(self) -> None:
        """Returns when it is over, however that came; the connection is closed then."""
        with self._client, contextlib.suppress(HungUp, OSError, Malformed):
            intake = Intake(self._client, self._patience)
            if intake.peek() == socks.VERSION:
                self._serve_socks(intake)
            else:
                self._serve_http(intake)
            self._part()

    def _serve_socks(self, intake: Intake) -> None:
        if not socks.takes_no_login(intake):
            return self._say(socks.NO_WAY_IN)
        self._say(socks.NO_LOGIN)
        try:
            server = self._way_out.dial(*socks.target(intake))
        except socks.Unserved as error:
            return self._say(socks.reply(error.code))
        except Refused:
            return self._say(socks.reply(socks.NOT_ALLOWED))
        except Unreachable as error:
            return self._say(socks.reply(socks.code_of(error.number)))
        with server:
            self._say(socks.reply(socks.DONE))
            return self._join(server, Everything(), intake.rest())

    def _serve_http(self, intake: Intake) -> None:
        try:
            if not bytes((intake.peek(),)).isalpha():  # TLS, SOCKS4: they would wait for us
                raise Malformed("this port speaks HTTP/1 and SOCKS5")
            request = request_from(intake.take_until(b"\r\n\r\n", _HEAD))
            server = self._way_out.dial(request.host, request.port)
        except Malformed as error:
            return self._answer(400, "Bad Request", str(error))
        except Refused as error:
            return self._answer(403, "Not allowed by the network of this stage", str(error))
        except Unreachable as error:
            return self._answer(502, "Bad Gateway", str(error))
        with server:
            if request.is_tunnel:
                self._say(b"HTTP/1.1 200 Connection established\r\n\r\n")
                return self._join(server, Everything(), intake.rest())
            server.sendall(request.head)
            body: Body = Chunked() if request.body < 0 else Sized(request.body)
            return self._join(server, body, intake.rest())

    def _join(self, server: socket.socket, body: Body, first: bytes) -> None:
        relay(self._client, server, body, first, self._idle)

    def _answer(self, status: int, reason: str, sentence: str) -> None:
        text = f"{sentence}\n".encode("ascii", "backslashreplace")
        self._say(
            b"HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n%s" % (status, reason.encode(), len(text), text)
        )

    def _say(self, data: bytes) -> None:
        self._client.settimeout(self._patience)
        self._client.sendall(data)

    def _part(self) -> None:
        """Hears the rest of what is being sent: to close upon it would take our answer away."""
        self._client.shutdown(socket.SHUT_WR)
        deadline, heard = monotonic() + _FAREWELL, 0
        while (left := deadline - monotonic()) > 0 and heard < _FAREWELL_BYTES:
            self._client.settimeout(left)
            received = self._client.recv(64 << 10)
            heard += len(received)
            if not received:
                return
