"""The revision that an attempt's next checkpoint follows."""

from pathlib import Path

import msgspec

from muster.protocol.frames import Author, Repo, Revision
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts import lineage
from muster.worker.git import checkpoints
from muster.worker.journal.reported_progress import ReportedProgress
from tests.muster.worker.repositories import (
    AUTHOR,
    Machine,
    Repository,
    act,
    machine,
    repository,
    root,
)

__all__ = ["machine", "repository", "root"]


def test_it_is_what_was_reported_last_or_what_the_attempt_began_with(
    machine: Machine, repository: Repository, root: Path
) -> None:
    made = machine.prepare(repository)
    repo = Repo(repository.url, "main", "muster/7-1")
    kept = AttemptState(0, "develop", True, "claude", repo, Author("Ada", "a@dev.example"))
    before = ReportedProgress()

    def commit() -> str:
        found = lineage.previous_revision(before, made, kept)
        assert found.tree == repository.git("rev-parse", f"{found.commit}^{{tree}}")
        return found.commit

    assert commit() == made.base_commit
    act(made, "echo 1 > one")
    first = checkpoints.push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)
    assert commit() == made.base_commit, "as long as it is not reported"
    before = ReportedProgress(last_revision=Revision(first.commit, first.tree))
    assert commit() == first.commit
    before = ReportedProgress()
    resumed = msgspec.structs.replace(repo, resume_commit=first.commit)
    kept = msgspec.structs.replace(kept, repo=resumed)
    assert commit() == first.commit


def test_what_is_ordered_is_what_was_reported_of_the_last_stage() -> None:
    repo, author = Repo("u", "main", "muster/7-1"), Author("Ada", "a@dev.example")
    kept = AttemptState(1, "develop", True, "claude", repo, author)
    made = Revision("1" * 40, "2" * 40)
    standing = ReportedProgress(checkpointed=1, last_revision=made)
    assert lineage.reported_revision(standing, kept, made.commit) == made
    assert lineage.reported_revision(standing, kept, "3" * 40) is None
    assert lineage.reported_revision(standing, kept, None) is None
    assert lineage.reported_revision(ReportedProgress(), kept, None) is None
    # The last stage's own checkpoint was refused: its work is not left out.
    assert (
        lineage.reported_revision(
            ReportedProgress(checkpointed=0, last_revision=made), kept, made.commit
        )
        is None
    )
