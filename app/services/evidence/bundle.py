"""A task's evidence bundle, built while it's downloaded."""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select

from app.domain.timestamps import to_rfc3339
from app.extensions import db
from app.models import Developer, Event, Task
from app.services import settings
from app.services.evidence import decisions, diffs, history, images, keys
from app.services.evidence.attempts import AttemptParts
from app.services.evidence.keys import Signer
from app.services.evidence.parts import Part, Spooled, encode_array, encode_line, join_chunks
from app.services.ops import identity
from app.services.tasks import queries
from muster.protocol import canonical_zip, evidence
from muster.protocol.canonical_zip import Member
from muster.protocol.evidence import File, Manifest, Server

_MAX_TRIES = 5


class PartChanged(Exception):
    """A part differed at its second reading: some of it was deleted meanwhile."""


@dataclass(frozen=True)
class Bundle:
    """A task's evidence at the time of the request. Equal bytes have equal `etag`s."""

    task_id: int
    etag: str
    _signer: Signer
    _server: Server
    _status: str
    _made_at: str
    _parts: Sequence[Part]
    _attempts: Sequence[AttemptParts]

    def read(self) -> Iterator[bytes]:
        """Yield the file in chunks; empty ones while the parts are first read.

        No session is held between two chunks. Raises PartChanged.
        """
        files: list[File] = []
        members: list[Member] = []
        for part in self._parts:
            digest, size, crc = hashlib.sha256(), 0, 0
            for piece in part.read():
                digest.update(piece)
                size, crc = size + len(piece), zlib.crc32(piece, crc)
                yield b""
            files.append(File(part.name, size, digest.hexdigest()))
            members.append(Member(part.name, size, crc))
        chains = [attempt.end() for attempt in self._attempts]
        known = (evidence.FORMAT, self._server, self.task_id, self._status, self._made_at)
        manifest = evidence.encode_canonical(Manifest(*known, files, chains))
        signature = self._signer.sign(manifest)
        reads = dict(zip(members, (part.read for part in self._parts), strict=True))
        for name, data in ((evidence.MANIFEST, manifest), (evidence.SIGNATURE, signature)):
            member = Member(name, len(data), zlib.crc32(data))
            reads[member] = partial(iter, (data,))
        in_order = sorted(reads, key=lambda member: member.name)
        for member in in_order:
            yield canonical_zip.local_header(member)
            yield from _check_unchanged(member, reads[member]())
        yield from join_chunks(canonical_zip.central_directory(in_order))


def _check_unchanged(member: Member, pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = crc = 0
    for piece in pieces:
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        if size > member.size:
            break
        yield piece
    if (size, crc) != (member.size, member.crc):
        raise PartChanged(f"{member.name} has changed")


def create_bundle(actor: Developer, task_id: int) -> Bundle:
    """Return the task's current evidence. Raises NotFound and keys.SigningKeyUnreadable."""
    signer, server_id = keys.current_signer(), identity.server_id()
    server = Server(server_id, settings.value("publicUrl") or None)
    task, decided, attempts = _read_consistent(actor, task_id)
    of_attempts = [AttemptParts(actor, attempt, server_id) for attempt, _ in attempts]
    changes = diffs.list_changes(task_id)
    about = history.task_file(task, attempts, changes)
    parts = [
        Part("decisions.json", decided.read),
        Part("events.jsonl", history.events_reader(task_id, task.events)),
        Part("task.json", partial(iter, (about,))),
        *(part for attempt in of_attempts for part in attempt.parts()),
        *diffs.parts(task_id, changes),
        *images.parts(task),
    ]
    parts.sort(key=lambda part: part.name)
    made_at = to_rfc3339(_last_event_at(task))
    states = [attempt.state for attempt in of_attempts]
    names = [part.name for part in parts]
    state = hashlib.sha256(
        encode_line([signer.id, server_id, server.url, made_at, states, names]) + about
    )
    for piece in decided.read():
        state.update(piece)
    etag = f"evidence-{task.events}-{state.hexdigest()[:32]}"
    return Bundle(task_id, etag, signer, server, task.status, made_at, parts, of_attempts)


def _read_consistent(
    actor: Developer, task_id: int
) -> tuple[Task, Spooled, list[history.AttemptWithMachine]]:
    """Return the task with its decisions and attempts, all of the same time.

    It rereads until nothing happened to the task in between; for a very busy task, it returns the
    last reading.
    """
    for _ in range(_MAX_TRIES):
        task = queries.get(actor, task_id)
        seen = task.events, task.updated_at
        decided = Spooled(encode_array(decisions.list_decisions(task_id)))
        attempts = history.list_attempts(task)
        now = db.session.execute(
            select(Task.events, Task.updated_at).where(Task.id == task_id)
        ).one_or_none()
        if now is not None and tuple(now) == seen:
            break
    return task, decided, attempts


def _last_event_at(task: Task) -> datetime:
    last = select(Event.created_at).where(Event.task_id == task.id, Event.number == task.events)
    return db.session.scalar(last) or task.created_at
