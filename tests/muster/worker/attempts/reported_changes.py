"""A worker's reports of its stages' changes, combined."""

import zlib
from collections import defaultdict

from muster.protocol.frames import (
    Body,
    Changes,
    Checkpoint,
    Content,
    Published,
    StageFinished,
    Suspended,
)
from muster.worker.git import changes
from tests.muster.worker.worker_home import WorkerHome

REPORT_TYPES = (Checkpoint, Content, Changes, StageFinished, Suspended, Published)


def reported_changes(worker: WorkerHome) -> list[Changes]:
    return [body for body in worker.server.bodies(Changes) if isinstance(body, Changes)]


def contents(worker: WorkerHome) -> dict[str, bytes]:
    """All that have come, each by what git calls it."""
    packed: dict[str, bytearray] = defaultdict(bytearray)
    for body in worker.server.bodies(Content):
        assert isinstance(body, Content)
        del packed[body.id][body.offset :]  # one that comes again is the same
        assert len(packed[body.id]) == body.offset
        packed[body.id] += body.data
    found = {id: zlib.decompress(data) for id, data in packed.items()}
    assert all(changes.hash_blob(content, 40) == id for id, content in found.items())
    return found


def patch(worker: WorkerHome, change: Changes) -> bytes:
    known = contents(worker)
    return b"".join(known[str(file.patch)] for file in change.files)


def printed(worker: WorkerHome, base: str, commit: str) -> bytes:
    arguments = ("diff", "--binary", "--full-index", "-M", base, commit)
    return worker.repository.git(*arguments).encode() + b"\n"


def kinds(bodies: list[Body]) -> list[str]:
    """Return the kinds in order, with repeated ones once."""
    names = [type(body).__name__ for body in bodies if isinstance(body, REPORT_TYPES)]
    return [name for name, before in zip(names, [None, *names], strict=False) if name != before]
