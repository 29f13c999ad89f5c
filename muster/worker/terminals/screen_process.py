"""`python -m muster.worker.terminals.screen_process ATTEMPTS [UID]`: models of attempts' screens.

A separate process beside the daemon, because this takes time: a flood of output must slow down
neither daemon nor shim. It reads the logs; the emulator, which is native code, has another process,
which runs as UID. Both exit with the daemon.

Standard input has one JSON object per line: `{"look": "7-1"}` when an attempt's log has grown, and
`{"look": "7-1", "id": n, "offset": o}`, which is answered on standard output, as soon as the model
has reached that offset, with the fields of a `Screen` and the `id`; without them if that fails.
With `"text": true`, the answer has only the `text` of the screen's lines.
"""

import contextlib
import ctypes
import json
import logging
import os
import selectors
import signal
import sys
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from muster.worker.terminals.emulator_client import (
    EmulatorClient,
    EmulatorFailed,
    EmulatorProcessGone,
)
from muster.worker.terminals.screen_model import ScreenModel

_POLL_SECONDS = 0.1  # seconds between checks of growing logs
_FLOOD_BYTES = 1 << 20  # bytes by which a log grows between checks in a flood
_IDLE_SECONDS = 60.0  # seconds without growth until a model is closed
_SAVE_BYTES = 4 << 20  # fed since a model was saved
_SAVE_SECONDS = 10.0
_NICE = 5
_TURN_SECONDS = 0.1  # seconds for unrequested work, before it reads input again
_REQUEST_TIMEOUT_SECONDS = 3.0  # seconds after which nobody waits for a screen any more
# Work on screens that nobody waits for: seconds per second, and saved seconds.
_BUDGET_SHARE, _MAX_BUDGET_SECONDS = 0.5, 2.0
_PR_SET_PDEATHSIG = 1

log = logging.getLogger("muster.worker.terminals.screen_process")


class ScreenRequest(NamedTuple):
    id: int
    offset: int
    deadline: float
    wants_text: bool


class TimeBudget:
    """The time for a screen that nobody waits for."""

    def __init__(self) -> None:
        self._left, self._at = _MAX_BUDGET_SECONDS, monotonic()

    def is_spent(self) -> bool:
        now = monotonic()
        self._left = min(_MAX_BUDGET_SECONDS, self._left + _BUDGET_SHARE * (now - self._at))
        self._at = now
        return self._left <= 0

    def spend(self, seconds: float) -> None:
        self._left -= seconds


class TrackedScreen:
    """A model, and the requests for its screens."""

    def __init__(self, model: ScreenModel) -> None:
        self.model = model
        self.requests: list[ScreenRequest] = []
        self.budget = TimeBudget()
        self.active_at = self._saved_at = monotonic()
        self._last_log_size, self._measured_at, self._is_in_flood = model.log_size, 0.0, False

    def is_in_flood(self) -> bool:
        """Whether its log grows very fast. Reading along would slow down viewers of its terminal,
        and there is no request yet: it is read when it is quiet.
        """
        if (now := monotonic()) >= self._measured_at + _POLL_SECONDS:
            before, self._last_log_size = self._last_log_size, self.model.log_size
            self._measured_at, self._is_in_flood = now, self._last_log_size - before >= _FLOOD_BYTES
        return self._is_in_flood and not self.requests

    @property
    def is_worth_saving(self) -> bool:
        unsaved = self.model.unsaved_bytes
        late = monotonic() - self._saved_at >= _SAVE_SECONDS
        return unsaved >= _SAVE_BYTES or (unsaved > 0 and late)

    def save(self) -> None:
        """Save the model; if that fails, it will be fed again."""
        self._saved_at = monotonic()
        with contextlib.suppress(OSError, EmulatorFailed):
            self.model.save()


