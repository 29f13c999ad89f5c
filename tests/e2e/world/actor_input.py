"""What claude's stand-in reads while it works: people's frames, which it repeats once it has read
them, and requests to stop. Standard library only."""

import json
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

Frame = dict[str, Any]


class ActorInput:
    """`write` takes a line of output."""

    class Interrupted(Exception):
        """Someone stops the turn."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for_text(self) -> str | None:
        """Return the next person's text; None: there will be no more."""
        while (frame := self._frames.get()) is not None:
            if frame["type"] == "user":
                return self._repeat(frame)
            self._respond(frame)
        return None

    def read_texts(self) -> list[str]:
        """Return the texts that have come in the middle of a turn. Raises Interrupted."""
        texts: list[str] = []
        while not self._frames.empty():
            frame = self._frames.get()
            if frame is None:
                self._frames.put(None)
                break
            if frame["type"] != "user":
                self._respond(frame)
                raise self.Interrupted
            texts.append(self._repeat(frame))
        return texts

    def _read(self) -> None:
        for line in sys.stdin:
            self._frames.put(json.loads(line))
        self._frames.put(None)

    def _repeat(self, frame: Frame) -> str:
        self._write(json.dumps({**frame, "isReplay": True}) + "\n")
        return "\n".join(block["text"] for block in frame["message"]["content"])

    def _respond(self, frame: Frame) -> None:
        response = {"subtype": "success", "request_id": frame["request_id"], "response": {}}
        self._write(json.dumps({"type": "control_response", "response": response}) + "\n")
