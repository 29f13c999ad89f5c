"""What changed in the files of a page but for white space."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from app.domain.diff import FileStatus
from app.models import Change
from app.services.changes import change_queries, comparison, whitespace
from app.services.changes.comparison import Allowance, Pair
from app.services.changes.whitespace import Rest

_MOST_READ = 8 << 20
_COMPARED = (FileStatus.MODIFIED, FileStatus.RENAMED, FileStatus.COPIED)
_decode = msgspec.json.Decoder(Rest | None).decode


class Uncompared(StrEnum):
    """Why white space counts in a file although it was not to."""

    CONTENTS = "contents"
    """They are not kept, or no text."""

    LIMITS = "limits"
    """Comparing them took too long, or too many are being compared."""


class Compared(NamedTuple):
    """Of a page's files the first `length`; of those that had to be compared what came of it, by
    position.
    """

    length: int
    rests: Mapping[int, Rest | Uncompared]

    @property
    def is_limited(self) -> bool:
        """Whether another answer may come of the same question."""
        return Uncompared.LIMITS in self.rests.values()


def compare(change: Change, files: Sequence[Any], developer_id: int) -> Compared:
    """Compare the contents of as many of the files as are not too much for one answer. Commits."""
    rests: dict[int, Rest | Uncompared] = {}
    wanted = [file for file in files if _is_compared(file)]
    ids = {blob for file in wanted for blob in (file.old_blob, file.blob)}
    sizes = change_queries.sizes(change.task_id, ids)
    allowance, aside, count, total = Allowance(), [], 0, 0
    for file in files:
        if total > _MOST_READ:
            break
        count += 1
        if not _is_compared(file):
            continue
        both = [sizes.get(blob, whitespace.LARGEST_FILE + 1) for blob in (file.old_blob, file.blob)]
        if max(both) > whitespace.LARGEST_FILE:
            rests[file.position] = Uncompared.CONTENTS
            continue
        total += sum(both)
        if allowance.covers_bytes(sum(both)):
            old, new = (
                change_queries.content(change.task_id, b) or b"" for b in (file.old_blob, file.blob)
            )
            if allowance.spend(old, new):
                rests[file.position] = whitespace.ignored(old, new) or Uncompared.CONTENTS
                continue
        aside.append(file)
    if aside:
        pairs = _pairs(change.task_id, aside)
        answers = comparison.compare("whitespace", pairs, developer_id) or [None] * len(aside)
        for file, answer in zip(aside, answers, strict=True):
            rests[file.position] = (
                Uncompared.LIMITS if answer is None else _decode(answer) or Uncompared.CONTENTS
            )
    return Compared(count, rests)


def _is_compared(file: Any) -> bool:
    return file.status in _COMPARED and not file.binary and file.blob != file.old_blob


def _pairs(task_id: int, files: Sequence[Any]) -> Iterator[Pair]:
    for file in files:
        yield (
            change_queries.packed(task_id, file.old_blob),
            change_queries.packed(task_id, file.blob),
        )
