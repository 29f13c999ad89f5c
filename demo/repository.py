"""The demo task's git repository: a bare one, filled from demo/package."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.server_cli.local.errors import OperateError

PACKAGE = Path(__file__).with_name("package")
BASE = "main"
SECONDS = 60.0

# No user settings, hooks or prompts; the demo is the author of commits.
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LANG": "C.UTF-8",
    "HOME": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    **{f"GIT_{role}_NAME": "Muster demo" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "demo@muster.invalid" for role in ("AUTHOR", "COMMITTER")},
}


@dataclass(frozen=True)
class Repository:
    """A bare repository at `path`."""

    path: Path

    @property
    def url(self) -> str:
        return self.path.as_uri()

    def fill(self) -> None:
        """Create the repository with the package on its base branch. Raises OperateError."""
        if not (self.path / "HEAD").exists():
            _run("git", "init", "--quiet", "--bare", "--template=", "--", str(self.path))
            self.git("symbolic-ref", "HEAD", f"refs/heads/{BASE}")
        tree = self._write_tree()
        base = self._base()
        if base is not None and self.git("rev-parse", f"{base}^{{tree}}") == tree:
            return
        parents = [] if base is None else ["-p", base]
        message = "The package, with a bug" if base is None else "The package as it is now"
        commit = self.git("commit-tree", tree, *parents, "-m", message)
        self.git("update-ref", f"refs/heads/{BASE}", commit)

    def has(self, branch: str) -> bool:
        """Whether the branch has been pushed."""
        found = self.git("for-each-ref", "--format=%(refname)", f"refs/heads/{branch}")
        return found == f"refs/heads/{branch}"

    def diff(self, branch: str, *, colour: bool) -> str:
        """Return the difference between the base branch and this one."""
        how = "always" if colour else "never"
        return self.git("diff", f"--color={how}", f"{BASE}...{branch}")

    def failing_tests(self, branch: str) -> str | None:
        """Return the test output in a fresh clone of the branch, or None if all tests pass."""
        with tempfile.TemporaryDirectory(prefix="muster-demo-") as scratch:
            clone = Path(scratch, "clone")
            _run("git", "clone", "--quiet", "--branch", branch, "--", self.url, str(clone))
            tests = _start(sys.executable, "-B", "-m", "unittest", at=clone)
        return None if tests.returncode == 0 else tests.stdout + tests.stderr

    def _base(self) -> str | None:
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{BASE}") or None

    def _write_tree(self) -> str:
        with tempfile.TemporaryDirectory(prefix="muster-demo-") as scratch:
            index = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
            _run("git", f"--git-dir={self.path}", f"--work-tree={PACKAGE}", "add", "--all", ".",
                 at=PACKAGE, env=index)  # fmt: skip
            return self.git("write-tree", env=index)

    def git(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        return _run("git", f"--git-dir={self.path}", *arguments, env=env)


def _run(*argv: str, at: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = _start(*argv, at=at, env=env)
    if done.returncode != 0:
        raise OperateError(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout.rstrip("\n")


def _start(
    *argv: str, at: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=at,
        env={**_ENVIRONMENT, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
