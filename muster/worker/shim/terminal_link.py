"""A terminal's connection to its shim, for a thread that looks after other things, too."""

import base64
import socket
from itertools import count
from typing import Any

from muster.worker.shim.link import ShimGone, handshake, receive_messages
from muster.worker.shim.wire import Unpacker, pack_message

MAX_CHUNKS = 64
"""How many short pieces of the log the shim may send before it is listened to again."""


class TerminalLink:
    """Waits for nothing but the greeting. Everything raises ShimGone when the shim is no more."""

    def __init__(self, connection: socket.socket) -> None:
        """Says hello on a connected socket. Raises OSError, ShimRefused."""
        self._connection = connection
        self._unpacker = Unpacker()
        self._ids = count(1)
        self._unsent = bytearray()
        # What it knows and has said with the hello lies on disk, where it is looked up.
        handshake(connection, self._unpacker)
        connection.setblocking(False)

    def fileno(self) -> int:
        return self._connection.fileno()

    @property
    def has_unsent(self) -> bool:
        """Whether the shim has to take something before more is worth saying."""
        return bool(self._unsent)

    def send_input(self, keys: bytes) -> int:
        """Hands the shim keystrokes; returns the number that the answer will have."""
        return self._send_request("type", keys=base64.b64encode(keys).decode())

    def resize(self, cols: int, rows: int) -> None:
        self._send_request("resize", cols=cols, rows=rows)

    def listen(self, beyond: int) -> None:
        """Asks to be told at once when the log is longer than `beyond`, not now and then.

        Shims of earlier versions tell no pieces, or do not know the request and go on telling now
        and then.
        """
        self._send_message({"do": "listen", "beyond": beyond, "pieces": MAX_CHUNKS})

    def receive(self) -> list[dict[str, Any]]:
        """The messages that have come from the shim."""
        try:
            return receive_messages(self._connection, self._unpacker)
        except BlockingIOError:
            return []
        except (OSError, ValueError) as error:
            raise ShimGone from error

    def flush(self) -> None:
        """Sends as much of what waits as the shim takes now."""
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
