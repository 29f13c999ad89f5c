"""Reports of transcript entries as rows to store."""

from collections.abc import Sequence

from app.domain.transcript import EntryState
from app.services.logs.statements import EntryChunk
from app.services.tasks import transcript_updates
from muster.protocol import frames


def is_progress(entry: frames.TranscriptEntry) -> bool:
    """Whether the entry is an agent's progress message for people."""
    return entry.data.get("progress") is True


def build_chunk(
    body: frames.Transcript, first: int, entries: Sequence[frames.TranscriptEntry]
) -> EntryChunk:
    """Return the report's entries from number `first` on; there is at least one."""
    return EntryChunk(
        first=first,
        count=len(entries),
        stage_index=body.stage_index,
        run=body.run,
        first_ms=entries[0].at_ms,
        last_ms=entries[-1].at_ms,
        data=b"[" + b",".join(map(transcript_updates.encode_entry, entries)) + b"]",
        running=[
            [number, *transcript_updates.running_row(entry)]
            for number, entry in enumerate(entries, first)
            if entry.state == EntryState.RUNNING.value
        ],
    )