class ScreenServer:
    """Feeds the models in turn, a little each."""

    def __init__(self, attempts: Path, emulators: EmulatorClient) -> None:
        self._attempts = attempts
        self._emulators = emulators
        self._screens: dict[str, TrackedScreen] = {}
        self._incoming = b""

    def serve(self) -> None:
        """Work until standard input ends. Raises EmulatorProcessGone."""
        os.set_blocking(0, False)
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            busy = False
            while True:
                patience = 0 if busy else _POLL_SECONDS if self._screens else None
                if selector.select(patience) and not self._read_input():
                    break
                busy = self._run_turn()
        for watched in self._screens.values():
            watched.save()

    def _read_input(self) -> bool:
        """Read standard input; False at its end."""
        received = os.read(0, 64 << 10)
        *lines, self._incoming = (self._incoming + received).split(b"\n")
        for line in lines:
            self._handle_message(json.loads(line))
        return bool(received)

    def _handle_message(self, message: dict[str, Any]) -> None:
        name = message["look"]
        watched = self._screens.get(name)
        if watched is None:
            try:
                model = ScreenModel(self._attempts / name, self._emulators)
                watched = self._screens[name] = TrackedScreen(model)
            except OSError:
                if "id" in message:
                    _send({"id": message["id"]})
                return
        watched.active_at = monotonic()
        if "id" in message:
            deadline = monotonic() + _REQUEST_TIMEOUT_SECONDS
            about = message["id"], message["offset"], deadline, message.get("text", False)
            watched.requests.append(ScreenRequest(*about))

    def _run_turn(self) -> bool:
        """Feed each a little, requested ones first; False if all is read, or has to wait."""
        asked = [watched for watched in self._screens.values() if watched.requests]
        grew = [self._advance(each) for each in asked] if asked else self._advance_unrequested()
        self._close_idle()
        return any(grew)

    def _advance_unrequested(self) -> list[bool]:
        """Feed the unrequested ones within their budgets, for one turn."""
        until = monotonic() + _TURN_SECONDS
        grew = []
        for name in list(self._screens):
            # The next turn starts with the others.
            watched = self._screens[name] = self._screens.pop(name)
            if watched.budget.is_spent():
                watched.active_at = monotonic()
                continue
            begun = monotonic()
            grew.append(self._advance(watched))
            watched.budget.spend(monotonic() - begun)
            if monotonic() >= until:
                return [*grew, True]
        return grew

    def _advance(self, watched: TrackedScreen) -> bool:
        try:
            if watched.is_in_flood():
                watched.active_at = monotonic()
                return False
            grew = watched.model.advance(is_awaited=bool(watched.requests))
            self._reply(watched, stuck=not grew)
        except OSError as error:
            log.warning("can't read a log: %s", error)
            self._expire_requests(watched)
            return False
        except EmulatorFailed:
            log.error("the emulator failed")
            watched.model.reset()
            return True
        if grew:
            watched.active_at = monotonic()
        if watched.is_worth_saving:
            watched.save()
        return grew

    def _reply(self, watched: TrackedScreen, *, stuck: bool) -> None:
        due = [ask for ask in watched.requests if ask.offset <= watched.model.position]
        if due:
            for ask in due:
                model = watched.model
                answer = {"text": model.text()} if ask.wants_text else model.screen()
                watched.requests.remove(ask)
                _send({"id": ask.id, **answer})
        self._expire_requests(watched, now=None if stuck else monotonic())

    def _expire_requests(self, watched: TrackedScreen, now: float | None = None) -> None:
        """Expire all requests or, with a time, those that nobody waits for any more."""
        for ask in [ask for ask in watched.requests if now is None or ask.deadline <= now]:
            watched.requests.remove(ask)
            _send({"id": ask.id})

    def _close_idle(self) -> None:
        before = monotonic() - _IDLE_SECONDS
        for name, watched in list(self._screens.items()):
            if watched.active_at < before:
                del self._screens[name]
                watched.save()
                watched.model.close()


def main() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # In addition to the end of our input, which a process that hangs in native code wouldn't
    # notice.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the daemon handles a terminal's signals
    os.nice(_NICE)
    os.umask(0o077)
    emulators = EmulatorClient(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    try:
        ScreenServer(Path(sys.argv[1]), emulators).serve()
    except EmulatorProcessGone as gone:
        sys.exit(f"the emulators' process is gone: {gone}")
    finally:
        emulators.close()


def _send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
