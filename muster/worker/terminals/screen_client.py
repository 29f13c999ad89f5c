"""The client of the process that models attempts' screens:
`muster.worker.terminals.screen_process`.
"""

import contextlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.terminal import Screen
from muster.worker.sandbox.uids import Identity
from muster.worker.shim.sizes import Size, SizesReader
from muster.worker.shim.spool import SpoolReader

_NOTIFY_INTERVAL_SECONDS = 5.0  # seconds between two notices about an attempt's growing log
_RESPONSE_TIMEOUT_SECONDS = (
    3.0  # seconds for a response: a model in a flood has megabytes to catch up on
)
_RESTART_DELAYS_SECONDS = (0.1, 1.0, 10.0, 60.0)  # seconds until the process is restarted
_STABLE_SECONDS = 60.0  # seconds after which an exit doesn't count as repeated
_START_TIMEOUT_SECONDS = 1.0  # seconds
_MAX_SCREEN_LENGTH = 512 << 10  # characters of a screen that is sent
_ROUGH_BYTES = 64 << 10  # bytes that replace a screen without a model

_SOURCE_ROOT = Path(__file__).resolve().parents[3]

log = logging.getLogger(__name__)


class ScreenClient:
    """Starts the process when it is needed, and again after it has exited."""

    def __init__(self, attempts: Path, identity: Identity | None) -> None:
        """Under root the emulator runs as the `identity`."""
        self._attempts = attempts
        self._identity = identity
        self._notified_at: dict[AttemptKey, float] = {}
        self._ids = count(1)
        self._changed = threading.Condition()
        self._responses: dict[int, dict[str, Any] | None] = {}  # None: pending
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._deaths = 0  # in a row
        self._stopped = threading.Event()

    @property
    def pid(self) -> int | None:
        """The pid of the models' process, if there is one."""
        process = self._process
        return process.pid if process is not None else None

    def notify_growth(self, key: AttemptKey) -> None:
        """The attempt's log may have grown; doesn't block."""
        now = monotonic()
        if now >= self._notified_at.get(key, 0.0) + _NOTIFY_INTERVAL_SECONDS:
            # Of the others, too, only recent ones matter.
            self._notified_at = {
                each: at
                for each, at in self._notified_at.items()
                if now < at + _NOTIFY_INTERVAL_SECONDS
            }
            self._notified_at[key] = now
            self._start()
            self._send({"look": key.name})

    def screen_at(self, name: str, offset: int) -> Screen | None:
        """Return the screen at `offset` or, if the model is further, at a later one. `name` is the
        path of the terminal's log, below the attempts.

        None if there is no model, or no response in time.
        """
        answer = self._ask(name, offset=offset)
        if not answer or not 0 < len(answer.get("data", "")) <= _MAX_SCREEN_LENGTH:
            return None
        del answer["id"]
        return Screen(**answer)

    def text_at(self, key: AttemptKey, offset: int) -> str | None:
        """Return the lines of that screen as plain text; None as above."""
        text = (self._ask(key.name, offset=offset, text=True) or {}).get("text")
        return text if isinstance(text, str) else None

    def _ask(self, name: str, **about: Any) -> dict[str, Any] | None:
        number = next(self._ids)
        self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._process or self._deaths, _START_TIMEOUT_SECONDS)
            self._responses[number] = None
            if self._send({"look": name, "id": number, **about}):
                asked = self._process
                self._changed.wait_for(
                    lambda: self._responses[number] or self._process is not asked,
                    _RESPONSE_TIMEOUT_SECONDS,
                )
            return self._responses.pop(number)

    def close(self) -> None:
        self._stopped.set()
        with self._changed:
            process = self._process
            self._changed.notify_all()
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if self._thread is not None:
            self._thread.join(_RESPONSE_TIMEOUT_SECONDS)
            if self._thread.is_alive() and process is not None:
                process.kill()
                self._thread.join()

    def _send(self, message: dict[str, Any]) -> bool:
        """False if the process is gone. Lines are short, so the pipe accepts them completely."""
        process = self._process
        if process is None or process.stdin is None:
            return False
        try:
            os.write(process.stdin.fileno(), json.dumps(message).encode() + b"\n")
        except (OSError, ValueError):  # full, broken, or closed
            return False
        return True

    # The thread that watches the process: it must live as long, because the process dies with it

    def _start(self) -> None:
        with self._changed:
            if self._thread is None and not self._stopped.is_set() and not self._deaths:
                if importlib.util.find_spec("avt") is None:
                    log.warning("without the package pyavt, terminals start with their last bytes")
                    self._deaths = 1
                    return
                self._thread = threading.Thread(
                    target=self._supervise, name="screen-models", daemon=True
                )
                self._thread.start()

    def _supervise(self) -> None:
        while not self._stopped.is_set():
            began = monotonic()
            try:
                self._run()
            except OSError as error:
                log.warning("no screen models: %s", error)
            if self._stopped.is_set():
                return
            self._deaths = self._deaths + 1 if monotonic() - began < _STABLE_SECONDS else 1
            pause = _RESTART_DELAYS_SECONDS[min(self._deaths, len(_RESTART_DELAYS_SECONDS)) - 1]
            log.warning("the screen models' process has exited; restarting it in %.1f s", pause)
            self._stopped.wait(pause)

    def _run(self) -> None:
        command = [sys.executable, "-m", "muster.worker.terminals.screen_process"]
        command += [
            str(self._attempts.resolve()),
            *([str(self._identity.uid)] if self._identity else []),
        ]
        with subprocess.Popen(
            command,
            cwd=_SOURCE_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            os.set_blocking(process.stdin.fileno(), False)
            with self._changed:
                if self._stopped.is_set():
                    process.stdin.close()
                self._process = process
                self._changed.notify_all()
                self._notified_at.clear()  # it knows none yet
            try:
                with os.fdopen(os.dup(process.stdout.fileno()), "rb") as lines:
                    for line in lines:
                        self._handle_response(json.loads(line))
            finally:
                with self._changed:
                    self._process = None
                    self._changed.notify_all()

    def _handle_response(self, answer: dict[str, Any]) -> None:
        with self._changed:
            if answer.get("id") in self._responses:
                self._responses[answer["id"]] = answer
                self._changed.notify_all()


def rough_screen(directory: Path, offset: int) -> Screen:
    """Return a screen without a model: the last bytes before `offset`. Raises OSError."""
    sizes = SizesReader(directory)
    _, _, cols, rows = sizes.size_at(offset) or Size(0, 0, 120, 40)
    sizes.close()
    try:
        reader = SpoolReader(directory)
    except FileNotFoundError:
        return Screen(offset, cols, rows, "", exact=False)
    start = max(0, offset - _ROUGH_BYTES)
    with contextlib.closing(reader):
        data = b"".join(piece.data for piece in reader.read(start, offset - start))
    # Preferably not from the middle of a line, and so of a character or a sequence.
    if start and 0 <= (newline := data.find(b"\n")) < len(data) // 2:
        data = data[newline + 1 :]
    return Screen(offset, cols, rows, data.decode(errors="replace"), exact=False)
