"""The terminals that somebody looks at, and the model of each attempt's screen."""

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
from muster.worker.server.token_renewal import Membership
from muster.worker.server.websocket import WebSocket
from muster.worker.terminals.screen_client import Screens
from muster.worker.terminals.terminal import LARGEST, Terminal

_PATIENCE = 2.0  # seconds for a terminal's thread to end


class Terminals:
    """At most one terminal for each attempt. Nothing that the control loop calls waits."""

    def __init__(
        self,
        layout: Layout,
        identity: Identity | None,
        membership: Membership,
        say: Callable[[TerminalClosed], None],
        shown: Callable[[AttemptKey], None],
    ) -> None:
        """`say` sends on the control channel, and may wait: it is called on other threads. `shown`
        is called with the attempt whose terminal shows much."""
        self._layout = layout
        self._membership = membership
        self._say = say
        self._shown = shown
        self._screens = Screens(layout.attempts, identity)
        self._lock = threading.Lock()
        self._open: dict[AttemptKey, Terminal] = {}
        self._closed = False

    def open(self, order: OpenTerminal) -> None:
        """Opens the attempt's terminal; one that is connected, or about to be, stays as it is."""
        key = AttemptKey.of(order)
        auth = MachineAuth(self._membership.current.worker_jwt, order.channel_token)
        with self._lock:
            if key not in self._open and not self._closed:
                self._open[key] = Terminal(
                    key,
                    self._layout.attempt(key),
                    partial(self._dial, key.task_id),
                    auth,
                    self._screens,
                    partial(self._shown, key),
                    self._ended,
                )

    def refuse(self, order: OpenTerminal, reason: str) -> None:
        """Tells the server that there is nothing to look at."""
        key = AttemptKey.of(order)
        name = f"terminal-{key.name}-refusal"
        closed = TerminalClosed(*key, reason)
        threading.Thread(target=self._say, args=(closed,), name=name, daemon=True).start()

    def notice(self, key: AttemptKey) -> None:
        """The attempt's shim has something new, or is another."""
        self._screens.notice(key)
        if (terminal := self._open.get(key)) is not None:
            terminal.notice()

    def finish(self, is_over: Callable[[AttemptKey], bool]) -> None:
        """Closes the terminals of attempts that are over, once all is sent."""
        with self._lock:
            terminals = list(self._open.values())
        for terminal in terminals:
            if is_over(terminal.key):
                terminal.finish()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            terminals = list(self._open.values())
        for terminal in terminals:
            terminal.close()
        for terminal in terminals:
            terminal.join(_PATIENCE)
        self._screens.close()

    def _dial(self, task_id: int) -> AbstractContextManager[WebSocket]:
        path = f"/api/workers/pty/{task_id}"
        socket: AbstractContextManager[WebSocket] = dial(
            self._membership.current, path, largest=LARGEST, queue=1, kind=WebSocket
        )
        return socket

    def _ended(self, terminal: Terminal, reason: str) -> None:
        with self._lock:
            self._open.pop(terminal.key, None)
        if not self._closed:
            self._say(TerminalClosed(*terminal.key, reason))
