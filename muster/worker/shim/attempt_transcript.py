"""Stores an attempt's transcript entries with their times, and passes on texts in progress.

Standard library only.
"""

from collections.abc import Callable
from typing import Any

from muster.worker.clock import boot_seconds
from muster.worker.shim.stage_entries import StoredEntry
from muster.worker.shim.token_bucket import TokenBucket
from muster.worker.shim.transcript import TranscriptWriter

_PROGRESS_BURST = 20  # progress texts that become events at once
_PROGRESS_INTERVAL_SECONDS = 10.0  # seconds in which one more does after these


class AttemptTranscript:
    """`place` is the stage and run of an entry or text."""

    def __init__(
        self,
        directory: str,
        log_end: Callable[[], int],
        milliseconds: Callable[[], int],
        publish: Callable[[dict[str, Any]], None],
    ) -> None:
        """`milliseconds` returns the time since the attempt's start. `publish` sends notices that
        may be lost."""
        self.writer = TranscriptWriter(directory)
        self._log_end, self._milliseconds, self._publish = log_end, milliseconds, publish
        self._progress_bucket = TokenBucket(_PROGRESS_BURST, _PROGRESS_INTERVAL_SECONDS)

    def store(
        self,
        place: dict[str, int],
        entry: dict[str, Any],
        pending: int,
        replaced: StoredEntry | None = None,
    ) -> StoredEntry:
        """Store an entry; its offset is where its output starts in the log (`StoreEntry`)."""
        offset, now = self._log_end() + pending, self._milliseconds()
        if "progress" in entry["data"] and not self._progress_bucket.try_consume(boot_seconds()):
            del entry["data"]["progress"]
        start = replaced.at_ms if replaced else now
        fields = {**place, "atMs": start, "logOffset": offset}
        is_last = entry.get("state") not in (None, "running")
        if is_last:
            fields["finishedMs"] = now
        if replaced is None:
            return StoredEntry(self.writer.append(fields, entry), start, offset)
        self.writer.replace(replaced.number, fields, entry, is_last=is_last)
        return replaced._replace(offset=offset)

    def publish_delta(self, place: dict[str, int], delta: dict[str, Any]) -> None:
        """Send a part of a text; without a number, its entry is the next one."""
        number = delta["entry"]
        entry = self.writer.next_number if number is None else number
        self._publish({"delta": {**place, **delta, "entry": entry}})
