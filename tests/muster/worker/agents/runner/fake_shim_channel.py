"""The shim's end of a runner's channel, in tests: the messages, and their answers."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from muster.worker.shim.channel import DESCRIPTOR_VARIABLE, Channel


class FakeShimChannel:
    """`entries` in order and in their latest state, those `started`, `facts` merged, `deltas`, and
    the questions in `asked`, which get `choices` as answers, one after the other and then always
    the last; an empty one never answers; None: no questions are possible. Permission
    requests get `decisions`, one after the other. `looks` is also called ten times a second."""

    choices: Sequence[str | None] = (None,)
    decisions: Sequence[dict[str, Any]] = ()

    def __init__(self, looks: Callable[[], None] = lambda: None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answers: list[dict[str, Any]] = []
        self.entries: list[dict[str, Any]] = []
        self.facts: dict[str, Any] = {}
        self.started: list[dict[str, Any]] = []
        self.deltas: list[dict[str, Any]] = []
        self._channel = Channel(self._answer)
        self._looks = looks
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    @property
    def descriptor(self) -> int:
        """For the runner to inherit."""
        return self._channel.peer_fd

    @property
    def variables(self) -> dict[str, str]:
        return {DESCRIPTOR_VARIABLE: str(self.descriptor)}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()
        self._channel.receive_rest()
        self._channel.close_sandbox_fd()
        self._channel.close()

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["kind"] == kind]

    def _listen(self) -> None:
        while not self._is_over.is_set():
            self._looks()
            if self._answers:
                self._channel.queue_message(self._answers.pop())
                self._channel.serve()
            ready, _, _ = select.select([self._channel], [], [], 0.1)
            if ready:
                self._channel.serve()

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        if message.get("ask"):
            self.asked.append(message["ask"])
            if "permission" in message["ask"]:
                self._answers.append(
                    {"answer": {"number": 7, **self.decisions[len(self.asked) - 1]}}
                )
                return {"ok": 7}
            choice = self.choices[min(len(self.asked), len(self.choices)) - 1]
            if choice is None:
                raise ValueError("nobody is there")
            if choice:
                self._answers.append({"answer": {"number": 7, "choice": choice}})
            return {"ok": 7}
        self.facts |= message.get("facts", {})
        if "entry" in message:
            self.entries.append(message["entry"])
            self.started += [message["entry"]] if _is_running(message["entry"]) else []
            return {"ok": 0, "number": len(self.entries) - 1}
        if "update" in message:
            changed = {**message["update"]}
            self.entries[changed.pop("number")] = changed
        self.deltas += [message["delta"]] if "delta" in message else []
        return {"ok": 0}


def _is_running(entry: dict[str, Any]) -> bool:
    return entry.get("state") == "running"
