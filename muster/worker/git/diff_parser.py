"""Parse the output of `git diff -z --raw --numstat --patch` while it arrives: the files, and the
patch.

With `-z` the files come first, with unquoted paths that end with NUL: all lines of `--raw`, then
all of `--numstat`, then another NUL, and the patch, which still quotes paths.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RawFile:
    """A changed file in git's form: `status` without its number, full IDs, modes of six digits.
    `old_path` equals `path` unless the file is renamed."""

    status: bytes
    old_mode: bytes
    mode: bytes
    old_blob: bytes
    blob: bytes
    old_path: bytes
    path: bytes

    @property
    def is_type_change(self) -> bool:
        """For example a link that replaces a file: the patch deletes the one and creates the
        other."""
        return self.status == b"T"


@dataclass
class DiffParser:
    """Parses git's output: the first `max_files` files, and a patch of at most `max_patch_bytes`
    bytes. `lines` has the added and deleted ones by path; None for a binary file."""

    max_files: int
    max_patch_bytes: int
    files: list[RawFile] = field(default_factory=list)
    lines: dict[bytes, tuple[int, int] | None] = field(default_factory=dict)
    patch: bytearray = field(default_factory=bytearray)
    is_truncated: bool = False  # there are more files
    is_too_large: bool = False  # the patch has more bytes
    has_all_files: bool = False  # all files with their numbers have arrived
    _rest: bytes = b""
    _entry: list[bytes] = field(default_factory=list)

    def feed(self, data: bytes) -> bool:
        """Return False if no more is wanted. Raises ValueError for output that git never prints."""
        if not self.has_all_files:
            *whole, self._rest = (self._rest + data).split(b"\0")
            for at, word in enumerate(whole):
                if word or self._entry:
                    self._parse_word(word)
                    continue
                self.has_all_files = True
                data = b"\0".join([*whole[at + 1 :], self._rest])
                break
            else:
                return True
        self.patch += data
        self.is_too_large = len(self.patch) > self.max_patch_bytes
        return not (self.is_truncated or self.is_too_large)

    def _parse_word(self, word: bytes) -> None:
        self._entry.append(word)
        head = self._entry[0]
        if head.startswith(b":"):
            if len(self._entry) == (3 if head.split(b" ")[-1][:1] in b"RC" else 2):
                self._add_file()
        elif not head.endswith(b"\t") or len(self._entry) == 3:
            self._add_line_counts()

    def _add_file(self) -> None:
        head, *paths = self._entry
        self._entry = []
        if len(self.files) == self.max_files:
            self.is_truncated = True
            return
        old_mode, mode, old_blob, blob, status = head[1:].split(b" ")
        made = RawFile(status[:1], old_mode, mode, old_blob, blob, paths[0], paths[-1])
        self.files.append(made)

    def _add_line_counts(self) -> None:
        added, deleted, path = self._entry[0].split(b"\t", 2)
        path = path or self._entry[-1]
        self._entry = []
        if len(self.lines) < self.max_files:
            self.lines[path] = None if added == b"-" else (int(added), int(deleted))
