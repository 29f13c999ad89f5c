"""What a machine says of its work: contents in pieces, and the files that they are of."""

import zlib
from typing import Any

from muster.protocol import frames
from tests.factories import git_id

BASE, COMMIT = "ba5e" + "0" * 36, "c0ffee" + "0" * 34


def pieces(data: bytes, most: int = 1 << 19, **wrong: Any) -> list[frames.Content]:
    """The content, as honest as `wrong` leaves it."""
    packed = zlib.compress(data)
    about = {"id": git_id(data), "size": len(data), "packed": len(packed)} | wrong
    return [
        frames.Content(offset=at, data=packed[at : at + most], **about)
        for at in range(0, len(packed), most)
    ]


def section(path: str, *added: str) -> bytes:
    """A new file's section of a patch."""
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\nindex 0..1\n--- /dev/null\n"
    lines = "".join(f"+{line}\n" for line in added)
    return f"{head}+++ b/{path}\n@@ -0,0 +1,{len(added)} @@\n{lines}".encode()


def added(path: str, *lines: str, **given: Any) -> frames.ChangedFile:
    patch = git_id(section(path, *lines))
    known: dict[str, Any] = {"status": "added", "insertions": len(lines), "patch": patch}
    return frames.ChangedFile(path, **(known | given))


def changes(*files: frames.ChangedFile, **given: Any) -> frames.Changes:
    known: dict[str, Any] = {
        "stage_index": 0,
        "since": "base",
        "base": BASE,
        "commit": COMMIT,
        "files": list(files),
        "total": len(files),
    }
    return frames.Changes(**(known | given))


def new_files(names: dict[str, tuple[str, ...]], **given: Any) -> list[frames.ReportBody]:
    """All that a machine says of new files with these lines, in order."""
    contents = [piece for path, lines in names.items() for piece in pieces(section(path, *lines))]
    return [*contents, changes(*(added(path, *lines) for path, lines in names.items()), **given)]
