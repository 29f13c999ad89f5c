"""Recordings of attempts' terminals, from the stored log and its times."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from app.domain import asciicast
from app.domain.asciicast import Gap, Output, Resize
from app.models import Attempt, Developer, LogChunk, Task
from app.services.logs import chunk_reader, logs, terminal_sizes
from app.services.logs.chunk_reader import LogSlice
from app.services.tasks import queries
from muster.protocol import frames

# The initial size of every stage's terminal.
_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(frames.RunStage)}
_COLS, _ROWS = int(_DEFAULTS["cols"]), int(_DEFAULTS["rows"])


@dataclass(frozen=True)
class AttemptRecording:
    """The recording of an attempt's log up to `size`, its length at the time of the request.

    `attempt` is 0 if there has been none; `sizes` are (offset, columns, rows).
    """

    task_id: int
    attempt: int
    size: int
    sizes: list[tuple[int, int, int]]
    _began: datetime
    _title: str
    _stages: list[str]
    _attempt: Attempt | None

    def read(self) -> Iterator[bytes]:
        """Yield the file in chunks. No session is held between two chunks."""
        yield asciicast.header(_COLS, _ROWS, self._began, self._title).encode()
        if self._attempt is None:
            return
        recording = asciicast.Recording(self._stage_name, _COLS, _ROWS)
        sizes = deque(self.sizes)
        at = 0
        for piece in chunk_reader.read_slices(self._attempt, 0, LogChunk.byte_offset < self.size):
            yield _join(recording.lines(_output_events(piece, at, sizes)))
            at = piece.offset + len(piece.data)
        lost = [Gap(self.size - at)] if at < self.size else []
        yield _join([*recording.lines(lost), *recording.finish()])

    def _stage_name(self, index: int) -> str:
        return self._stages[index] if index < len(self._stages) else f"stage {index}"


def create_recording(
    actor: Developer, task_id: int, *, attempt: int | None = None
) -> AttemptRecording:
    """Return the recording of an attempt (by default of the latest). Raises NotFound."""
    task = queries.get(actor, task_id)
    found = logs.find_attempt(task, attempt)
    return AttemptRecording(
        task_id=task.id,
        attempt=found.number if found else 0,
        size=found.log_bytes if found else 0,
        sizes=terminal_sizes.sizes_of_attempt(task.id, found.number) if found else [],
        _began=_start_time(task, found),
        _title=f"#{task.id} {task.description}",
        _stages=[str(stage["name"]) for stage in task.pipeline],
        _attempt=found,
    )


def _start_time(task: Task, attempt: Attempt | None) -> datetime:
    if attempt is None:
        return task.created_at
    return attempt.started_at or attempt.assigned_at


def _output_events(
    piece: LogSlice, after: int, sizes: deque[tuple[int, int, int]]
) -> Iterator[Output | Gap | Resize]:
    """Yield the slice's output, with a gap before it and the sizes within it.

    `after` is where the previous slice ended. Sizes up to this slice's end are removed from
    `sizes`.
    """
    if piece.offset > after:
        yield Gap(piece.offset - after)
    starts = [max(0, mark[0] - piece.offset) for mark in piece.marks]
    ends = [*starts[1:], len(piece.data)]
    for (_, milliseconds, stage), start, end in zip(piece.marks, starts, ends, strict=True):
        output = Output(milliseconds, stage, piece.data[start:end])
        yield from _split_at_resizes(output, piece.offset + start, sizes)


def _split_at_resizes(
    output: Output, offset: int, sizes: deque[tuple[int, int, int]]
) -> Iterator[Output | Resize]:
    """Yield the output, which starts at `offset`, split where the size changes."""
    while sizes and sizes[0][0] < offset + len(output.data):
        at, cols, rows = sizes.popleft()
        cut = max(0, at - offset)
        if cut:
            yield replace(output, data=output.data[:cut])
        output, offset = replace(output, data=output.data[cut:]), offset + cut
        yield Resize(cols, rows)
    yield output


def _join(lines: Iterable[str]) -> bytes:
    return "".join(lines).encode()
