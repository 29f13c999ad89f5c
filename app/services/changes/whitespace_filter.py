"""The changes in a page's files without white space."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from app.domain.diff import FileStatus
from app.models import Change
from app.services.changes import change_queries, comparison, whitespace
from app.services.changes.comparison import InlineBudget, Pair
from app.services.changes.whitespace import RemainingChange

_MAX_READ_BYTES = 8 << 20
_COMPARED = (FileStatus.MODIFIED, FileStatus.RENAMED, FileStatus.COPIED)
_decode = msgspec.json.Decoder(RemainingChange | None).decode


class UncomparedReason(StrEnum):
    """Why white space counts in a file although it should be ignored."""

    CONTENTS = "contents"
    """The contents aren't stored, or aren't text."""

    LIMITS = "limits"
    """Comparing took too long, or too many comparisons are running."""


class FilteredPage(NamedTuple):
    """The first `length` files of a page, and the results of compared ones by position."""

    length: int
    rests: Mapping[int, RemainingChange | UncomparedReason]

    @property
    def is_limited(self) -> bool:
        """Whether repeating the request may give another result."""
        return UncomparedReason.LIMITS in self.rests.values()


def filter_page(change: Change, files: Sequence[Any], developer_id: int) -> FilteredPage:
    """Compare the contents of as many files as one response allows. Commits."""
    rests: dict[int, RemainingChange | UncomparedReason] = {}
    wanted = [file for file in files if _needs_comparison(file)]
    ids = {blob for file in wanted for blob in (file.old_blob, file.blob)}
    sizes = change_queries.sizes(change.task_id, ids)
    allowance, aside, count, total = InlineBudget(), [], 0, 0
    for file in files:
        if total > _MAX_READ_BYTES:
            break
        count += 1
        if not _needs_comparison(file):
            continue
        both = [
            sizes.get(blob, whitespace.MAX_FILE_BYTES + 1) for blob in (file.old_blob, file.blob)
        ]
        if max(both) > whitespace.MAX_FILE_BYTES:
            rests[file.position] = UncomparedReason.CONTENTS
            continue
        total += sum(both)
        if allowance.covers_bytes(sum(both)):
            old, new = (
                change_queries.content(change.task_id, b) or b"" for b in (file.old_blob, file.blob)
            )
            if allowance.spend(old, new):
                rests[file.position] = (
                    whitespace.diff_ignoring_whitespace(old, new) or UncomparedReason.CONTENTS
                )
                continue
        aside.append(file)
    if aside:
        pairs = _pairs(change.task_id, aside)
        answers = comparison.compare("whitespace", pairs, developer_id) or [None] * len(aside)
        for file, answer in zip(aside, answers, strict=True):
            rests[file.position] = (
                UncomparedReason.LIMITS
                if answer is None
                else _decode(answer) or UncomparedReason.CONTENTS
            )
    return FilteredPage(count, rests)


def _needs_comparison(file: Any) -> bool:
    return file.status in _COMPARED and not file.binary and file.blob != file.old_blob


def _pairs(task_id: int, files: Sequence[Any]) -> Iterator[Pair]:
    for file in files:
        yield (
            change_queries.packed_content(task_id, file.old_blob),
            change_queries.packed_content(task_id, file.blob),
        )
