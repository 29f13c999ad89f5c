"""Reports of changes between two commits: first the contents, then the files."""

from typing import Literal

from muster.protocol.bounds import Chunk, Commit, Count, FileName, ObjectId, UpTo500
from muster.protocol.frames.parts import Part, ReportBody

FileStatus = Literal["added", "modified", "deleted", "renamed", "copied"]
FileMode = Literal["", "100644", "100755", "120000", "160000"]  # "": no file on that side
DiffBase = Literal["base", "stage", "round"]
OmissionReason = Literal["", "size", "files"]


class Content(ReportBody, tag="content"):
    """A chunk of a content that `Changes` refers to: a file's section of a patch, or a file.

    `id` is the content's git blob ID, `size` its bytes. It's sent compressed with zlib: `packed`
    bytes in total; this chunk starts at `offset`. Chunks come in order, before the `Changes` that
    refers to them, and usually once per attempt; a repeated one is identical.
    """

    id: ObjectId
    size: Count
    packed: Count
    offset: Count
    data: Chunk


class ChangedFile(Part):
    """A changed file. `old_path` is its previous path if it was renamed or copied.

    A UTF-8 path is plain text. Any other path, and one that starts with a `"`, is quoted as git
    quotes it: so a path that starts with a `"` is always quoted, and no path is lost.

    `blob` and `old_blob` are git's IDs of the file's content on both sides, None if there's no
    file; for a submodule (mode 160000) they're its commits. Lines of a `binary` file aren't
    counted. `generated`: its path suggests that no person wrote it.

    `patch` is the ID of the content that is the file's section of the patch: the concatenated
    sections of a `Changes` are exactly the output of `git diff --binary --full-index -M`. None if
    `Changes.left_out` has the reason.
    """

    path: FileName
    status: FileStatus
    old_path: FileName | None = None
    mode: FileMode = ""
    old_mode: FileMode = ""
    blob: ObjectId | None = None
    old_blob: ObjectId | None = None
    insertions: Count = 0
    deletions: Count = 0
    binary: bool = False
    generated: bool = False
    patch: ObjectId | None = None


class Changes(ReportBody, tag="changes"):
    """The commit's changes since `base`.

    `since` names that commit: the task's base, the previous stage's result, or the previous round's
    result (`Repo.before`). `partial` as in `Checkpoint`.

    Sent after its `Checkpoint`, before the stage's `StageFinished` or `Suspended`, and before its
    `Published`; possibly more than once for the same two commits. A long list takes several
    reports, in order: `first` counts from 0 within the list, `total` is the list's length.

    `left_out`: `size` if the patch is larger than 10 MiB, so that files have only numbers; `files`
    if the list omits some (too many, or a path is too long) and the others have only numbers.
    """

    stage_index: Count
    since: DiffBase
    base: Commit
    commit: Commit
    files: UpTo500[ChangedFile] = []
    first: Count = 0
    total: Count = 0
    left_out: OmissionReason = ""
    run: Count = 0
    partial: bool = False
