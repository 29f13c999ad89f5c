"""What `git diff -z --raw --numstat --patch` prints, read as it comes: the files, and the patch.

With `-z` the files come first, each path as it is and ended by a NUL: all lines of `--raw`, then
all of `--numstat`, then one NUL more, and the patch. It has its own way with paths, as ever.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RawFile:
    """A changed file, in git's own words: `status` without its number, ids in full, modes of six
    digits. `old_path` is `path` unless the file is renamed."""

    status: bytes
    old_mode: bytes
    mode: bytes
    old_blob: bytes
    blob: bytes
    old_path: bytes
    path: bytes

    @property
    def is_of_another_type(self) -> bool:
        """Such as a link in the place of a file: the patch deletes it and makes it anew."""
        return self.status == b"T"


@dataclass
class Listing:
    """Takes what git writes: the first `most_files` files, and a patch of at most `most_patch`
    bytes. `lines` are those added and deleted, by path; None of a binary file."""

    most_files: int
    most_patch: int
    files: list[RawFile] = field(default_factory=list)
    lines: dict[bytes, tuple[int, int] | None] = field(default_factory=dict)
    patch: bytearray = field(default_factory=bytearray)
    is_cut: bool = False  # there are more files
    is_too_large: bool = False  # the patch has more bytes
    has_numbers: bool = False  # all of the files have come, with their numbers
    _rest: bytes = b""
    _entry: list[bytes] = field(default_factory=list)

    def take(self, data: bytes) -> bool:
        """False if no more is wanted. Raises ValueError for what git never prints."""
        if not self.has_numbers:
            *whole, self._rest = (self._rest + data).split(b"\0")
            for at, word in enumerate(whole):
                if word or self._entry:
                    self._take_word(word)
                    continue
                self.has_numbers = True
                data = b"\0".join([*whole[at + 1 :], self._rest])
                break
            else:
                return True
        self.patch += data
        self.is_too_large = len(self.patch) > self.most_patch
        return not (self.is_cut or self.is_too_large)

    def _take_word(self, word: bytes) -> None:
        self._entry.append(word)
        head = self._entry[0]
        if head.startswith(b":"):
            if len(self._entry) == (3 if head.split(b" ")[-1][:1] in b"RC" else 2):
                self._take_file()
        elif not head.endswith(b"\t") or len(self._entry) == 3:
            self._take_lines()

    def _take_file(self) -> None:
        head, *paths = self._entry
        self._entry = []
        if len(self.files) == self.most_files:
            self.is_cut = True
            return
        old_mode, mode, old_blob, blob, status = head[1:].split(b" ")
        made = RawFile(status[:1], old_mode, mode, old_blob, blob, paths[0], paths[-1])
        self.files.append(made)

    def _take_lines(self) -> None:
        added, deleted, path = self._entry[0].split(b"\t", 2)
        path = path or self._entry[-1]
        self._entry = []
        if len(self.lines) < self.most_files:
            self.lines[path] = None if added == b"-" else (int(added), int(deleted))
