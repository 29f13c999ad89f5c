"""The world of a machine's maintenance: attempts that come and go, mirrors, their histories."""

import os
import shutil
import time

from muster.protocol.attempt_key import AttemptKey
from muster.worker.git import git
from muster.worker.git.checkpoints import remove_workspace
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import Remote
from muster.worker.git.repositories import Repositories
from muster.worker.git.workspace import Workspace
from muster.worker.maintenance import Maintenance
from tests.muster.worker.repositories import (
    Machine,
    Repository,
    act,
)

DAY = 86_400.0


def maintenance(machine: Machine, **more: object) -> Maintenance:
    """A maintenance that prunes at every run, with unreachable objects at once."""
    given = {"prune_every": 0.0, "unnamed_for": "now", **more}
    return Maintenance(machine.layout, Repositories(machine.layout), lambda: None, **given)  # type: ignore[arg-type]


def begin(machine: Machine, repository: Repository, attempt: int, **more: object) -> Workspace:
    """As the daemon does: the attempt's directory comes first."""
    machine.layout.attempt(AttemptKey(7, attempt)).mkdir(mode=0o700)
    return machine.prepare(repository, 7, attempt, **more)


def end(machine: Machine, of: Workspace) -> None:
    remove_workspace(of, note=machine.note)
    shutil.rmtree(machine.layout.attempt(of.key))


def mirror_of(machine: Machine, repository: Repository) -> Mirror:
    return Mirror(machine.layout, Remote.parse(repository.url))


def whole(of: Workspace) -> bool:
    """Whether everything is there that anything in the workspace names, also its reflogs."""
    return act(of, "git fsck --connectivity-only --no-dangling --no-progress") == ""


def has(mirror: Mirror, commit: str) -> bool:
    try:
        git.run_git(["cat-file", "-e", commit], mirror.path)
    except git.GitError:
        return False
    return True


def rewrite(repository: Repository, text: str) -> str:
    """A new history of the base, which has nothing to do with the old one."""
    made = repository.commit({"README": text}, branch=f"anew-{text}")
    repository.git("update-ref", "refs/heads/main", made)
    repository.git("update-ref", "-d", f"refs/heads/anew-{text}")
    return made


def grow_old(mirror: Mirror, days: float) -> None:
    at = time.time() - days * DAY
    os.utime(mirror.used_file, (at, at))
