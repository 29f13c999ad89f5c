"""Join two connections: each side is read only as fast as the other one accepts."""

import contextlib
import select
import socket

from muster.worker.egress.body import Body, UnboundedBody

_READ_BYTES = 32 << 10


class _Flow:
    """One direction: data that was read from a source and isn't written to its sink yet."""

    def __init__(
        self, source: socket.socket, sink: socket.socket, body: Body, first: bytes
    ) -> None:
        self.source = source
        self.sink = sink
        self._body = body
        self._unsent = body.feed(first)
        self._is_source_closed = False  # no more input
        self.is_finished = False  # and the sink got the end

    @property
    def wants_to_read(self) -> bool:
        return not self._is_source_closed and not self._unsent

    @property
    def wants_to_write(self) -> bool:
        return bool(self._unsent)

    def advance(self, ready: dict[int, int]) -> None:
        """Do what is possible without waiting. Raises OSError, Malformed."""
        with contextlib.suppress(BlockingIOError):
            if self.wants_to_write and ready.get(self.sink.fileno(), 0) & ~select.POLLIN:
                self._write()
            elif self.wants_to_read and ready.get(self.source.fileno(), 0) & ~select.POLLOUT:
                self._read()
        self._finish_if_done()

    def _read(self) -> None:
        received = self.source.recv(_READ_BYTES)
        self._is_source_closed = not received
        self._unsent = self._body.feed(received)

    def _write(self) -> None:
        self._unsent = self._unsent[self.sink.send(self._unsent) :]

    def _finish_if_done(self) -> None:
        """Close the sink once there is no more input.

        A request's end isn't sent this way, because some servers take it for a disconnected client.
        """
        if self._is_source_closed and not self._unsent and not self.is_finished:
            self.is_finished = True
            if isinstance(self._body, UnboundedBody):
                self.sink.shutdown(socket.SHUT_WR)


def relay(
    client: socket.socket, server: socket.socket, body: Body, first: bytes, idle: float
) -> None:
    """Relay until both sides have ended, one broke, or no data passed for `idle` seconds.

    `first` is earlier input of the client; `body` returns what the server gets of all its input,
    and then the server's end is the end. Raises OSError, Malformed.
    """
    for connection in (client, server):
        connection.setblocking(False)
    up, down = _Flow(client, server, body, first), _Flow(server, client, UnboundedBody(), b"")
    while not down.is_finished or (isinstance(body, UnboundedBody) and not up.is_finished):
        poll, wanted = select.poll(), {client.fileno(): 0, server.fileno(): 0}
        for flow in (up, down):
            wanted[flow.source.fileno()] |= select.POLLIN if flow.wants_to_read else 0
            wanted[flow.sink.fileno()] |= select.POLLOUT if flow.wants_to_write else 0
        for handle, events in wanted.items():
            if events:  # a finished connection would be reported forever
                poll.register(handle, events)
        ready = dict(poll.poll(idle * 1000))
        if not ready:
            return
        for flow in (up, down):
            flow.advance(ready)
