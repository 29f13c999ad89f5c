"""Check the work that a sandbox committed, before the mirror gets it.

git in the sandbox packs the new objects. A process outside, without root's privileges and with the
attempt's limits, writes the pack into a quarantine and checks it there. No process of the sandbox
can write the quarantine, so the mirror gets exactly what was checked. All of this happens without
the mirror's lock. See docs/decisions/0083.
"""

import os
import shlex
import shutil
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from muster.protocol.frames import DiffStat
from muster.worker.git import git, shortstat
from muster.worker.git.errors import WorkRefused
from muster.worker.git.refs import COMMIT_PATTERN
from muster.worker.limits.limits import format_bytes
from muster.worker.sandbox.sandbox import Sandbox

DIRECTORY = "quarantine"
"""In the mirror, and so on its file system. The account that checks its parts owns them."""

MAX_OBJECTS = 1_000_000
MAX_DEPTH = 50
"""Maximum delta depth. `pack-objects` stays within it, unless the sandbox replaced that program."""
STALL_TIMEOUT_SECONDS = 30.0

_SETTINGS = {**shortstat.SETTINGS, "core.deltaBaseCacheLimit": "16m"}
_SUFFIXES = (".pack", ".rev", ".idx")  # git looks for the last one: by then the others exist
_SIZE_ERRORS = ("Out of memory", "out of memory", "maximum allowed size", "mmap failed")
# Errors of a machine that lacks resources say nothing about the work.
_MACHINE_ERRORS = (
    *("No space left on device", "Disk quota exceeded", "Input/output error"),
    *("Read-only file system", "Resource temporarily unavailable", "Too many open files"),
)
# A killed process: out of memory, or a file became too large.
_KILLED_STATUSES = frozenset({128 + signal.SIGKILL, 128 + signal.SIGXFSZ})

# In the sandbox. Anything but files, such as a pipe, would keep git waiting.
_PACK_SCRIPT = """\
cd "$0" || exit
odd=$(find .git/objects ! -type f ! -type d -print -quit) || exit
[ -z "$odd" ] || { echo "fatal: $odd is neither a file nor a directory" >&2; exit 1; }
printf '%s\\n' "$@" |
git pack-objects --revs --stdout --progress --delta-base-offset --depth={depth}
"""

# Outside, as the account that checks. The last line for cat-file is the commit itself.
_CHECK_SCRIPT = """\
ulimit -c 0; ulimit -d {kibibytes}; ulimit -f {blocks}
pack=$(git index-pack --stdin --strict --threads=1 -v --max-input-size={bytes}) || exit
echo "$pack"
{{ git show-index <{directory}/pack/pack-"${{pack#pack?}}".idx | cut -d' ' -f2; echo {commit}; }} |
git cat-file --buffer --batch-check='%(objecttype) %(objectsize) %(objectname) %(deltabase)' |
awk '
    {{ objects++; bytes += $2; type = $1; if ($4 !~ /^0*$/) base[$3] = $4 }}
    END {{
        for (one in base) {{
            depth = 0
            for (at = one; at in base && depth <= {depth}; at = base[at]) depth++
            if (depth > deepest) deepest = depth
        }}
        printf "%s %d %.0f %d\\n", type, objects - 1, bytes, deepest
    }}' || exit
start=$(git merge-base {base} {commit}); found=$?
[ $found -le 1 ] || exit $found
git diff --shortstat --no-ext-diff --no-textconv "${{start:-{base}}}" {commit} --
"""


