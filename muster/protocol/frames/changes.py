"""What changed between two commits, as a machine tells it: first the contents, then the files."""

from typing import Literal

from muster.protocol.bounds import Chunk, Commit, Count, FileName, ObjectId, UpTo500
from muster.protocol.frames.parts import Part, ReportBody

FileStatus = Literal["added", "modified", "deleted", "renamed", "copied"]
FileMode = Literal["", "100644", "100755", "120000", "160000"]  # "": no such file on that side
DiffBase = Literal["base", "stage", "round"]
OmissionReason = Literal["", "size", "files"]


class Content(ReportBody, tag="content"):
    """A piece of a content that `Changes` names: a file's section of a patch, or a file.

    `id` is what git calls the content as a blob, `size` its bytes. It travels as zlib packs it:
    `packed` bytes, of which this piece begins at `offset`. Its pieces come in order, before the
    `Changes` that names it, and as a rule once in an attempt: one that comes again is the same.
    """

    id: ObjectId
    size: Count
    packed: Count
    offset: Count
    data: Chunk


class ChangedFile(Part):
    """A file that changed. `old_path` is where it was before, if it is renamed or copied.

    Paths are texts where they are UTF-8. Another path, and one that begins with a `"`, is quoted as
    git quotes it: so a path that begins with a `"` is always a quoted one, and none is lost.

    `blob` and `old_blob` are what git calls the file's content on both sides, None where there is
    no such file; of a submodule (mode 160000) they are its commits. Lines are not counted of a
    `binary` file. `generated`: by what its name says no person wrote it.

    `patch` is the id of the content that is the file's section of the patch: the sections of a
    `Changes`, one after the other, are byte for byte what `git diff --binary --full-index -M`
    prints. None where `Changes.left_out` says why.
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
    """What the commit changed since another: `base` is the commit that it is compared with.

    `since` says which one that is: the task's base; what the stage before came to; or what the
    round before came to (`Repo.before`). `partial` as in `Checkpoint`.

    Comes after its `Checkpoint`, before the stage's `StageFinished` or `Suspended`, and before
    its `Published`; of the same two commits perhaps more than once. A long list comes in several
    reports, in order: `first` counts from 0 within the list, `total` is how long that is.

    `left_out`: `size` where the patch is larger than 10 MiB, so that files have numbers alone;
    `files` where some are not in the list (too many, or a path too long), and the rest have numbers
    alone.
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
