"""The terminals with viewers, and the model of each attempt's screen."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import OpenTerminal, TerminalClosed
from muster.protocol.terminal import MachineAuth
from muster.worker.layout import Layout
from muster.worker.sandbox.uids import Identity
from muster.worker.server.dialer import dial
from muster.worker.server.token_renewal import TokenRenewal
from muster.worker.server.websocket import WebSocket
from muster.worker.terminals.screen_client import ScreenClient
from muster.worker.terminals.terminal import MAX_MESSAGE_BYTES, Terminal
from muster.worker.terminals.waits import TerminalWaits

_CLOSE_TIMEOUT_SECONDS = 2.0  # seconds for a terminal's thread to end


class Terminals:
    """At most one terminal per attempt, and one of its shell. Nothing that the control loop calls
    blocks."""

    def __init__(
        self,
        layout: Layout,
        identity: Identity | None,
        membership: TokenRenewal,
        say: Callable[[TerminalClosed], None],
        shown: Callable[[AttemptKey], None],
    ) -> None:
        """`say` sends on the control channel, and may block: it is called on other threads. `shown`
        is called with the attempt whose terminal is in a flood."""
        self._layout = layout
        self._token_renewal = membership
        self._send = say
        self._on_flood = shown
        self._screen_client = ScreenClient(layout.attempts, identity)
        self.waits = TerminalWaits(self._screen_client, layout.attempt)
        self._lock = threading.Lock()
        self._terminals: dict[tuple[AttemptKey, bool], Terminal] = {}  # True: of its shell
        self._is_closed = False

    def open(self, order: OpenTerminal) -> None:
        """Open the attempt's terminal; one that is connected, or about to be, doesn't change."""
        key = AttemptKey.from_object(order)
        auth = MachineAuth(self._token_renewal.current.worker_jwt, order.channel_token)
        with self._lock:
            if (key, order.shell) not in self._terminals and not self._is_closed:
                self._terminals[key, order.shell] = Terminal(
                    key,
                    self._layout.attempt(key),
                    partial(self._dial, key.task_id),
                    auth,
                    self._screen_client,
                    partial(self._on_flood, key),
                    self._handle_end,
                    is_shell=order.shell,
                )

    def refuse(self, order: OpenTerminal, reason: str) -> None:
        """Report to the server that there is no terminal."""
        key = AttemptKey.from_object(order)
        name = f"terminal-{key.name}-refusal"
        closed = TerminalClosed(*key, reason, order.shell)
        threading.Thread(target=self._send, args=(closed,), name=name, daemon=True).start()

    def notify(self, key: AttemptKey) -> None:
        """The attempt's shim has something new, or was replaced."""
        self._screen_client.notify_growth(key)
        if (terminal := self._terminals.get((key, False))) is not None:
            terminal.notify()

    def finish(self, is_over: Callable[[AttemptKey], bool]) -> None:
        """Close the terminals of finished attempts, once everything is sent."""
        with self._lock:
            terminals = list(self._terminals.values())
        for terminal in terminals:
            if is_over(terminal.key):
                terminal.finish()

    def close(self) -> None:
        self.waits.close()
        with self._lock:
            self._is_closed = True
            terminals = list(self._terminals.values())
        for terminal in terminals:
            terminal.close()
        for terminal in terminals:
            terminal.join(_CLOSE_TIMEOUT_SECONDS)
        self._screen_client.close()

    def _dial(self, task_id: int) -> AbstractContextManager[WebSocket]:
        path = f"/api/workers/pty/{task_id}"
        socket: AbstractContextManager[WebSocket] = dial(
            self._token_renewal.current, path, largest=MAX_MESSAGE_BYTES, queue=1, kind=WebSocket
        )
        return socket

    def _handle_end(self, terminal: Terminal, reason: str) -> None:
        with self._lock:
            self._terminals.pop((terminal.key, terminal.is_shell), None)
        if not self._is_closed:
            self._send(TerminalClosed(*terminal.key, reason, terminal.is_shell))
