"""A bundle's files of an attempt: log, chain, recording and transcript."""

from collections.abc import Iterator
from dataclasses import replace

from app.extensions import db
from app.models import Attempt, Developer, LogChain
from app.services.evidence.parts import Part, Spooled, encode_line, join_chunks
from app.services.logs import recordings, transcripts
from app.services.logs.logs import RawLog
from muster.protocol import evidence
from muster.protocol.evidence import ChainEnd

_LINK_BYTES = 32


class AttemptParts:
    """An attempt's files, up to the current ends of its log and its transcript.

    The chain is computed while the log is first read, which comes first by name.
    """

    def __init__(self, actor: Developer, attempt: Attempt, server_id: str) -> None:
        task_id, number = attempt.task_id, attempt.number
        self.number, self._task_id = number, task_id
        self._gaps = [(start, end) for start, end in attempt.log_gaps]
        self._size, self._entries = attempt.log_bytes, attempt.transcript_entries
        self._updates = attempt.transcript_updates
        # Its entries may change between the bundle's two passes.
        self._transcript = None if attempt.ended_at else Spooled()
        self._is_transcript_spooled = False
        self._log = RawLog(task_id, number, self._size, self._gaps, attempt)
        recording = recordings.create_recording(actor, task_id, attempt=number)
        self._recording = replace(recording, size=self._size)
        self._chain = evidence.HashChain(server_id, task_id, number)
        self._links: Spooled | None = None
        self._log_chain = db.session.get(LogChain, (task_id, number))

    def parts(self) -> Iterator[Part]:
        number = self.number
        if self._log_chain is None:
            yield Part(evidence.log_name(number), self._read_log)
            yield Part(evidence.recording_name(number), self._recording.read)
        yield Part(evidence.chain_name(number), self._read_chain)
        yield Part(evidence.transcript_name(number), self._read_transcript)

    @property
    def state(self) -> tuple[object, ...]:
        """The data that determines these files."""
        sizes = self._recording.sizes
        return (
            self.number,
            self._size,
            self._gaps,
            self._entries,
            self._updates,
            sizes,
            self._log_chain is not None,
        )

    def end(self) -> ChainEnd:
        """The end of the chain, once its log has been read."""
        if (taken := self._log_chain) is not None:
            gaps = [(start, end) for start, end in taken.gaps]
            return ChainEnd(self.number, taken.byte_count, gaps, taken.head.hex(), True)
        chain = self._chain
        return ChainEnd(self.number, chain.byte_count, self._gaps, chain.head.hex(), False)

    def _read_log(self) -> Iterator[bytes]:
        pieces = self._log.read(0, self._size)
        if self._links is not None:
            yield from pieces
            return
        self._links = Spooled()
        for piece in pieces:
            self._links.write(b"".join(self._chain.feed(piece)))
            yield piece
        self._links.write(b"".join(self._chain.finish()))

    def _read_chain(self) -> Iterator[bytes]:
        taken = self._log_chain
        links = self._links if taken is None else Spooled([taken.links])
        gaps = self._gaps if taken is None else taken.gaps
        each = links.read(_LINK_BYTES) if links is not None else iter(())
        return join_chunks(evidence.chain_file(self._task_id, self.number, gaps, each))

    def _read_transcript(self) -> Iterator[bytes]:
        if self._transcript is None:
            yield from self._read_entries()
            return
        if not self._is_transcript_spooled:
            for piece in self._read_entries():
                self._transcript.write(piece)
            self._is_transcript_spooled = True
        yield from self._transcript.read()

    def _read_entries(self) -> Iterator[bytes]:
        start = 0
        while start < self._entries:
            found = transcripts.next_entries(self._task_id, self.number, start)
            db.session.close()
            if not found:
                return
            start += len(found)
            yield from join_chunks(
                encode_line(_entry_to_json(entry))
                for entry in found
                if entry.number < self._entries
            )


def _entry_to_json(entry: transcripts.Entry) -> dict[str, object]:
    """Return the entry; those without a state look as before there were states."""
    known = {"state": entry.state, "finishedAt": entry.finished_at} if entry.state else {}
    return {
        **known,
        "number": entry.number,
        "at": entry.at,
        "stageIndex": entry.stage_index,
        "run": entry.run,
        "kind": entry.kind,
        "title": entry.title,
        "text": entry.text,
        "data": entry.data,
        "logOffset": entry.log_offset,
    }
