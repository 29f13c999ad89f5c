"""A terminal's connection to its shim, for a thread with other work."""

import base64
import socket
from itertools import count
from typing import Any

from muster.worker.shim.link import ShimGone, handshake, receive_messages
from muster.worker.shim.wire import Unpacker, pack_message

MAX_CHUNKS = 64
"""Maximum short log chunks that the shim may send before the next `listen`."""


class TerminalLink:
    """Only the handshake blocks. Every method raises ShimGone if the shim is gone."""

    def __init__(self, connection: socket.socket) -> None:
        """Say hello on a connected socket. Raises OSError, ShimRefused."""
        self._connection = connection
        self._unpacker = Unpacker()
        self._ids = count(1)
        self._unsent = bytearray()
        # Its messages along with the hello are on disk, where they are read.
        handshake(connection, self._unpacker)
        connection.setblocking(False)

    def fileno(self) -> int:
        return self._connection.fileno()

    @property
    def has_unsent(self) -> bool:
        """Whether the shim must read something before sending more is useful."""
        return bool(self._unsent)

    def send_input(self, keys: bytes) -> int:
        """Send the shim keystrokes; return the number of the expected answer."""
        return self._send_request("type", keys=base64.b64encode(keys).decode())

    def resize(self, cols: int, rows: int) -> None:
        self._send_request("resize", cols=cols, rows=rows)

    def listen(self, beyond: int) -> None:
        """Request a notice at once when the log is longer than `beyond`, not just now and then."""
        self._send_message({"do": "listen", "beyond": beyond, "pieces": MAX_CHUNKS})

    def receive(self) -> list[dict[str, Any]]:
        """Return the received messages of the shim."""
        try:
            return receive_messages(self._connection, self._unpacker)
        except BlockingIOError:
            return []
        except (OSError, ValueError) as error:
            raise ShimGone from error

    def flush(self) -> None:
        """Send as much of the queue as the shim accepts now."""
        try:
            del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError as error:
            raise ShimGone from error

    def close(self) -> None:
        self._connection.close()

    def _send_request(self, verb: str, **fields: Any) -> int:
        number = next(self._ids)
        self._send_message({"id": number, "do": verb, **fields})
        return number

    def _send_message(self, message: dict[str, Any]) -> None:
        self._unsent += pack_message(message)
        self.flush()