@dataclass(frozen=True)
class Quarantine:
    """One attempt's quarantine, in the mirror in `mirror`."""

    mirror: Path
    name: str
    sandbox: Sandbox

    @property
    def directory(self) -> Path:
        return self.mirror / DIRECTORY / self.name

    @contextmanager
    def create(self) -> Iterator[None]:
        """Create an empty quarantine for this context, and remove it afterwards. Raises OSError."""
        self.directory.parent.mkdir(mode=0o711, exist_ok=True)
        self.directory.parent.chmod(0o711)  # whatever the daemon's umask
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(mode=0o700)
        try:
            if self.sandbox.checker_uid is not None:
                os.chown(self.directory, self.sandbox.checker_uid, self.sandbox.checker_uid)
            yield
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def fill(
        self,
        commit: str,
        base: str,
        known: Sequence[str],
        timeout: float,
        cancelled: git.CancelFlag | None = None,
    ) -> DiffStat:
        """Copy the commit, without the mirror's objects of `known` commits, and check it. Returns
        the size of its changes since it left `base`.

        Raises WorkRefused; GitError for errors that say nothing about the work, and SandboxFailed.
        """
        if not COMMIT_PATTERN.fullmatch(commit):
            raise WorkRefused("work_unreadable", f"{commit[:80]!r} isn't a commit")
        command = f"{self._pack_command(commit, known)} | {self._check_command(commit, base)}"
        try:
            printed = git.run_pipeline(
                command,
                self.mirror,
                git.build_environment(None, _SETTINGS),
                timeout,
                room=self.sandbox,
                stall_seconds=STALL_TIMEOUT_SECONDS,
                cancelled=cancelled,
            )
        except git.GitStalled as error:
            raise WorkRefused("work_unreadable", error.message) from error
        except git.GitTimeout as error:
            raise WorkRefused("work_too_large", error.message) from error
        except git.GitError as error:
            if _is_machine_failure(error):
                raise
            raise self._work_refused(error) from error
        return self._parse_result(printed)

    def move_to_mirror(self) -> None:
        """Move the quarantine's objects to the mirror's. Call it with the mirror's lock. Raises
        OSError."""
        target = self.mirror / "objects" / "pack"
        packs = self.directory / "pack"
        for suffix in _SUFFIXES:
            for path in packs.glob(f"pack-*{suffix}"):
                if not stat.S_ISREG(path.lstat().st_mode):
                    raise OSError(f"{path} isn't a file")
                if self.sandbox.checker_uid is not None:
                    os.chown(path, 0, 0, follow_symlinks=False)
                os.replace(path, target / path.name)

    def _pack_command(self, commit: str, known: Sequence[str]) -> str:
        room = self.sandbox
        variables = (f"GIT_CONFIG_GLOBAL={room.git_settings}", f"GIT_DIR={room.workspace}/.git")
        script = room.announcing_script(_PACK_SCRIPT.replace("{depth}", str(MAX_DEPTH)))
        wanted = (commit, *(f"^{each}" for each in known))
        argv = ("env", *variables, "sh", "-c", script, room.workspace, *wanted)
        return shlex.join(room.command(*argv, cwd=None))

    def _check_command(self, commit: str, base: str) -> str:
        limits = self.sandbox.limits
        directory = f"{DIRECTORY}/{self.name}"
        script = _CHECK_SCRIPT.format(
            kibibytes=limits.memory >> 10,
            blocks=limits.disk >> 9,
            bytes=limits.disk,
            directory=shlex.quote(directory),
            depth=MAX_DEPTH,
            commit=commit,
            base=shlex.quote(base),
        )
        # Relative paths, because the mirror has another path in its own sandbox.
        variables = ("GIT_DIR=.", f"GIT_OBJECT_DIRECTORY={directory}")
        argv = ("env", *variables, "GIT_ALTERNATE_OBJECT_DIRECTORIES=objects", "sh", "-c", script)
        return shlex.join(
            self.sandbox.checker_command(*argv, directory=self.mirror, writable=directory)
        )

    def _work_refused(self, error: git.GitError) -> WorkRefused:
        is_killed = isinstance(error, git.GitExceeded) or error.status in _KILLED_STATUSES
        is_too_large = is_killed or any(words in error.stderr for words in _SIZE_ERRORS)
        code = "work_too_large" if is_too_large else "work_unreadable"
        return WorkRefused(code, f"can't read the work from the sandbox: {error.message}")

    def _parse_result(self, printed: str) -> DiffStat:
        """Parse the result. Raises WorkRefused."""
        _, _, rest = printed.partition("\n")
        counted, _, changed = rest.partition("\n")
        try:
            kind, *numbers = counted.split()
            objects, size, depth = map(int, numbers)
        except ValueError:
            raise WorkRefused("work_unreadable", "can't measure the work") from None
        if kind != "commit":
            raise WorkRefused("work_unreadable", f"HEAD isn't a commit ({kind})")
        disk = self.sandbox.limits.disk
        if size > disk:
            raise WorkRefused(
                "work_too_large",
                f"the commits take {format_bytes(size)} unpacked, but the attempt can use only "
                f"{format_bytes(disk)} of disk; set the limit with `worker run --attempt-disk`",
            )
        if objects > MAX_OBJECTS:
            raise WorkRefused(
                "work_too_large",
                f"the commits have {objects:,} objects; Muster allows {MAX_OBJECTS:,} at most",
            )
        if depth > MAX_DEPTH:
            raise WorkRefused("work_too_large", f"deltas are nested more than {MAX_DEPTH} deep")
        return shortstat.parse(changed)


def _is_machine_failure(error: git.GitError) -> bool:
    """Whether git was cancelled, never ran, or lacked resources that others used up."""
    if isinstance(error, git.GitExceeded):
        return False  # what is measured is the attempt's own
    return error.status is None or any(words in error.stderr for words in _MACHINE_ERRORS)
