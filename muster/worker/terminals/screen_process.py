"""`python -m muster.worker.terminals.screen_process ATTEMPTS [UID]`: models of the screens of attempts.

A process of its own beside the daemon, for that costs time: a flood of output must touch neither
daemon nor shim. It reads the logs; the emulator, which is native code, has another process, which
runs as UID. Both end with the daemon.

On standard input comes a JSON object a line: `{"look": "7-1"}` when an attempt's log has grown, and
`{"look": "7-1", "id": n, "offset": o}`, which is answered on standard output, as soon as the model
has come to that offset, with the fields of a `Screen` and the `id`; without them if it cannot be.
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

from muster.worker.terminals.emulator_client import EmulatorFailed, Emulators, EmulatorsGone
from muster.worker.terminals.screen_model import Model

_LOOK = 0.1  # seconds between two looks at logs that grow
_FLOOD = 1 << 20  # bytes by which a log grows from look to look when it is in a flood
_COLD = 60.0  # seconds without growth after which a model is put away
_SAVE_BYTES = 4 << 20  # fed since a model was saved
_SAVE_SECONDS = 10.0
_NICE = 5
_TURN = 0.1  # seconds for those that nobody waits for, before it listens again
_PATIENCE = 3.0  # seconds, after which nobody waits for a screen any more
# Work on a screen that nobody waits for: seconds of each second, and seconds that are saved up.
_SHARE, _MOST_SAVED = 0.5, 2.0
_PR_SET_PDEATHSIG = 1

log = logging.getLogger("muster.worker.terminals.screen_process")


class Ask(NamedTuple):
    id: int
    offset: int
    until: float


class Budget:
    """How much time a screen may take that nobody waits for."""

    def __init__(self) -> None:
        self._left, self._at = _MOST_SAVED, monotonic()

    def is_spent(self) -> bool:
        now = monotonic()
        self._left = min(_MOST_SAVED, self._left + _SHARE * (now - self._at))
        self._at = now
        return self._left <= 0

    def spend(self, seconds: float) -> None:
        self._left -= seconds


class Watched:
    """A model, and the screens that are asked of it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.asked: list[Ask] = []
        self.budget = Budget()
        self.looked_at = self._saved_at = monotonic()
        self._end, self._measured_at, self._is_in_flood = model.end, 0.0, False

    def is_in_flood(self) -> bool:
        """Whether its log grows very fast. To read along would slow down whoever may be shown it,
        and nobody has asked yet: it is read when it has come to rest.
        """
        if (now := monotonic()) >= self._measured_at + _LOOK:
            before, self._end = self._end, self.model.end
            self._measured_at, self._is_in_flood = now, self._end - before >= _FLOOD
        return self._is_in_flood and not self.asked

    @property
    def is_worth_saving(self) -> bool:
        unsaved = self.model.unsaved
        late = monotonic() - self._saved_at >= _SAVE_SECONDS
        return unsaved >= _SAVE_BYTES or (unsaved > 0 and late)

    def save(self) -> None:
        """Saves the model; one that cannot be saved will be fed again."""
        self._saved_at = monotonic()
        with contextlib.suppress(OSError, EmulatorFailed):
            self.model.save()


class Watch:
    """Feeds the models in turn, a little each."""

    def __init__(self, attempts: Path, emulators: Emulators) -> None:
        self._attempts = attempts
        self._emulators = emulators
        self._watched: dict[str, Watched] = {}
        self._incoming = b""

    def serve(self) -> None:
        """Works until standard input ends. Raises EmulatorsGone."""
        os.set_blocking(0, False)
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            busy = False
            while True:
                patience = 0 if busy else _LOOK if self._watched else None
                if selector.select(patience) and not self._hear():
                    break
                busy = self._turn()
        for watched in self._watched.values():
            watched.save()

    def _hear(self) -> bool:
        """Reads standard input; False when it has ended."""
        received = os.read(0, 64 << 10)
        *lines, self._incoming = (self._incoming + received).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        return bool(received)

    def _take(self, message: dict[str, Any]) -> None:
        name = message["look"]
        watched = self._watched.get(name)
        if watched is None:
            try:
                model = Model(self._attempts / name, self._emulators)
                watched = self._watched[name] = Watched(model)
            except OSError:
                if "id" in message:
                    _say({"id": message["id"]})
                return
        watched.looked_at = monotonic()
        if "id" in message:
            until = monotonic() + _PATIENCE
            watched.asked.append(Ask(message["id"], message["offset"], until))

    def _turn(self) -> bool:
        """Feeds each a little, those first that somebody waits for; False when all is read, or has
        to wait.
        """
        asked = [watched for watched in self._watched.values() if watched.asked]
        grew = [self._advance(each) for each in asked] if asked else self._follow()
        self._put_away_cold()
        return any(grew)

    def _follow(self) -> list[bool]:
        """Feeds those within their budgets that nobody waits for, as long as a turn is."""
        until = monotonic() + _TURN
        grew = []
        for name in list(self._watched):
            # The next turn begins with the others.
            watched = self._watched[name] = self._watched.pop(name)
            if watched.budget.is_spent():
                watched.looked_at = monotonic()
                continue
            begun = monotonic()
            grew.append(self._advance(watched))
            watched.budget.spend(monotonic() - begun)
            if monotonic() >= until:
                return [*grew, True]
        return grew

    def _advance(self, watched: Watched) -> bool:
        try:
            if watched.is_in_flood():
                watched.looked_at = monotonic()
                return False
            grew = watched.model.advance(is_awaited=bool(watched.asked))
            self._reply(watched, stuck=not grew)
        except OSError as error:
            log.warning("a log cannot be read: %s", error)
            self._give_up(watched)
            return False
        except EmulatorFailed:
            log.error("the emulator failed")
            watched.model.reset()
            return True
        if grew:
            watched.looked_at = monotonic()
        if watched.is_worth_saving:
            watched.save()
        return grew

    def _reply(self, watched: Watched, *, stuck: bool) -> None:
        due = [ask for ask in watched.asked if ask.offset <= watched.model.position]
        if due:
            screen = watched.model.screen()
            for ask in due:
                watched.asked.remove(ask)
                _say({"id": ask.id, **screen})
        self._give_up(watched, now=None if stuck else monotonic())

    def _give_up(self, watched: Watched, now: float | None = None) -> None:
        """On all that are asked for or, at a time, on those that nobody waits for any more."""
        for ask in [ask for ask in watched.asked if now is None or ask.until <= now]:
            watched.asked.remove(ask)
            _say({"id": ask.id})

    def _put_away_cold(self) -> None:
        before = monotonic() - _COLD
        for name, watched in list(self._watched.items()):
            if watched.looked_at < before:
                del self._watched[name]
                watched.save()
                watched.model.close()


def main() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # Beside the end of our input, which one that hangs in native code would not see.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal's signals are the daemon's to handle
    os.nice(_NICE)
    os.umask(0o077)
    emulators = Emulators(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    try:
        Watch(Path(sys.argv[1]), emulators).serve()
    except EmulatorsGone as gone:
        sys.exit(f"the emulators are gone: {gone}")
    finally:
        emulators.close()


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
